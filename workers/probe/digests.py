"""Digests of the tensors that a program holds: whether two graphs hold the same ones."""

import ctypes
import hashlib
from collections.abc import Mapping
from typing import Any

import torch

MOST_BYTES = 64 * 2**20  # hashed for one graph


class Digests:
    """SHA-256 of tensors by name, as long as they are within the cap together."""

    def __init__(self, tensors: Mapping[str, Any], most_bytes: int = MOST_BYTES) -> None:
        self._tensors = tensors
        self._left = most_bytes

    def of(self, name: str | None) -> str:
        """The digest of a tensor's elements in order; empty where it has none to be read."""
        tensor = self._tensors.get(name or "")
        try:
            if not isinstance(tensor, torch.Tensor) or not _is_plain(tensor):
                return ""
            size = tensor.numel() * tensor.element_size()
            if size > self._left:
                return ""
            self._left -= size
            return _digest(tensor, size)
        except (RuntimeError, NotImplementedError, TypeError):  # of a dtype that cannot be copied
            return ""


def _is_plain(tensor: torch.Tensor) -> bool:
    """Whether its elements lie in memory, one after the other or in strides."""
    return (
        type(tensor) in (torch.Tensor, torch.nn.Parameter)
        and tensor.layout is torch.strided
        and not (tensor.is_meta or tensor.is_quantized or tensor.is_nested)
    )


def _digest(tensor: torch.Tensor, size: int) -> str:
    with torch.no_grad():
        held = tensor.detach().cpu().resolve_conj().resolve_neg().contiguous()
    if not size:
        return hashlib.sha256().hexdigest()
    start = held.storage_offset() * held.element_size()
    if not held.data_ptr() or held.untyped_storage().nbytes() < start + size:  # it was freed
        return ""
    data = (ctypes.c_char * size).from_address(held.data_ptr())
    return hashlib.sha256(data).hexdigest()

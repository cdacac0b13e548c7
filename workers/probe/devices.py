"""`.cuda()` and device="cuda" on a machine without a GPU: mapped to the CPU, with a note."""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from .emit import Emitter
from .job import Job


def map_missing_cuda(job: Job, emitter: Emitter) -> None:
    """Map CUDA to the CPU for the rest of this process, if the script needs that.

    A script that never says "cuda" meets no torch function mode at all: its export is plain.
    """
    if job.device == "as_written" or torch.cuda.is_available() or not _says_cuda(job.root):
        return
    mode = _CudaOnCpu(emitter)
    for owner, name, function in (
        (torch, "set_default_device", mode.guard_device(torch.set_default_device)),
        (torch.cuda, "set_device", mode.guard_device(lambda _device: None)),
        (torch.cuda, "synchronize", lambda device=None: None),
    ):
        setattr(owner, name, function)
    ExitStack().enter_context(mode)  # for the rest of the process


def _says_cuda(root: Path) -> bool:
    return any(b"cuda" in path.read_bytes() for path in root.rglob("*.py") if path.is_file())


def _is_cuda(device: object) -> bool:
    if isinstance(device, torch.device):
        return device.type == "cuda"
    return isinstance(device, str) and device.split(":")[0] == "cuda"


class _CudaOnCpu(TorchFunctionMode):
    """Rewrites the device of every torch call."""

    def __init__(self, emitter: Emitter) -> None:
        super().__init__()
        self._emitter = emitter

    def guard_device(self, function: Callable[[Any], None]) -> Callable[[Any], None]:
        """`function` of one device, with CUDA mapped."""
        return lambda device: function(self._mapped(device))

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = dict(kwargs or {})
        if func is torch.Tensor.cuda or func is torch.Tensor.pin_memory:
            self._note()
            return args[0]
        if "device" in kwargs:
            kwargs["device"] = self._mapped(kwargs["device"])
        if func is torch.Tensor.to:
            args = tuple(self._mapped(arg) for arg in args)
        return func(*args, **kwargs)

    def _mapped(self, device: Any) -> Any:
        if not _is_cuda(device):
            return device
        self._note()
        return torch.device("cpu")

    def _note(self) -> None:
        self._emitter.note(
            "cuda_mapped",
            "The script asks for CUDA and this worker has no GPU: everything runs on the CPU. "
            "Kernels that only exist for CUDA would behave differently.",
        )

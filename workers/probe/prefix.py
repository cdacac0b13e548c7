"""A prefix: the model, run until a component has returned for the last time."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import torch
from torch import nn
from torch.utils import _pytree as pytree

from .patching import replaced
from .torch_trace import unwound_module_stack


class _Reached(BaseException):
    """The component has returned. A BaseException, for models catch Exception."""


class Prefix:
    """Runs a model up to a component.

    The result is what each call of the component returned; a value that is no pytree of
    tensors stands as the tensors in its attributes.
    """

    def __init__(self, model: nn.Module, path: str, calls: int) -> None:
        self.model = model
        self._component = model.get_submodule(path)
        self._calls = calls

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Within the block a call of the model is a call of the prefix."""
        results: list[Any] = []
        forward = self.model.forward

        def collect(_module: nn.Module, _args: object, result: Any) -> None:
            results.append(tensors_in(result))
            if len(results) == self._calls:
                raise _Reached

        @functools.wraps(forward)  # export reads the signature of forward
        def cut_forward(*args: Any, **kwargs: Any) -> Any:
            results.clear()
            with suppress(_Reached):
                forward(*args, **kwargs)
            return results[0] if len(results) == 1 else tuple(results)

        handle = self._component.register_forward_hook(collect)
        try:
            with replaced(self.model, "forward", cut_forward), unwound_module_stack():
                yield
        finally:
            handle.remove()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the prefix in eager."""
        with self.installed():
            return self.model(*args, **kwargs)


def tensors_in(value: Any) -> Any:
    """The same structure where every leaf is a tensor, a number or None."""

    def plain(leaf: Any) -> Any:
        if leaf is None or isinstance(leaf, torch.Tensor | bool | int | float | str):
            return leaf
        if isinstance(leaf, torch.SymInt | torch.SymFloat | torch.SymBool):
            return leaf
        held = vars(leaf).values() if hasattr(leaf, "__dict__") else ()
        return [item for item in pytree.tree_leaves(list(held)) if isinstance(item, torch.Tensor)]

    return pytree.tree_map(plain, value)

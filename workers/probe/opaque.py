"""Operators that stand in for calls which export cannot trace: same outputs, no inside.

Each is `stagelight::bypassed_N(Tensor[] inputs) -> Tensor[]`, with a fake kernel that makes empty
tensors of the shapes that the call gave in the eager run.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch

from .outputs import Output, TensorLike, tensor_leaves
from .torch_answers import environment_of, hints
from .values import Values

_NAMESPACE = "stagelight"


class Opaque:
    """Makes stand-ins during one export."""

    def __init__(self, library: Any, values: Values) -> None:
        self._library = library
        self._values = values
        self._made = 0
        self._constant: dict[tuple[TensorLike, ...], Any] = {}  # operators without a symbol

    def stand_in(self, recorded: Output, inputs: Any, *, constant: bool = False) -> Any:
        """A value like the recorded one, in the graph a function of the tensors in `inputs`.

        `constant`: no size of it is a symbol.
        """
        likes = recorded.tensors
        tensors = tensor_leaves(inputs)
        if not likes:
            return recorded.rebuilt(())
        return recorded.rebuilt(self._operator(likes, tensors, constant)(tensors))

    def _operator(
        self, likes: list[TensorLike], tensors: list[torch.Tensor], constant: bool
    ) -> Any:
        symbolic = set() if constant else self._symbolic_sizes(tensors)
        symbolic &= {size for like in likes for size in like.shape}
        known = None if symbolic else self._constant.get(tuple(likes))
        if known is not None:
            return known
        made = self._define(likes, symbolic)
        if not symbolic:
            self._constant[tuple(likes)] = made
        return made

    def _define(self, likes: list[TensorLike], symbolic: set[int]) -> Any:
        name = f"bypassed_{self._made}"
        self._made += 1
        self._library.define(f"{name}(Tensor[] inputs) -> Tensor[]")

        def fake(inputs: list[torch.Tensor]) -> list[torch.Tensor]:
            return [self._empty(like, symbolic) for like in likes]

        torch.library.register_fake(f"{_NAMESPACE}::{name}", fake, lib=self._library)
        # Asked for where an export checks fake kernels against real ones.
        self._library.impl(name, partial(_zeros, likes), "CompositeExplicitAutograd")
        return getattr(torch.ops.stagelight, name).default

    def _symbolic_sizes(self, tensors: list[torch.Tensor]) -> set[int]:
        """Sizes that some symbol had in the eager run, so that a dimension of the call's outputs
        may be that symbol. As a constant it would answer questions that plain export asks.
        """
        env = environment_of(tensors)
        known = [*self._values.known.values(), *(hints(env).values() if env else ())]
        return {int(value) for value in known if value == int(value)} - {0, 1}

    def _empty(self, like: TensorLike, symbolic: set[int]) -> torch.Tensor:
        if not symbolic & set(like.shape):
            made = torch.empty_strided if like.stride else torch.empty
            sizes = (like.shape, like.stride) if like.stride else (like.shape,)
            return made(*sizes, dtype=like.dtype, device=like.device)
        shape: list[Any] = []
        for number in like.shape:
            size: Any = number
            if number in symbolic:
                size = torch.library.get_ctx().new_dynamic_size(min=0)
                self._values.invent(size, number)
            shape.append(size)
        return torch.empty(shape, dtype=like.dtype, device=like.device)


def is_custom(function: object) -> bool:
    """Whether a torch function is an operator of the user's or of a library's."""
    packet = getattr(function, "overloadpacket", function)
    name = str(getattr(packet, "_qualified_op_name", ""))
    return bool(name) and not name.startswith(("aten::", "prims::", f"{_NAMESPACE}::"))


def _zeros(likes: list[TensorLike], inputs: list[torch.Tensor]) -> list[torch.Tensor]:
    return [torch.zeros(like.shape, dtype=like.dtype, device=like.device) for like in likes]


@contextmanager
def opaque_operators(values: Values) -> Iterator[Opaque]:
    """Stand-ins that exist within the block."""
    make: Any = torch.library.Library
    library = make(_NAMESPACE, "FRAGMENT")
    try:
        yield Opaque(library, values)
    finally:
        library._destroy()

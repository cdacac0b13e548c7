"""What the symbols of an export were in the eager run."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sympy
import torch
from torch.utils import _pytree as pytree

from .outputs import TensorLike
from .recording import Recorded

_SYMBOLIC = (torch.SymInt, torch.SymFloat, torch.SymBool)


@dataclass
class Values:
    """Known values by sympy symbol. Those in `invented` are sizes of values that stand in."""

    known: dict[Any, Any] = field(default_factory=dict)
    invented: set[Any] = field(default_factory=set)

    def learn(self, result: Any, recorded: Recorded) -> bool:
        """Compare what a call gave in the export with what it gave in the eager run.

        Returns:
            whether there was a symbol in it that was not known before.
        """
        leaves = pytree.tree_leaves(result)
        if not any(_is_symbolic(leaf) for leaf in leaves):
            return False
        gave = recorded()
        if gave is None or gave.is_iterator:
            return False
        before = len(self.known)
        for leaf, real in zip(leaves, gave.leaves, strict=False):
            if isinstance(leaf, torch.Tensor) and isinstance(real, TensorLike):
                for size, number in zip(leaf.shape, real.shape, strict=False):
                    self._learn_number(size, number)
            else:
                self._learn_number(leaf, real)
        return len(self.known) > before

    def invent(self, size: torch.SymInt, number: int) -> None:
        """Take a size of a value that stands in for another."""
        symbol = size.node.expr
        self.known[symbol] = sympy.Integer(number)
        self.invented.add(symbol)

    def of(self, expression: Any, hints: dict[Any, Any]) -> Any:
        """What an expression was in the eager run, as a sympy value; None if that is not known."""
        symbols: set[Any] = getattr(expression, "free_symbols", set())
        if not symbols <= self.known.keys() | hints.keys():
            return None
        value = expression.xreplace(self.known).xreplace(hints)
        return None if getattr(value, "free_symbols", None) else value

    def contradict(self, sizes: Sequence[Sequence[Any]], real: Sequence[Sequence[int]]) -> bool:
        """Whether shapes cannot be those of the eager run, whatever their unknown symbols are."""
        if [len(shape) for shape in sizes] != [len(shape) for shape in real]:
            return True
        pairs = zip(sizes, real, strict=True)
        return any(
            isinstance(size, int) and size != number
            for shape, numbers in pairs
            for size, number in zip(shape, numbers, strict=True)
        )

    def is_invented(self, expression: Any) -> bool:
        """Whether a question is about sizes that only a stand-in has."""
        return bool(getattr(expression, "free_symbols", set()) & self.invented)

    def _learn_number(self, symbolic: Any, real: Any) -> None:
        if not isinstance(symbolic, _SYMBOLIC):
            return
        expression = symbolic.node.expr
        if not isinstance(real, bool | int | float):
            return
        if expression.is_Symbol:
            self.known.setdefault(expression, sympy.sympify(real))
        elif isinstance(real, bool) and len(expression.free_symbols) == 1:
            (symbol,) = expression.free_symbols  # .item() of a bool: Eq(u0, 1)
            if expression.xreplace({symbol: sympy.Integer(1)}) is sympy.true:
                self.known.setdefault(symbol, sympy.Integer(real))


def _is_symbolic(leaf: Any) -> bool:
    if isinstance(leaf, torch.Tensor):
        return any(isinstance(size, torch.SymInt) for size in leaf.shape)
    return isinstance(leaf, _SYMBOLIC)

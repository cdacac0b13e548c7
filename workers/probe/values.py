"""What the symbols of an export were in the eager run."""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch.utils import _pytree as pytree

from .recording import Output, TensorLike

Number = bool | int | float


@dataclass
class Values:
    """Known values by sympy symbol. Those in `invented` are sizes of values that stand in."""

    known: dict[Any, Number] = field(default_factory=dict)
    invented: set[Any] = field(default_factory=set)

    def learn(self, result: Any, recorded: Output | None) -> None:
        """Compare what a call gave in the export with what it gave in the eager run."""
        if recorded is None or recorded.is_iterator:
            return
        for leaf, real in zip(pytree.tree_leaves(result), recorded.leaves, strict=False):
            if isinstance(leaf, torch.Tensor) and isinstance(real, TensorLike):
                for size, number in zip(leaf.shape, real.shape, strict=False):
                    self._learn_number(size, number)
            else:
                self._learn_number(leaf, real)

    def invent(self, size: torch.SymInt, number: int) -> None:
        """Take a size of a value that stands in for another."""
        symbol = size.node.expr
        self.known[symbol] = number
        self.invented.add(symbol)

    def of(self, expression: Any, hints: dict[Any, Any]) -> Any:
        """What an expression was in the eager run, as a sympy value; None if that is not known."""
        symbols = getattr(expression, "free_symbols", set())
        if not symbols <= self.known.keys() | hints.keys():
            return None
        value = expression.xreplace(self.known).xreplace(hints)
        return None if getattr(value, "free_symbols", None) else value

    def is_invented(self, expression: Any) -> bool:
        """Whether a question is about sizes that only a stand-in has."""
        return bool(getattr(expression, "free_symbols", set()) & self.invented)

    def _learn_number(self, symbolic: Any, real: Any) -> None:
        if not isinstance(symbolic, torch.SymInt | torch.SymFloat | torch.SymBool):
            return
        expression = symbolic.node.expr
        if not isinstance(real, bool | int | float):
            return
        if expression.is_Symbol:
            self.known.setdefault(expression, real)
        elif isinstance(real, bool) and len(expression.free_symbols) == 1:
            (symbol,) = expression.free_symbols  # .item() of a bool: Eq(u0, 1)
            if expression.xreplace({symbol: 1}) == True:  # noqa: E712 - sympy's own true
                self.known.setdefault(symbol, int(real))

"""What two versions of a model are compared on: calls in a row, from one state and one seed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from .call import Call
from .leaves import Leaf, Stored, leaves_in, with_leaves
from .seeds import seed
from .snapshot import Snapshot


@dataclass(frozen=True)
class Case:
    """One comparison: the model is called with these inputs in a row, the last outputs count."""

    inputs: tuple[str, ...]  # names of variations
    outputs: list[Leaf]

    @property
    def name(self) -> str:
        """What it is called with, in words."""
        if len(self.inputs) == 1:
            return self.inputs[0]
        same = len(set(self.inputs)) == 1
        return f"{self.inputs[0]}, twice" if same else f"{self.inputs[0]}, then {self.inputs[1]}"


class Start:
    """A model's state as the script made it, weights by value: a forward may change them, too."""

    def __init__(self, model: nn.Module, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._weights = [
            (weight, weight.detach().clone())
            for weight in model.parameters()
            if not is_lazy(weight)
        ]

    def restore(self) -> None:
        """Put everything back, and the random generators at their seed."""
        self._snapshot.restore()
        with torch.no_grad():
            for weight, value in self._weights:
                weight.copy_(value)
        seed()


def called(
    function: Callable[..., Any],
    call: Call,
    start: Start,
    inputs: Sequence[Sequence[Stored]],
) -> list[Leaf]:
    """What the last of some calls in a row gives.

    Raises:
        BaseException: whatever the function raises, or an object of the user's that is copied.
    """
    made = [with_leaves((call.args, call.kwargs), stored) for stored in inputs]
    start.restore()
    with torch.no_grad():
        for args, kwargs in made:
            result = function(*args, **kwargs)
    return leaves_in(result)

"""The inputs that a contract starts from, and further ones that the script gives."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.utils import _pytree as pytree

from .call import Call
from .contract_dims import Arguments, Dimension
from .contract_sizes import resized
from .contract_tries import Trier

NAMES = ("more_inputs", "other_inputs")
MOST_EXAMPLES = 8
LEAST = 2  # torch takes sizes of 0 and 1 as static, whatever is asked

# Dimensions that are no mere broadcasting where they are 1.
_GROWING = ("batch", "sequence", "time", "height", "width")


def examples_of(call: Call, names: Mapping[str, Any]) -> list[Arguments]:
    """Further inputs of the call: those that a script lists, then those that it names."""
    given = list(call.others)
    for name in NAMES:
        value = names.get(name)
        value = value() if callable(value) else value
        given += value if isinstance(value, list) else [] if value is None else [value]
    shape = pytree.tree_structure((call.args, call.kwargs))
    examples = [_arguments(one) for one in given]
    return [one for one in examples if one is not None and pytree.tree_structure(one) == shape][
        :MOST_EXAMPLES
    ]


def _arguments(value: Any) -> Arguments | None:
    """Positional arguments from a tuple, keyword arguments from a dict, one from a tensor."""
    if isinstance(value, torch.Tensor):
        return (value,), {}
    if isinstance(value, Mapping):
        return (), dict(value)
    return (tuple(value), {}) if isinstance(value, tuple) else None


def starting_inputs(
    call: Call, dimensions: Sequence[Dimension], trier: Trier
) -> tuple[Arguments, list[Dimension]]:
    """The call's inputs, with dimensions of 0 and 1 grown to 2 where eager takes that.

    Returns:
        the inputs, and the dimensions that were grown.
    """
    inputs: Arguments = (call.args, call.kwargs)
    small = [one for one in dimensions if one.size == 1 and one.role in _GROWING]
    together = [[one for one in small if one.role == role] for role in _GROWING]
    grown: list[Dimension] = []
    for group in [*together, *([one] for one in small)]:
        more = [one for one in group if one not in grown]
        sizes = {one.key: LEAST for one in more}
        if more and trier.run(None, inputs, sizes).eager == "ran":
            inputs = resized(inputs, sizes)
            grown += more
    return inputs, grown

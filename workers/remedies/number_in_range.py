"""`range(n)[tensor]`: a tensor that picks a number, kept as a tensor or as a checked number."""

import re
from collections.abc import Iterator

import libcst as cst

from workers.remedies.condition import called
from workers.remedies.model import Cause, Edit, Remedy, Upload
from workers.remedies.names import free
from workers.remedies.place import Place, place_of
from workers.remedies.syntax import statements

TENSOR = "Keeps the picked value a tensor; a value out of the range is no longer refused."
NUMBER = "Takes the number out with .item() and tells torch its range; other values are refused."


def propose_tensor(cause: Cause, upload: Upload) -> Iterator[Edit]:
    """The tensor in place of the number."""
    place = place_of(cause, upload)
    if place is None:
        return
    for node in place.nodes(cst.Subscript):
        picked = _picked(node, place)
        if picked is not None:
            index, low, high = picked  # a negative index counts from the end
            size = _operand(high) if low == "0" else f"({high} - {_operand(low)})"
            text = f"{_operand(index)} % {size}"
            text = f"({text})" if low == "0" else f"({low} + {text})"
            yield place.edit({node: cst.parse_expression(text)}, TENSOR)


def propose_number(cause: Cause, upload: Upload) -> Iterator[Edit]:
    """A symbolic number of known range in place of the number."""
    place = place_of(cause, upload)
    if place is None:
        return
    for node in place.nodes(cst.Subscript):
        picked = _picked(node, place)
        if picked is not None:
            yield from _checked(place, node, *picked)
    for call in place.nodes(cst.Call):
        if called(call) == "int" and len(call.args) == 1:
            yield from _checked(place, call, place.source.code(call.args[0].value), "0", None)


TENSOR_IN_RANGE = Remedy(
    name="tensor_for_range",
    title="Index with the tensor itself",
    kind="rewrite",
    categories=frozenset({"tensor_to_python"}),
    propose=propose_tensor,
)
NUMBER_IN_RANGE = Remedy(
    name="checked_number",
    title="Take the number with .item() and tell its range by torch._check",
    kind="rewrite",
    categories=frozenset({"tensor_to_python", "data_dependent_shape"}),
    propose=propose_number,
)


def _operand(code: str) -> str:
    """An expression as it may stand beside an operator."""
    return code if re.fullmatch(r"[\w.]+(\(\w*\))?", code) else f"({code})"


def _checked(
    place: Place, node: cst.BaseExpression, index: str, low: str, high: str | None
) -> Iterator[Edit]:
    name = free("number", place.source)
    tensor = index if index.endswith(".long()") else f"({index}).long()"
    lines = f"{name} = {tensor}.item()\ntorch._check({name} >= 0)\n"
    if high is not None:
        size = high if low == "0" else f"{high} - {low}"
        lines += f"torch._check({name} < {size})\n"
    value = name if low == "0" else f"({low} + {name})"
    edit = place.preceded(statements(lines), {node: cst.parse_expression(value)}, NUMBER)
    if edit is not None:
        yield edit


def _picked(node: cst.Subscript, place: Place) -> tuple[str, str, str] | None:
    """Of `range(low, high)[index]`: index, low and high."""
    call = node.value
    if not isinstance(call, cst.Call) or called(call) != "range" or len(node.slice) != 1:
        return None
    index = node.slice[0].slice
    if not isinstance(index, cst.Index) or len(call.args) not in (1, 2):
        return None
    bounds = [place.source.code(argument.value) for argument in call.args]
    low, high = ("0", *bounds) if len(bounds) == 1 else bounds
    return place.source.code(index.value), low, high

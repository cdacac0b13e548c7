"""Sizes that only the data knows: told to torch, or written so that nothing depends on them."""

import re
from collections.abc import Iterator

import libcst as cst

from workers.remedies.condition import called
from workers.remedies.model import Cause, Edit, Remedy, Upload
from workers.remedies.place import Place, place_of
from workers.remedies.syntax import small_of, splice, statements

SLICES = (
    "Takes the parts by slices, which need no decision; fewer rows than parts leave some empty."
)
FIRST = "Takes the first part by a slice, which needs no decision about the others."
BOUND = "Tells torch that there are at least {least} rows here; inputs with fewer are refused."


def propose_slices(cause: Cause, upload: Upload) -> Iterator[Edit]:
    """Slices in place of split and chunk."""
    place = place_of(cause, upload)
    if place is None:
        return
    for call in place.nodes(cst.Call):
        text = _slices(place, call)
        if text is not None:
            yield place.edit({call: cst.parse_expression(text)}, SLICES)
    first = _first(place)
    if first is not None:
        yield place.edit({place.statement: splice(place.statement, statements(first))}, FIRST)


def propose_bound(cause: Cause, upload: Upload) -> Iterator[Edit]:
    """torch._check of the sizes that the line's tensors have, before the line."""
    place = place_of(cause, upload)
    if place is None or all(birth.get("operation") == "item" for birth in cause.births):
        return
    names = _tensors(place)
    for least in (1, 2, 3):
        checks = "".join(f"torch._check({name}.shape[0] >= {least})\n" for name in names)
        edit = place.preceded(statements(checks), {}, BOUND.format(least=least)) if checks else None
        if edit is not None:
            yield edit


SLICED = Remedy(
    name="slices_for_parts",
    title="Take parts by slices instead of split or chunk",
    kind="rewrite",
    categories=frozenset({"data_dependent_shape", "data_dependent_branch"}),
    propose=propose_slices,
)
BOUNDED = Remedy(
    name="check_size",
    title="Tell torch how many rows there are at least",
    kind="request",
    categories=frozenset({"data_dependent_shape", "data_dependent_branch"}),
    propose=propose_bound,
)


def _slices(place: Place, call: cst.Call) -> str | None:
    """`x.chunk(n)` along the first dimension as a tuple of n slices."""
    if called(call).rpartition(".")[2] != "chunk" or len(call.args) != 1:
        return None
    count = place.source.code(call.args[0].value)
    if not isinstance(call.func, cst.Attribute) or not re.fullmatch(r"[2-8]", count):
        return None
    tensor = place.source.code(call.func.value)
    size = f"-(-part.shape[0] // {count})"
    parts = [f"part[{size} * {i} : {size} * {i + 1}]" for i in range(int(count))]
    return f"(lambda part: ({', '.join(parts)}))({tensor})"


def _first(place: Place) -> str | None:
    """`first, *_ = x.split(k)` as `first = x[:k]`."""
    small = small_of(place.statement)
    if not isinstance(small, cst.Assign) or not isinstance(small.value, cst.Call):
        return None
    found = re.fullmatch(r"(\w+), \*_", place.source.code(small.targets[0].target))
    call = small.value
    if not found or called(call).rpartition(".")[2] != "split" or len(call.args) != 1:
        return None
    assert isinstance(call.func, cst.Attribute)
    code = place.source.code
    return f"{found[1]} = {code(call.func.value)}[: {code(call.args[0].value)}]\n"


def _tensors(place: Place) -> list[str]:
    """Names in arguments and receivers of the line's calls, functions and modules left out."""
    found: dict[str, None] = {}
    for call in place.nodes(cst.Call):
        values = [argument.value for argument in call.args]
        if isinstance(call.func, cst.Attribute) and isinstance(call.func.value, cst.Name):
            values.append(call.func.value)
        for value in values:
            inner = value.value if isinstance(value, cst.Subscript) else value
            if isinstance(inner, cst.Name) and inner.value not in ("self", "torch", "nn", "F"):
                found[inner.value] = None
    return list(found)

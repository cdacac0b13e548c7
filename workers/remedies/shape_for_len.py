"""`len(x)` must be a number for Python; `x.shape[0]` may stay what only the data knows."""

from collections.abc import Iterator

import libcst as cst

from workers.remedies.condition import called
from workers.remedies.model import Cause, Edit, Remedy, Upload
from workers.remedies.place import place_of
from workers.remedies.syntax import Change

NOTE = "Takes the length as a size that may be a symbol, not as a Python number."


def propose(cause: Cause, upload: Upload) -> Iterator[Edit]:
    """`x.shape[0]` for each `len(x)` of the line."""
    place = place_of(cause, upload)
    if place is None:
        return
    changes: dict[cst.CSTNode, Change] = {}
    for call in place.nodes(cst.Call):
        if isinstance(call, cst.Call) and called(call) == "len" and len(call.args) == 1:
            tensor = call.args[0].value
            if isinstance(tensor, cst.Name | cst.Attribute):
                changes[call] = cst.parse_expression(f"{place.source.code(tensor)}.shape[0]")
    if changes:
        yield place.edit(changes, NOTE)


REMEDY = Remedy(
    name="shape_for_len",
    title="Take the length from the shape",
    kind="rewrite",
    categories=frozenset({"tensor_to_python", "data_dependent_shape", "data_dependent_branch"}),
    propose=propose,
)

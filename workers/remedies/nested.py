"""Nested tensors that are only made to be padded: pad_sequence gives the same."""

from collections.abc import Iterator

import libcst as cst
import libcst.matchers as m

from workers.remedies.model import Cause, Edit, Remedy, Upload
from workers.remedies.place import place_of
from workers.remedies.syntax import Change, Source, expression

_MAKERS = ("torch.nested.nested_tensor", "torch.nested.as_nested_tensor")
_PADDED = "to_padded_tensor"


def pad_sequence(cause: Cause, upload: Upload) -> Iterator[Edit]:
    """`pad_sequence(tensors, batch_first=True)` for a nested tensor and its `to_padded_tensor`."""
    place = place_of(cause, upload)
    around = place.source.function(place.statement) if place else None
    if place is None or around is None:
        return
    source = place.source
    made = {}
    for node in m.findall(around, m.Assign(targets=[m.AssignTarget(target=m.Name())])):
        assert isinstance(node, cst.Assign)
        value, name = node.value, source.code(node.targets[0].target)
        if isinstance(value, cst.Call) and source.code(value.func) in _MAKERS and value.args:
            made[name] = value
    changes: dict[cst.CSTNode, Change] = {}
    for name, value in made.items():
        changes |= _padded(source, around, name, value)
    if changes:
        note = "pad_sequence pads the tensors without a nested one between."
        yield Edit({place.path: source.replaced(changes)}, note=note)


def _padded(
    source: Source, around: cst.FunctionDef, name: str, value: cst.Call
) -> dict[cst.CSTNode, Change]:
    """The uses of one nested tensor; none where it is used for anything but padding."""
    call = m.Call(func=m.Attribute(value=m.Name(name), attr=m.Name(_PADDED)))
    uses = [node for node in m.findall(around, call) if isinstance(node, cst.Call)]
    if not uses or len(m.findall(around, m.Name(name))) != len(uses) + 1:
        return {}
    changes: dict[cst.CSTNode, Change] = {value: value.args[0].value}
    for use in uses:
        padding = source.code(use.args[0].value) if use.args else "0.0"
        changes[use] = expression(
            f"torch.nn.utils.rnn.pad_sequence({name}, batch_first=True, padding_value={padding})"
        )
    return changes


PAD = Remedy(
    "pad_sequence",
    "Pad without a nested tensor",
    "rewrite",
    frozenset({"missing_fake_kernel"}),
    pad_sequence,
)

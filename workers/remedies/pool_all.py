"""A pool whose window is the whole input of the example, as one that takes any size."""

import re
from collections.abc import Iterator

import libcst as cst
import libcst.matchers as m

from workers.remedies.model import Cause, Edit, Remedy, Upload
from workers.remedies.place import place_of
from workers.remedies.syntax import Change, expression

_POOL = re.compile(r"((?:\w+\.)*)(Avg|Max)Pool([123])d")


def over_everything(cause: Cause, upload: Upload) -> Iterator[Edit]:
    """nn.AdaptiveAvgPool3d(1) for nn.AvgPool3d(window), where the culprit calls that module."""
    place = place_of(cause, upload)
    owner = place.source.klass(place.statement) if place else None
    if place is None or owner is None:
        return
    source = place.source
    own = m.Attribute(value=m.Name("self"), attr=m.Name())
    calls = m.findall(place.statement, m.Call(func=own))
    called = {source.code(call.func) for call in calls if isinstance(call, cst.Call)}
    for made in m.findall(owner, m.Assign(targets=[m.AssignTarget(target=own)])):
        assert isinstance(made, cst.Assign)
        name, value = source.code(made.targets[0].target), made.value
        if name not in called or not isinstance(value, cst.Call) or len(value.args) != 1:
            continue
        if found := _POOL.fullmatch(source.code(value.func)):
            new = f"{found[1]}Adaptive{found[2]}Pool{found[3]}d(1)"
            changes: dict[cst.CSTNode, Change] = {value: expression(new)}
            note = f"{name} pools all there is; with the example's sizes that is its window."
            yield Edit({place.path: source.replaced(changes)}, note=note)


REMEDY = Remedy(
    "pool_over_everything",
    "Pool over the whole input, whatever its size",
    "rewrite",
    frozenset({"dynamic_shape_violation"}),
    over_everything,
)

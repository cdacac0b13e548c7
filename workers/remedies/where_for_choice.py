"""`a if test else b` with a test on a tensor: both are computed, and torch.where chooses."""

from collections.abc import Iterator

import libcst as cst

from workers.remedies.condition import condition
from workers.remedies.guarded import is_part
from workers.remedies.model import Cause, Edit, Remedy, Upload
from workers.remedies.place import place_of
from workers.remedies.where_for_branch import NOTE, born_elsewhere


def propose(cause: Cause, upload: Upload) -> Iterator[Edit]:
    """One proposal for each conditional expression on the line."""
    place = place_of(cause, upload)
    for choice in place.nodes(cst.IfExp) if place else []:
        assert place is not None
        code = place.source.code
        test = condition(place.source, choice.test, born_elsewhere(cause))
        if test is not None and not is_part(code(choice.body), code(choice.orelse)):
            text = f"torch.where({test}, {code(choice.body)}, {code(choice.orelse)})"
            yield place.edit({choice: cst.parse_expression(text)}, NOTE)


REMEDY = Remedy(
    name="where_for_choice",
    title="Choose with torch.where instead of a conditional expression",
    kind="rewrite",
    categories=frozenset({"data_dependent_branch", "tensor_to_python"}),
    propose=propose,
)

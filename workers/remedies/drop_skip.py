"""A shortcut for work on nothing (`if rows.numel() == 0: continue`) left out."""

from collections.abc import Iterator

import libcst as cst

from workers.remedies.model import Cause, Edit, Remedy, Upload
from workers.remedies.place import place_of

SIZES = (".numel()", "len(", ".shape", ".size(")
NOTE = "Does the work also where there is nothing to do it on, which changes nothing there."


def propose(cause: Cause, upload: Upload) -> Iterator[Edit]:
    """The file without the shortcut."""
    place = place_of(cause, upload)
    if place is None or not isinstance(place.statement, cst.If) or place.statement.orelse:
        return
    suite = place.source.suite(place.statement)
    test = place.source.code(place.statement.test)
    if suite is None or suite[1] == len(suite[0]) - 1 or not any(word in test for word in SIZES):
        return
    line = place.statement.body.body[-1]
    last = line.body[0] if isinstance(line, cst.SimpleStatementLine) else line
    if isinstance(last, cst.Continue | cst.Return):
        yield place.edit({place.statement: cst.RemoveFromParent()}, NOTE)


REMEDY = Remedy(
    name="drop_skip",
    title="Leave out a shortcut for empty tensors",
    kind="rewrite",
    categories=frozenset({"data_dependent_branch", "data_dependent_shape"}),
    propose=propose,
)

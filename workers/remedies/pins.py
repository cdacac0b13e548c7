"""Keeps what the example decided: the last resort, which other inputs may contradict."""

import re
from collections.abc import Iterator

import libcst as cst

from workers.remedies.condition import called, condition, negated
from workers.remedies.model import Cause, Edit, Remedy, Upload
from workers.remedies.place import Place, bare, place_of
from workers.remedies.syntax import Change, splice, statements

CHECKED = "Goes the example's way, and has the program refuse inputs that would go another."
BARE = "Goes the example's way; for inputs that would go another the result differs."
NUMBER = "Keeps the example's number; for inputs that would give another the result differs."
NUMERIC = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")


def propose_branch(cause: Cause, upload: Upload) -> Iterator[Edit]:
    """The test replaced by what it was, first with an assertion of the program, then without."""
    place = place_of(cause, upload)
    answer = _answer(cause)
    test = _test(place) if place else None
    if place is None or answer is None or test is None:
        return
    kept: dict[cst.CSTNode, Change] = {test: cst.Name(str(answer))}
    looped = isinstance(place.source.parents[test], cst.CompIf | cst.While)
    text = None if looped else condition(place.source, test)
    if text is not None and place.source.suite(place.statement) is not None:
        holds = text if answer else negated(text)
        check = f"torch._assert_async({holds}, 'not as on the example')\n"
        put: dict[cst.CSTNode, Change] = {
            place.statement: lambda node: splice(node, [*statements(check), bare(node)])
        }
        yield place.edit({**kept, **put}, CHECKED)
    if not (isinstance(place.statement, cst.While) and answer):
        yield place.edit(kept, BARE)


def propose_number(cause: Cause, upload: Upload) -> Iterator[Edit]:
    """The number replaced by the one that the example gave."""
    place = place_of(cause, upload)
    if place is None or not NUMERIC.fullmatch(cause.value):
        return
    for node in _numbers(place):
        value = cause.value
        if isinstance(node, cst.Subscript):
            value = f"{place.source.code(node.value)}[{value}]"
        yield place.edit({node: cst.parse_expression(value)}, NUMBER)


BRANCH = Remedy(
    name="expected_branch",
    title="Go the way that the example goes",
    kind="pin",
    categories=frozenset({"data_dependent_branch", "data_dependent_shape", "tensor_to_python"}),
    propose=propose_branch,
)
VALUE = Remedy(
    name="expected_number",
    title="Keep the number that the example gives",
    kind="pin",
    categories=frozenset({"tensor_to_python", "data_dependent_branch", "data_dependent_shape"}),
    propose=propose_number,
)


def _answer(cause: Cause) -> bool | None:
    """What the test was in the eager run, where that is known."""
    return {"True": True, "False": False}.get(cause.value)


def _test(place: Place) -> cst.BaseExpression | None:
    """What the line asks."""
    node = place.statement
    if isinstance(node, cst.If | cst.While):
        return node.test
    choices = [c.test for c in place.nodes(cst.IfExp)] + [c.test for c in place.nodes(cst.CompIf)]
    if choices:
        return choices[0]
    if isinstance(node, cst.SimpleStatementLine) and isinstance(node.body[0], cst.Assert):
        return node.body[0].test
    return None


def _numbers(place: Place) -> list[cst.BaseExpression]:
    """Expressions of the line that make a number of a tensor, outermost first."""
    found: list[cst.BaseExpression] = []
    for node in place.nodes(cst.Call, cst.Subscript):
        if isinstance(node, cst.Subscript) and called(node.value) == "range":
            found.append(node)
        if isinstance(node, cst.Call):
            name = called(node)
            if name in ("int", "float") or name.rpartition(".")[2] == "item":
                found.append(node)
    return found

"""Checks of values (`assert`, or `if …: raise`) made by the program itself, or left out."""

import ast
from collections.abc import Iterator

import libcst as cst

from workers.remedies.condition import called, condition, negated
from workers.remedies.guarded import is_talk
from workers.remedies.model import Cause, Edit, Remedy, Upload
from workers.remedies.place import Place, place_of
from workers.remedies.syntax import small_of, splice, statements

KEPT = (
    "Keeps the check as an assertion of the exported program; it raises a RuntimeError, and on a "
    "GPU later than before."
)
LEFT_OUT = "Leaves the check out: inputs that it refused are computed with."
SILENT = "Leaves out what is only said: the exported program says nothing."


def propose_kept(cause: Cause, upload: Upload) -> Iterator[Edit]:
    """torch._assert_async in place of the check."""
    place = place_of(cause, upload)
    check = _check(place) if place else None
    if place is None or check is None:
        return
    test, wanted, message = check
    text = condition(place.source, test)
    if text is not None:
        holds = text if wanted else negated(text)
        line = f"torch._assert_async({holds}, {message!r})\n"
        yield place.edit({place.statement: splice(place.statement, statements(line))}, KEPT)


def propose_dropped(cause: Cause, upload: Upload) -> Iterator[Edit]:
    """Nothing in place of the check."""
    place = place_of(cause, upload)
    if place is not None and _check(place) is not None:
        yield _without(place, LEFT_OUT)


def propose_silent(cause: Cause, upload: Upload) -> Iterator[Edit]:
    """Nothing in place of what is only printed, logged or warned of."""
    place = place_of(cause, upload)
    if place is not None and _only_talks(place.statement):
        yield _without(place, SILENT)


CHECK = Remedy(
    name="async_check",
    title="Let the exported program check the values",
    kind="rewrite",
    categories=frozenset({"data_dependent_branch", "tensor_to_python", "unsupported_python"}),
    propose=propose_kept,
)
DROP = Remedy(
    name="drop_check",
    title="Leave a check of values out",
    kind="pin",
    categories=CHECK.categories,
    propose=propose_dropped,
)
SILENCE = Remedy(
    name="drop_message",
    title="Leave out what is printed or logged",
    kind="rewrite",
    categories=CHECK.categories | {"numpy_conversion"},
    propose=propose_silent,
)


def _check(place: Place) -> tuple[cst.BaseExpression, bool, str] | None:
    """Of a check: its test, whether that must hold, and the message."""
    node = place.statement
    if isinstance(node, cst.SimpleStatementLine):
        small = node.body[0]
        if len(node.body) == 1 and isinstance(small, cst.Assert):
            return small.test, True, _message(small.msg) or place.source.code(small.test)
        return None
    if not isinstance(node, cst.If) or node.orelse is not None or len(node.body.body) != 1:
        return None
    raised = small_of(node.body.body[0])
    if not isinstance(raised, cst.Raise) or place.source.suite(node) is None:
        return None
    return node.test, False, _message(raised.exc) or place.source.code(node.test)


def _message(node: cst.BaseExpression | None) -> str:
    """The constant text in an exception or of an assertion; the exception's name where none."""
    if isinstance(node, cst.SimpleString):
        return str(ast.literal_eval(node.value))
    if isinstance(node, cst.Call):
        texts = (_message(argument.value) for argument in node.args)
        return next((text for text in texts if text), called(node))
    return ""


def _only_talks(node: cst.CSTNode) -> bool:
    if isinstance(node, cst.If):
        return node.orelse is None and all(map(_only_talks, node.body.body))
    return isinstance(node, cst.SimpleStatementLine) and all(map(is_talk, node.body))


def _without(place: Place, note: str) -> Edit:
    """The file without the statement; `pass` where it stands alone."""
    suite = place.source.suite(place.statement)
    alone = suite is None or len(suite[0]) == 1
    new = statements("pass\n") if alone else []
    return place.edit({place.statement: splice(place.statement, new)}, note)

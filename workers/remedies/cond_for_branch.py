"""A branch on a tensor as torch.cond: only the way that is taken is computed."""

from collections.abc import Iterator, Sequence

import libcst as cst

from workers.remedies.condition import condition
from workers.remedies.guarded import leaves
from workers.remedies.model import Cause, Edit, Remedy, Upload
from workers.remedies.names import defined_before, free, stored
from workers.remedies.place import Place, place_of
from workers.remedies.syntax import Change, splice, statements
from workers.remedies.where_for_branch import suite_of

NOTE = "Keeps both ways in the program, which takes one of them as it runs (torch.cond)."


def propose(cause: Cause, upload: Upload) -> Iterator[Edit]:
    """One proposal: of two returns, or of two ways that only assign."""
    place = place_of(cause, upload)
    node = place.statement if place else None
    if place is None or not isinstance(node, cst.If) or isinstance(node.orelse, cst.If):
        return
    test, suite = condition(place.source, node.test), place.source.suite(node)
    if test is None or suite is None:
        return
    other = suite_of(node.orelse.body) if node.orelse else []
    changes = _returns(place, node, test, other or suite[0][suite[1] + 1 :])
    changes = changes or _effects(place, node, test, other)
    if changes:
        yield place.edit(changes, NOTE)


REMEDY = Remedy(
    name="cond_for_branch",
    title="Branch with torch.cond",
    kind="rewrite",
    categories=frozenset({"data_dependent_branch"}),
    propose=propose,
)


def _returns(
    place: Place, node: cst.If, test: str, rest: Sequence[cst.BaseStatement]
) -> dict[cst.CSTNode, Change]:
    """`if test: return a` followed by `return b` alone."""
    ways = [_returned(place, suite_of(node.body)), _returned(place, rest)]
    if None in ways:
        return {}
    line = f"return torch.cond({test}, lambda: {ways[0]}, lambda: {ways[1]})\n"
    changes: dict[cst.CSTNode, Change] = {node: splice(node, statements(line))}
    if node.orelse is None:
        changes[rest[0]] = cst.RemoveFromParent()
    return changes


def _returned(place: Place, body: Sequence[cst.BaseStatement]) -> str | None:
    """What a suite of one return gives; of a name a copy, for torch.cond gives no views."""
    line = body[0] if len(body) == 1 else None
    if not isinstance(line, cst.SimpleStatementLine) or not isinstance(line.body[0], cst.Return):
        return None
    value = line.body[0].value
    if value is None:
        return None
    text = place.source.code(value)
    return f"{text}.clone()" if isinstance(value, cst.Name) else text


def _effects(
    place: Place, node: cst.If, test: str, other: Sequence[cst.BaseStatement]
) -> dict[cst.CSTNode, Change]:
    """Two ways that assign names; every name has a value in both."""
    then = suite_of(node.body)
    defined = defined_before(place.source, node)
    both = stored(then) & stored(other)
    names = sorted((stored(then) | stored(other)) & (defined | both))
    if not names or not then or leaves([*then, *other]):
        return {}
    operands = [name for name in names if name in defined]
    taken, left = free("taken", place.source), free("otherwise", place.source)
    given = ", ".join(operands)
    line = f"{', '.join(names)}{',' * (len(names) == 1)} = torch.cond("
    line += f"{test}, {taken}, {left}, ({given}{',' * (len(operands) == 1)}))\n"
    new = [
        _way(taken, given, then, names),
        _way(left, given, other, names),
        *statements(line),
    ]
    return {node: splice(node, new)}


def _way(
    name: str, given: str, body: Sequence[cst.BaseStatement], names: list[str]
) -> cst.BaseStatement:
    """A function of one way, that gives all names; those that it leaves as they are copied."""
    kept = stored(body)
    values = ", ".join(word if word in kept else f"{word}.clone()" for word in names)
    end = cst.parse_statement(f"return ({values}{',' * (len(names) == 1)})")
    head = cst.parse_statement(f"def {name}({given}):\n    pass\n")
    assert isinstance(head, cst.FunctionDef)
    return head.with_changes(body=head.body.with_changes(body=[*body, end]))

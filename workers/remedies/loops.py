"""Loops that the data ends: `while`, `for … in range(n)` of a counted n, and `break`."""

from collections.abc import Iterator

import libcst as cst

from workers.remedies.condition import called, condition
from workers.remedies.guarded import Guard, leaves
from workers.remedies.model import Cause, Edit, Remedy, Upload
from workers.remedies.names import defined_before, free, stored
from workers.remedies.place import Place, place_of
from workers.remedies.syntax import Change, Suite, small_of, splice, statements, with_import

IMPORT = "from torch._higher_order_ops.while_loop import while_loop"
LOOP = "Makes the loop an operator of the program (while_loop); what it carries keeps its shape."
BREAK = "Runs the loop to its end, and keeps the values as they were when it was left."
PICKS = ("argmax", "argmin")  # give an index without dimensions


def propose_while(cause: Cause, upload: Upload) -> Iterator[Edit]:
    """torch's while_loop in place of a `while`."""
    place = place_of(cause, upload)
    node = place.statement if place else None
    if place is None or not isinstance(node, cst.While) or node.orelse or leaves([node.body]):
        return
    test = condition(place.source, node.test)
    carried = _carried(place, node.body)
    if test is None or not carried:
        return
    going, step = free("going", place.source), free("step", place.source)
    names = ", ".join(carried)
    end = cst.parse_statement(f"return {_tuple(carried)}")
    new = [
        _function(going, names, statements(f"return {test}\n")),
        _function(step, names, [*_body(place, node.body), end]),
        cst.parse_statement(f"{_tuple(carried)} = while_loop({going}, {step}, ({names},))"),
    ]
    yield _with_loop(place, {node: splice(node, new)})


def propose_count(cause: Cause, upload: Upload) -> Iterator[Edit]:
    """torch's while_loop in place of a loop over range(n), where the line takes n of a tensor."""
    place = place_of(cause, upload)
    taken = _taken(place) if place else None
    if place is None or taken is None:
        return
    name, call, tensor = taken
    for loop in [node for node in place.source.ranges if isinstance(node, cst.For)]:
        if not _counts(place, loop, name) or loop.orelse or leaves([loop.body]):
            continue
        carried = _carried(place, loop.body, loop)
        if carried:
            yield _with_loop(
                place,
                {
                    call: cst.parse_expression(tensor),
                    loop: splice(loop, _counted(place, loop, name, carried)),
                },
            )


def propose_break(cause: Cause, upload: Upload) -> Iterator[Edit]:
    """A loop that is left when a tensor says so, run to its end with what it makes held back."""
    place = place_of(cause, upload)
    node = place.statement if place else None
    suite = place.source.suite(node) if place and node else None
    if place is None or not isinstance(node, cst.If) or suite is None or node.orelse:
        return
    loop = place.source.parents.get(place.source.parents[node])
    test = condition(place.source, node.test)
    if not isinstance(loop, cst.For) or loop.orelse or test is None or not _only_breaks(node):
        return
    done, defined = free("done", place.source), defined_before(place.source, loop)
    body = _held(place, done, suite, defined, test)
    if body is None or _outlives(place, loop, stored([loop.body]) - defined):
        return
    begin = cst.parse_statement(f"{done} = torch.zeros((), dtype=torch.bool)")
    block = loop.body.with_changes(body=body)
    changes: dict[cst.CSTNode, Change] = {
        loop: splice(loop, [begin, loop.with_changes(body=block, leading_lines=())])
    }
    yield place.edit(changes, BREAK)


WHILE = Remedy(
    name="while_loop",
    title="Make a while loop an operator of the program",
    kind="rewrite",
    categories=frozenset({"data_dependent_branch", "tensor_to_python", "unsupported_python"}),
    propose=propose_while,
)
COUNT = Remedy(
    name="loop_for_count",
    title="Loop a number of times that stays in a tensor",
    kind="rewrite",
    categories=frozenset({"tensor_to_python", "data_dependent_shape"}),
    propose=propose_count,
)
BREAK_OFF = Remedy(
    name="where_for_break",
    title="Hold the results instead of leaving the loop",
    kind="rewrite",
    categories=WHILE.categories,
    propose=propose_break,
)


def _held(
    place: Place, done: str, suite: tuple[Suite, int], defined: set[str], test: str
) -> Suite | None:
    """The loop's body, each of its effects held back once `done`."""
    body, index = suite
    first = Guard(place.source, done, defined, wanted=False)
    before = first.block(body[:index])
    second = Guard(place.source, done, first.defined, wanted=False)
    after = second.block(body[index + 1 :])
    if before is None or after is None:
        return None
    return [*before, cst.parse_statement(f"{done} = {done} | ({test})"), *after]


def _outlives(place: Place, loop: cst.For, names: set[str]) -> bool:
    """Whether a name that the loop itself makes is read after it."""
    end = place.source.ranges[loop].end.line
    function = place.source.function(loop)
    return any(
        isinstance(node, cst.Name) and node.value in names and place.source.line(node) > end
        for node in place.source.ranges
        if place.source.function(node) is function
    )


def _only_breaks(node: cst.If) -> bool:
    line = node.body.body[0] if len(node.body.body) == 1 else None
    return isinstance(line, cst.SimpleStatementLine) and isinstance(line.body[0], cst.Break)


def _carried(place: Place, body: cst.BaseSuite, loop: cst.CSTNode | None = None) -> list[str]:
    """Names that have a value before the loop and get another one in it, in order."""
    before = defined_before(place.source, loop or place.statement)
    return sorted(stored([body]) & before)


def _body(place: Place, body: cst.BaseSuite) -> Suite:
    """The loop's statements; rows are picked by operators, which a loop's body needs."""
    changes: dict[cst.CSTNode, cst.BaseExpression] = {}
    for node in place.source.ranges:
        if isinstance(node, cst.Subscript) and body in place.source.ancestors(node):
            index = node.slice[0].slice if len(node.slice) == 1 else None
            picked = index.value if isinstance(index, cst.Index) else None
            if picked is not None and called(picked).rpartition(".")[2] in PICKS:
                code = place.source.code
                text = f"{code(node.value)}.index_select(0, {code(picked)}.reshape(1)).squeeze(0)"
                changes[node] = cst.parse_expression(text)
    new: cst.CSTNode = body
    for old, change in changes.items():
        replaced = new.deep_replace(old, change)
        assert isinstance(replaced, cst.CSTNode)
        new = replaced
    assert isinstance(new, cst.BaseSuite)
    return [node for node in new.body if isinstance(node, cst.BaseStatement)]


def _counted(place: Place, loop: cst.For, name: str, carried: list[str]) -> Suite:
    target = place.source.code(loop.target)
    step = free("step", place.source) if target == "_" else target
    going, advance = free("going", place.source), free("advance", place.source)
    names = ", ".join([step, *carried])
    end = cst.parse_statement(f"return {', '.join([f'{step} + 1', *carried])}")
    return [
        _function(going, names, statements(f"return {step} < {name}\n")),
        _function(advance, names, [*_body(place, loop.body), end]),
        cst.parse_statement(
            f"{names} = while_loop({going}, {advance}, "
            f"({', '.join([f'torch.zeros_like({name})', *carried])},))"
        ),
    ]


def _counts(place: Place, loop: cst.For, name: str) -> bool:
    """Whether a loop of the line's function runs over range(name)."""
    same = place.source.function(loop) is place.source.function(place.statement)
    return same and place.source.code(loop.iter) == f"range({name})"


def _taken(place: Place) -> tuple[str, cst.Call, str] | None:
    """Of `n = int(tensor)` or `n = tensor.item()`: n, the call, and an integer tensor."""
    small = small_of(place.statement)
    if not isinstance(small, cst.Assign) or not isinstance(small.targets[0].target, cst.Name):
        return None
    call = small.value
    if not isinstance(call, cst.Call):
        return None
    if called(call) == "int" and len(call.args) == 1:
        inner = place.source.code(call.args[0].value)
    elif isinstance(call.func, cst.Attribute) and call.func.attr.value == "item":
        inner = place.source.code(call.func.value)
    else:
        return None
    return small.targets[0].target.value, call, f"({inner}).long()"


def _function(name: str, parameters: str, body: Suite) -> cst.BaseStatement:
    head = cst.parse_statement(f"def {name}({parameters}):\n    pass\n")
    assert isinstance(head, cst.FunctionDef)
    return head.with_changes(body=head.body.with_changes(body=body))


def _tuple(names: list[str]) -> str:
    return ", ".join(names) + ("," if len(names) == 1 else "")


def _with_loop(place: Place, changes: dict[cst.CSTNode, Change]) -> Edit:
    edit = place.edit(changes, LOOP)
    return Edit({place.path: with_import(edit.files[place.path], "", IMPORT)}, note=LOOP)

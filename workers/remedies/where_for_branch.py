"""An `if` on a tensor whose branches only compute: both are computed, and torch.where chooses."""

from collections.abc import Iterator, Sequence

import libcst as cst

from workers.remedies.condition import condition, is_static
from workers.remedies.guarded import Guard, chosen_result, is_part, leaves
from workers.remedies.model import Cause, Edit, Remedy, Upload
from workers.remedies.names import defined_before, free, read, stored
from workers.remedies.syntax import Change, Source, Suite, parse, splice, statements, with_import

NOTE = "Computes both ways and chooses between the results; costs the time of both."


def propose(cause: Cause, upload: Upload) -> Iterator[Edit]:
    """Proposals, with the test's values taken as tensors and then as numbers."""
    spot = cause.spot(upload)
    source = parse(upload.files[spot[0]]) if spot else None
    if spot is None or source is None:
        return
    node = source.statement(spot[1])
    if not isinstance(node, cst.If):
        return
    for numbers in (True, False) if born_elsewhere(cause) else (False,):
        text = _Branch(source, node, numbers).text()
        if text is not None:
            yield Edit({spot[0]: with_import(text, "torch")}, note=NOTE)


REMEDY = Remedy(
    name="where_for_branch",
    title="Choose with torch.where instead of branching",
    kind="rewrite",
    categories=frozenset({"data_dependent_branch", "tensor_to_python", "unsupported_python"}),
    propose=propose,
)


def born_elsewhere(cause: Cause) -> bool:
    """Whether what is asked for became a Python number at another line than the culprit."""
    lines = [(birth.get("frame") or {}).get("line") for birth in cause.births]
    return any(line != cause.line for line in lines)


class _Branch:
    """One `if`, on its way to torch.where."""

    def __init__(self, source: Source, node: cst.If, numbers: bool) -> None:
        self.source = source
        self.node = node
        self.static, self.first, test = _split(source, node)
        self.test = condition(source, test, numbers)
        self.defined = defined_before(source, node)
        self.then = suite_of(node.body)
        self.other = suite_of(node.orelse.body) if isinstance(node.orelse, cst.Else) else []
        if isinstance(node.orelse, cst.If):
            self.other = [node.orelse]

    def text(self) -> str | None:
        """The file with the branch put right; None where its code does not allow that."""
        if self.test is None or not isinstance(self.node.body, cst.IndentedBlock):
            return None
        if isinstance(self.source.parents[self.node], cst.If):
            return None
        if self.static and self.other:
            return None
        if self.first and not _ends(self.then, cst.Return):
            return None
        if _ends(self.then, cst.Return):
            return self._early_return()
        if _ends(self.then, cst.Continue):
            return self._early_continue()
        return self._effects()

    def _effects(self) -> str | None:
        appended = self._appended()
        if appended is not None:
            return self.source.replaced({self.node: splice(self.node, statements(appended))})
        name, head = self._named(self.then + self.other)
        body = self._guarded(name, self.then, self.other)
        if not body:
            return None
        return self.source.replaced({self.node: splice(self.node, self._within(head + body))})

    def _guarded(
        self, name: str, then: Sequence[cst.CSTNode], other: Sequence[cst.CSTNode]
    ) -> list[cst.BaseStatement] | None:
        if leaves(then) or leaves(other):
            return None
        first = Guard(self.source, name, self.defined)
        made = first.block(then)
        second = Guard(self.source, name, first.defined, wanted=False)
        rest = second.block(other)
        return None if made is None or rest is None else made + rest

    def _early_return(self) -> str | None:
        place = self.source.suite(self.node)
        if place is None or (self.static and len(self.then) > 1):
            return None
        suite, index = place
        rest = self.other or suite[index + 1 :]
        result, last = _result(self.then), _result(rest)
        if result is None or last is None or leaves([*self.then[:-1], *rest[:-1]]):
            return None
        if is_part(self.source.code(result), self.source.code(last)):
            return None
        name, head = self._named([*self.then, *rest[:-1]])
        if len(self.then) == 1 and len(rest) == 1:
            name, head = self._test(), []
        body = self._guarded(name, self.then[:-1], [])
        if body is None:
            return None
        early = self.source.code(result)
        if stored(rest[:-1]) & read([result]) or body:
            keep = free("early", self.source)
            body += statements(f"{keep} = {early}\n")
            early, result = keep, cst.Name(keep)
        guard = Guard(self.source, name, set())
        final = chosen_result(self.source, guard.chosen, result, self.source.code(last))
        end = _with_value(rest[-1], final)
        if self.first:
            head = [self.node.with_changes(test=cst.parse_expression(self.first)), *head]
        changes: dict[cst.CSTNode, Change] = {}
        if self.other:
            changes[self.node] = splice(self.node, [*head, *body, *self.other[:-1], end])
        else:
            changes[self.node] = splice(self.node, head + body)
            changes[rest[-1]] = end
        return self.source.replaced(changes)

    def _early_continue(self) -> str | None:
        place = self.source.suite(self.node)
        loop = self.source.parents.get(self.source.parents[self.node])
        if place is None or self.other or self.static or not isinstance(loop, cst.For):
            return None
        suite, index = place
        rest = suite[index + 1 :]
        name, head = self._named(rest)
        if leaves([*self.then[:-1], *rest]):
            return None
        body = self._guarded(name, self.then[:-1], rest)
        if not body:
            return None
        changes: dict[cst.CSTNode, Change] = {node: cst.RemoveFromParent() for node in rest}
        changes[self.node] = splice(self.node, head + body)
        return self.source.replaced(changes)

    def _appended(self) -> str | None:
        """Both ways append to one list: one value is chosen and appended."""
        pairs = [_append(way) for way in (self.then, self.other)]
        if None in pairs or self.static:
            return None
        (to, one), (also, other) = pairs  # type: ignore[misc]
        if self.source.code(to) != self.source.code(also):
            return None
        values = ", ".join(self.source.code(value) for value in (one, other))
        return f"{self.source.code(to)}.append(torch.where({self.test}, {values}))\n"

    def _named(self, body: Sequence[cst.CSTNode]) -> tuple[str, list[cst.BaseStatement]]:
        """The test, under a name where more than one statement asks for it or changes it."""
        test = self._test()
        simple = len(body) == 1 and not isinstance(body[0], cst.For | cst.With | cst.If)
        if test.isidentifier() or (simple and not self._unpacks(body[0])):
            return test, []
        name = free("condition", self.source)
        return name, statements(f"{name} = {test}\n")

    def _unpacks(self, node: cst.CSTNode) -> bool:
        return len(stored([node])) > 1

    def _test(self) -> str:
        assert self.test is not None
        return self.test

    def _within(self, body: list[cst.BaseStatement]) -> list[cst.BaseStatement]:
        """The statements, under the part of the test that is about the code."""
        if not self.static:
            return body
        return [
            self.node.with_changes(test=cst.parse_expression(self.static), body=self._block(body))
        ]

    def _block(self, body: list[cst.BaseStatement]) -> cst.BaseSuite:
        return self.node.body.with_changes(body=body)


def suite_of(body: cst.BaseSuite) -> Suite:
    """The statements of an indented block; none where they stand on the head's own line."""
    return [n for n in body.body if isinstance(n, cst.BaseStatement)]


def _split(source: Source, node: cst.If) -> tuple[str, str, cst.BaseExpression]:
    """The test's parts: a static a of `a and b`, a static a of `a or b`, and the rest."""
    test = node.test
    if not isinstance(test, cst.BooleanOperation) or not is_static(test.left):
        return "", "", test
    text = source.code(test.left)
    return (text, "", test.right) if isinstance(test.operator, cst.And) else ("", text, test.right)


def _ends(body: Sequence[cst.CSTNode], kind: type[cst.CSTNode]) -> bool:
    last = body[-1] if body else None
    return isinstance(last, cst.SimpleStatementLine) and isinstance(last.body[0], kind)


def _result(body: Sequence[cst.CSTNode]) -> cst.BaseExpression | None:
    """What the last statement of a suite returns."""
    last = body[-1] if body else None
    if isinstance(last, cst.SimpleStatementLine) and isinstance(last.body[0], cst.Return):
        return last.body[0].value
    return None


def _with_value(line: cst.CSTNode, value: str) -> cst.BaseStatement:
    assert isinstance(line, cst.SimpleStatementLine)
    return line.with_changes(body=[cst.Return(cst.parse_expression(value))])


def _append(body: Sequence[cst.CSTNode]) -> tuple[cst.BaseExpression, cst.BaseExpression] | None:
    """Of a suite that is `xs.append(x)` alone: xs and x."""
    line = body[0] if len(body) == 1 else None
    if not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1:
        return None
    call = line.body[0].value if isinstance(line.body[0], cst.Expr) else None
    if not isinstance(call, cst.Call) or not isinstance(call.func, cst.Attribute):
        return None
    if call.func.attr.value != "append" or len(call.args) != 1:
        return None
    return call.func.value, call.args[0].value

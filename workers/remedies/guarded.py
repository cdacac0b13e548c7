"""Rewrites statements so that they take effect only where a boolean tensor says so.

Both ways of a branch are computed, and each statement keeps the old value where its way is not the
one to take: `x = f(x)` becomes `x = torch.where(wanted, f(x), x)`.
"""

from collections.abc import Callable, Sequence

import libcst as cst

from workers.remedies.condition import called
from workers.remedies.names import stored
from workers.remedies.syntax import Source, expression

TALK = ("print", "warn", "warning", "info", "debug", "error", "log", "warnings.warn")
WHOLE = (cst.Return, cst.Raise, cst.Break, cst.Continue, cst.Global, cst.Nonlocal, cst.Del)
LEAVING = (*WHOLE, cst.Yield, cst.Await)


class Guard:
    """Guards statements by the tensor `condition`, or by its opposite where not `wanted`."""

    def __init__(
        self, source: Source, condition: str, defined: set[str], wanted: bool = True
    ) -> None:
        self.source = source
        self.condition = condition
        self.defined = set(defined)  # names that have a value before
        self.wanted = wanted

    def block(self, body: Sequence[cst.CSTNode]) -> list[cst.BaseStatement] | None:
        """The statements of a suite, guarded; None where one of them cannot be."""
        done: list[cst.BaseStatement] = []
        for statement in body:
            made = self._statement(statement)
            if made is None:
                return None
            done += made
        return done

    def chosen(self, new: str, old: str) -> str:
        """The expression that gives `new` where the way is taken, else `old`."""
        pair = f"{new}, {old}" if self.wanted else f"{old}, {new}"
        return f"torch.where({self.condition}, {pair})"

    def _statement(self, node: cst.CSTNode) -> list[cst.BaseStatement] | None:
        if isinstance(node, cst.SimpleStatementLine):
            return self._line(node)
        if isinstance(node, cst.For | cst.With) and getattr(node, "orelse", None) is None:
            return self._around(node)
        return None

    def _around(self, node: cst.For | cst.With) -> list[cst.BaseStatement] | None:
        if isinstance(node, cst.For):
            self.defined -= stored([cst.AssignTarget(node.target)])
        body = self.block(node.body.body)
        if body is None or not isinstance(node.body, cst.IndentedBlock):
            return None
        return [node.with_changes(body=node.body.with_changes(body=body))]

    def _line(self, line: cst.SimpleStatementLine) -> list[cst.BaseStatement] | None:
        if len(line.body) != 1:
            return None
        (small,) = line.body
        if isinstance(small, cst.Pass) or is_talk(small):
            return []
        texts = self._texts(small)
        if texts is None:
            return None
        first, *rest = [cst.parse_statement(text) for text in texts]
        comments = {"leading_lines": line.leading_lines}
        return [first.with_changes(**comments), *rest]

    def _texts(self, small: cst.BaseSmallStatement) -> list[str] | None:
        if isinstance(small, cst.Assign) and len(small.targets) == 1:
            return self._assign(small.targets[0].target, small.value)
        if isinstance(small, cst.AnnAssign) and small.value is not None:
            return self._assign(small.target, small.value)
        if isinstance(small, cst.AugAssign):
            return self._augmented(small)
        if isinstance(small, cst.Expr) and isinstance(small.value, cst.Call):
            return self._in_place(small.value)
        return None

    def _assign(self, target: cst.BaseExpression, value: cst.BaseExpression) -> list[str] | None:
        code = self.source.code
        if isinstance(target, cst.Tuple):
            return self._unpack(target, value)
        if isinstance(target, cst.Name) and target.value not in self.defined:
            self.defined.add(target.value)
            return [f"{target.value} = {code(value)}"]
        if is_part(code(value), code(target)):
            return None
        if isinstance(target, cst.Name | cst.Subscript | cst.Attribute):
            return [f"{code(target)} = {self.chosen(code(value), code(target))}"]
        return None

    def _unpack(self, target: cst.Tuple, value: cst.BaseExpression) -> list[str] | None:
        names = [element.value for element in target.elements]
        if not all(isinstance(name, cst.Name) for name in names):
            return None
        words = [self.source.code(name) for name in names]
        new = [f"new_{word}" if word in self.defined else word for word in words]
        self.defined |= set(words)
        lines = [f"{', '.join(new)} = {self.source.code(value)}"]
        return lines + [
            f"{word} = {self.chosen(made, word)}"
            for word, made in zip(words, new, strict=True)
            if made != word
        ]

    def _augmented(self, small: cst.AugAssign) -> list[str]:
        target = self.source.code(small.target)
        operator = self.source.code(small.operator).strip().removesuffix("=")
        value = self.source.code(small.value)
        value = (
            value if isinstance(small.value, cst.Name | cst.Integer | cst.Float) else f"({value})"
        )
        return [f"{target} = {self.chosen(f'{target} {operator} {value}', target)}"]

    def _in_place(self, call: cst.Call) -> list[str] | None:
        """`x.mul_(y)`, whose effect is on a tensor that others may hold too."""
        if not isinstance(call.func, cst.Attribute):
            return None
        name, receiver = call.func.attr.value, self.source.code(call.func.value)
        if not name.endswith("_") or name.endswith("__"):
            return None
        given = "".join(self.source.code(argument) for argument in call.args)
        new = given if name == "copy_" else f"{receiver}.{name.removesuffix('_')}({given})"
        return [f"{receiver}.copy_({self.chosen(new, receiver)})"]


def is_talk(small: cst.CSTNode) -> bool:
    """Whether a statement only tells a person something."""
    if not isinstance(small, cst.Expr) or not isinstance(small.value, cst.Call):
        return False
    return called(small.value).rpartition(".")[2] in TALK


def is_part(one: str, other: str) -> bool:
    """Whether one expression is a slice of the other: torch.where would repeat it to fit."""
    short, long = sorted((one, other), key=len)
    return long.startswith(f"{short}[") and ":" in long[len(short) :]


def leaves(nodes: Sequence[cst.CSTNode], kinds: tuple[type[cst.CSTNode], ...] = LEAVING) -> bool:
    """Whether any of the statements returns, raises, yields or ends a loop, at any depth."""
    return any(isinstance(node, kinds) or leaves(node.children, kinds) for node in nodes)


def chosen_result(
    source: Source, choose: Callable[[str, str], str], new: cst.BaseExpression, old: str
) -> str:
    """One of two results; of tuples, lists and dicts of one form, part by part."""
    other = expression(old)
    if not isinstance(new, cst.Tuple | cst.List) or type(other) is not type(new):
        return choose(source.code(new), old)
    assert isinstance(other, cst.Tuple | cst.List)
    if len(new.elements) != len(other.elements):
        return choose(source.code(new), old)
    pairs = zip(new.elements, other.elements, strict=True)
    inside = ", ".join(choose(source.code(a.value), source.code(b.value)) for a, b in pairs)
    return f"({inside},)" if isinstance(new, cst.Tuple) else f"[{inside}]"

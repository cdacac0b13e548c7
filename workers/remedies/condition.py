"""Turns the test of an `if` into an expression that gives a boolean tensor."""

import re

import libcst as cst

from workers.remedies.names import value_of
from workers.remedies.syntax import Source

COMPARISONS = (
    cst.LessThan,
    cst.LessThanEqual,
    cst.GreaterThan,
    cst.GreaterThanEqual,
    cst.Equal,
    cst.NotEqual,
)
BOOLEAN = re.compile(r"(any|all|isnan|isinf|isfinite|isclose|logical_\w+|eq|ne|gt|ge|lt|le|bool)$")
STATIC_CALLS = {"isinstance", "hasattr", "len", "callable", "issubclass", "is_exporting"}
STATIC_PLACES = {"shape", "ndim", "training", "dtype", "device"}
STATIC_METHODS = {"size", "dim", "numel", "is_exporting", "is_compiling", "is_floating_point"}


def condition(source: Source, test: cst.BaseExpression, numbers: bool = False) -> str | None:
    """The test over tensors; None where it is none.

    Args:
        source: the file that the test is of.
        test: the expression that Python would turn into a bool.
        numbers: whether what is compared may be Python numbers, to be made tensors.
    """
    return _Conditions(source, numbers).of(test)


def is_static(test: cst.BaseExpression) -> bool:
    """Whether a test is about the code rather than the data: types, None, shapes, flags."""
    if isinstance(test, cst.UnaryOperation):
        return is_static(test.expression)
    if isinstance(test, cst.BooleanOperation):
        return is_static(test.left) and is_static(test.right)
    if isinstance(test, cst.Comparison):
        if any(isinstance(t.operator, cst.Is | cst.IsNot) for t in test.comparisons):
            return True
        sides = [test.left, *(target.comparator for target in test.comparisons)]
        return all(_is_plain(side) for side in sides)
    return isinstance(test, cst.Call | cst.Attribute) and _is_plain(test)


def negated(text: str) -> str:
    """The opposite of a boolean tensor."""
    return text[1:] if re.fullmatch(r"~\w+", text) else f"~{_atom(text)}"


class _Conditions:
    def __init__(self, source: Source, numbers: bool) -> None:
        self.source = source
        self.numbers = numbers

    def of(self, test: cst.BaseExpression) -> str | None:
        if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
            inner = self.of(test.expression)
            return None if inner is None else negated(inner)
        if isinstance(test, cst.BooleanOperation):
            left, right = self.of(test.left), self.of(test.right)
            sign = "&" if isinstance(test.operator, cst.And) else "|"
            return None if left is None or right is None else f"{_atom(left)} {sign} {_atom(right)}"
        if isinstance(test, cst.Comparison):
            return self._comparison(test)
        if isinstance(test, cst.Call):
            return self._call(test)
        if isinstance(test, cst.Name):
            return self._name(test)
        if isinstance(test, cst.Attribute | cst.Subscript):
            return f"{self.source.code(test)}.bool()" if _may_be_tensor(test) else None
        return None

    def _comparison(self, test: cst.Comparison) -> str | None:
        if not all(isinstance(target.operator, COMPARISONS) for target in test.comparisons):
            return None
        sides = [test.left, *(target.comparator for target in test.comparisons)]
        if all(_is_plain(side) and not _may_be_tensor(side) for side in sides):
            return None
        texts = [self._side(side) for side in sides]
        signs = [self.source.code(target.operator) for target in test.comparisons]
        pairs = [f"{texts[i]}{sign}{texts[i + 1]}" for i, sign in enumerate(signs)]
        return pairs[0] if len(pairs) == 1 else " & ".join(f"({pair})" for pair in pairs)

    def _side(self, side: cst.BaseExpression) -> str:
        text = self.source.code(as_tensor(side))
        literal = not isinstance(side, cst.Name | cst.Attribute)
        return f"torch.full((), {text})" if self.numbers and not literal else text

    def _call(self, test: cst.Call) -> str | None:
        name = called(test)
        arguments = [self.source.code(argument) for argument in test.args]
        if name == "bool" and len(test.args) == 1:
            return self.of(test.args[0].value)
        if name == "torch.allclose":
            return f"torch.isclose({''.join(arguments)}).all()"
        if name == "torch.equal" and len(arguments) == 2:
            return f"({arguments[0].rstrip(', ')} == {arguments[1]}).all()"
        if _is_plain(test):
            return None
        inner = as_tensor(test)
        text = self.source.code(inner)
        return text if BOOLEAN.search(called(inner)) else f"{text}.bool()"

    def _name(self, test: cst.Name) -> str | None:
        text = test.value
        if text in ("True", "False", "None"):
            return None
        value = value_of(self.source, text, test)
        inner = self.of(value) if value is not None and not isinstance(value, cst.Name) else None
        known = inner is not None and not inner.endswith(".bool()")
        return text if known else f"{text}.bool()"


def as_tensor(node: cst.BaseExpression) -> cst.BaseExpression:
    """An expression without the `.item()` or float() around it that makes it a number."""
    if isinstance(node, cst.Call):
        if isinstance(node.func, cst.Attribute) and node.func.attr.value == "item":
            return as_tensor(node.func.value)
        if called(node) == "float" and len(node.args) == 1:
            return as_tensor(node.args[0].value)
    return node


def called(node: cst.CSTNode) -> str:
    """What a call calls, in dots: torch.equal; for a method of something else its name alone."""
    if not isinstance(node, cst.Call):
        return ""
    return dotted(node.func)


def dotted(node: cst.CSTNode) -> str:
    """A name in dots; of an attribute of an expression, the attribute alone."""
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute):
        before = dotted(node.value) if isinstance(node.value, cst.Name | cst.Attribute) else ""
        return f"{before}.{node.attr.value}" if before else node.attr.value
    return ""


def _is_plain(node: cst.BaseExpression) -> bool:
    """Whether an expression holds no tensor's value, as far as its own words tell."""
    if isinstance(node, cst.Integer | cst.Float | cst.SimpleString | cst.FormattedString):
        return True
    if isinstance(node, cst.Name):
        return True
    if isinstance(node, cst.UnaryOperation):
        return _is_plain(node.expression)
    if isinstance(node, cst.Subscript):
        return isinstance(node.value, cst.Attribute) and node.value.attr.value in STATIC_PLACES
    if isinstance(node, cst.Attribute):
        return node.attr.value in STATIC_PLACES or dotted(node).startswith("self.")
    if isinstance(node, cst.Call):
        last = called(node).rpartition(".")[2]
        return last in STATIC_CALLS or last in STATIC_METHODS
    return False


def _may_be_tensor(node: cst.BaseExpression) -> bool:
    return not _is_plain(node) or dotted(node).rpartition(".")[2] not in {"", *STATIC_PLACES}


def _atom(text: str) -> str:
    """The text, in parentheses where an operator beside it could tear it apart."""
    if re.fullmatch(r"~?[\w.]+", text) or (text.startswith("(") and _closes(text)):
        return text
    return text if re.fullmatch(r"[\w.]+\([^()]*\)(\.\w+\(\))*", text) else f"({text})"


def _closes(text: str) -> bool:
    """Whether the first parenthesis closes at the end, or a method of it is called last."""
    depth = 0
    for index, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if depth == 0:
            return re.fullmatch(r"(\.\w+\(\))*", text[index + 1 :]) is not None
    return False

"""Finds and replaces pieces of Python source with libcst; all that is not replaced stays as it is.

An upload is hostile, and libcst's parser recurses natively: what is nested too deeply, or is too
long, is refused before it is parsed.
"""

import io
import re
import tokenize
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, ParentNodeProvider, PositionProvider

CHARACTERS = 400_000  # of one file
BRACKETS = 60  # nested in each other
INDENTS = 40
TOKENS = 3_000  # of one logical line
ELIFS = 200  # of one file: each is nested in the one before

Statement = cst.SimpleStatementLine | cst.BaseCompoundStatement
Suite = list[cst.BaseStatement]
New = cst.CSTNode | cst.FlattenSentinel[Any] | cst.RemovalSentinel
Change = New | Callable[[Any], New]  # a function is given the node with all changes within it


class Source:
    """One parsed file. Lines count from 1."""

    def __init__(self, module: cst.Module) -> None:
        wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
        self.module = wrapper.module
        self.ranges: Mapping[cst.CSTNode, CodeRange] = wrapper.resolve(PositionProvider)
        self.parents: Mapping[cst.CSTNode, cst.CSTNode] = wrapper.resolve(ParentNodeProvider)

    def code(self, node: cst.CSTNode) -> str:
        """A node's own text."""
        return self.module.code_for_node(node)

    def line(self, node: cst.CSTNode) -> int:
        """The line that a node begins at."""
        return self.ranges[node].start.line

    def ancestors(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """The nodes around a node, innermost first."""
        while (node := self.parents.get(node, self.module)) is not self.module:
            yield node
        yield self.module

    def statement(self, line: int) -> Statement | None:
        """The innermost statement that holds a line; of a compound one, its head."""
        found = [
            node
            for node, place in self.ranges.items()
            if isinstance(node, cst.SimpleStatementLine | cst.BaseCompoundStatement)
            and place.start.line <= line <= place.end.line
        ]
        return max(found, key=lambda node: self._depth(node), default=None)

    def expressions(self, line: int) -> list[cst.BaseExpression]:
        """All expressions that begin at a line, outermost and leftmost first."""
        return [
            node
            for node, place in self.ranges.items()
            if isinstance(node, cst.BaseExpression) and place.start.line == line
        ]

    def function(self, node: cst.CSTNode) -> cst.FunctionDef | None:
        """The function that a node stands in."""
        around = (n for n in self.ancestors(node) if isinstance(n, cst.FunctionDef))
        return next(around, None)

    def klass(self, node: cst.CSTNode) -> cst.ClassDef | None:
        """The class whose body a node stands in."""
        return next((n for n in self.ancestors(node) if isinstance(n, cst.ClassDef)), None)

    def suite(self, node: cst.CSTNode) -> tuple[Suite, int] | None:
        """The statements that a statement stands among, and which of them it is."""
        body = getattr(self.parents.get(node), "body", None)
        if not isinstance(body, list | tuple) or node not in body:
            return None
        return cast(Suite, list(body)), list(body).index(node)

    def replaced(self, changes: Mapping[cst.CSTNode, Change]) -> str:
        """The file's text with other nodes in place of some."""
        return self.module.visit(_Replace(changes)).code

    def _depth(self, node: cst.CSTNode) -> int:
        return sum(1 for _ in self.ancestors(node))


class _Replace(cst.CSTTransformer):
    def __init__(self, changes: Mapping[cst.CSTNode, Change]) -> None:
        super().__init__()
        self.changes = changes

    def on_leave(self, original_node: cst.CSTNode, updated_node: cst.CSTNode) -> New:  # type: ignore[override]
        change = self.changes.get(original_node, updated_node)
        return change(updated_node) if callable(change) else change


@lru_cache(maxsize=16)  # all remedies look at the same few files
def parse(text: str) -> Source | None:
    """A file's syntax; None where it is no Python, or too large or deep to be read safely."""
    if not is_tame(text):
        return None
    try:
        return Source(cst.parse_module(text))
    except (cst.ParserSyntaxError, RecursionError, ValueError):
        return None


def parses(text: str) -> bool:
    """Whether a text is Python that `parse` reads."""
    return parse(text) is not None


def is_tame(text: str) -> bool:
    """Whether a text's size and nesting stay within what the parser reads safely."""
    if len(text) > CHARACTERS:
        return False
    brackets = indents = tokens = elifs = 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            kind, word = token.type, token.string
            brackets += (word in ("(", "[", "{")) - (word in (")", "]", "}"))
            indents += (kind == tokenize.INDENT) - (kind == tokenize.DEDENT)
            tokens = 0 if kind == tokenize.NEWLINE else tokens + 1
            elifs += word == "elif"
            if brackets > BRACKETS or indents > INDENTS or tokens > TOKENS or elifs > ELIFS:
                return False
    except (tokenize.TokenError, SyntaxError):
        return False
    return True


def expression(text: str) -> cst.BaseExpression:
    """An expression out of text that is known to be one."""
    return cst.parse_expression(text)


def statements(text: str) -> list[cst.BaseStatement]:
    """Statements out of text, indented from column 0."""
    return list(cst.parse_module(text).body)


def splice(old: Statement, new: Sequence[cst.BaseStatement]) -> New:
    """Statements in place of one; its comments above stay above the first."""
    if not new:
        return cst.RemoveFromParent()
    first, *rest = new
    lines = [*old.leading_lines, *getattr(first, "leading_lines", ())]
    return cst.FlattenSentinel([first.with_changes(leading_lines=lines), *rest])


def with_import(text: str, module: str, line: str = "") -> str:
    """The file with `import module`, or another line, at its top, where that is not there yet."""
    wanted = line or f"import {module}"
    source = parse(text)
    if source is None:
        return text
    place = 0
    for index, node in enumerate(source.module.body):
        first = small_of(node)
        if source.code(node).strip().split("\n")[-1].split("  #")[0] == wanted:
            return text
        if isinstance(first, cst.Import | cst.ImportFrom) or (index == 0 and is_docstring(first)):
            place = index + 1
    body = [*source.module.body]
    new = cst.parse_module(f"{wanted}\n").body
    return source.module.with_changes(body=[*body[:place], *new, *body[place:]]).code


def small_of(line: cst.CSTNode | None) -> cst.BaseSmallStatement | None:
    """The first statement of a line; None of what is no such line."""
    return line.body[0] if isinstance(line, cst.SimpleStatementLine) else None


def method_of(owner: cst.ClassDef, name: str) -> cst.FunctionDef | None:
    """The method that a class's own body defines under this name."""
    methods = (node for node in owner.body.body if isinstance(node, cst.FunctionDef))
    return next((node for node in methods if node.name.value == name), None)


def snake_case(name: str) -> str:
    """A class's name as a function's: `BoxHead` → `box_head`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])", "_", name).lower()


def is_docstring(node: cst.CSTNode | None) -> bool:
    """Whether a statement is a docstring."""
    return isinstance(node, cst.Expr) and isinstance(
        node.value, cst.SimpleString | cst.ConcatenatedString
    )

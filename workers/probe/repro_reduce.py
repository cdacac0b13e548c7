"""A script cut down while it still fails alike: statements left out, blocks in place of what is
around them. Lines that stay are not touched. Pure, but for the question."""

import ast
import builtins
from collections.abc import Callable, Iterator, Sequence
from textwrap import dedent, indent

from .repro_source import READ_ERRORS, statement_of

Still = Callable[[str], bool]
Edit = tuple[int, int, list[str]]  # first line, last line, what stands in their place

_IMPORTS = ("import ", "from ")
_BODIES = ("body", "orelse", "finalbody")


def reduced(text: str, still: Still, has_time: Callable[[], bool]) -> str:
    """The smallest script found of which `still` is true; it is of `text`."""

    known = _unknown(text)

    def asked(candidate: str) -> bool:
        is_script = has_time() and _reads(candidate) and _unknown(candidate) <= known
        return is_script and still(candidate)

    slim = without_unused(text)
    if slim != text and asked(slim):
        text = slim
    before = ""
    while text != before and has_time():
        before = text
        text = _fewer(text, asked, _top_level)
        text = _fewer(text, asked, _inner)
        for edits in (_hoists, _imported_names, _decorators):
            text = _one_by_one(text, asked, edits)
    return tidy(text)


def without_unused(text: str) -> str:
    """A script without definitions, imports and plain assignments that nothing else names."""
    while True:
        tree = ast.parse(text)
        statements = [statement_of(node) for node in tree.body]
        named = [_named(one.node) for one in statements]
        idle = [
            one
            for at, one in enumerate(statements)
            if (made := _makes(one.node))
            and not made & set().union(*(n for i, n in enumerate(named) if i != at))
        ]
        if not idle:
            return text
        text = applied(text, [(one.first, one.last, []) for one in idle])


def applied(text: str, edits: Sequence[Edit]) -> str:
    """The text with all edits made; none may overlap another."""
    lines = text.splitlines()
    for first, last, new in sorted(edits, reverse=True):
        lines[first - 1 : last] = new
    return "\n".join(lines) + "\n"


def tidy(text: str) -> str:
    """No more than two empty lines in a row; none at the ends, in imports, first in a block."""
    kept: list[str] = []
    for line in map(str.rstrip, text.splitlines()):
        if line.startswith(_IMPORTS):
            while len(kept) > 1 and not kept[-1] and _last_said(kept).startswith(_IMPORTS):
                kept.pop()
        if line or (kept and not kept[-1].endswith(":") and kept[-2:] != ["", ""]):
            kept.append(line)
    return "\n".join(kept).strip() + "\n"


def _last_said(lines: list[str]) -> str:
    return next((line for line in reversed(lines) if line), "")


def _reads(text: str) -> bool:
    try:
        compile(text, "repro.py", "exec", dont_inherit=True)
    except READ_ERRORS:
        return False
    return True


def _unknown(text: str) -> set[str]:
    """Names that a script reads and nothing in it defines."""
    read: set[str] = set()
    made = {*dir(builtins), "__file__"}
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                read.add(name)
            case ast.Name(id=name) | ast.arg(arg=name) | ast.ExceptHandler(name=str(name)):
                made.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                made.add(name)
            case ast.ClassDef(name=name) | ast.alias(asname=str(name)):
                made.add(name)
            case ast.alias(name=name):
                made.add(name.partition(".")[0])
    return read - made


def _fewer(text: str, still: Still, edits_of: Callable[[str], list[Edit]]) -> str:
    """Leave out as many as go, in ever smaller groups, from the end."""
    size = max(1, len(edits_of(text)) // 2)
    while True:
        at = len(edits_of(text))
        while at > 0:
            edits = edits_of(text)
            at = min(at, len(edits))
            group = _apart(edits[max(0, at - size) : at])
            if group and still(candidate := applied(text, group)):
                text = candidate
            at -= size
        if size == 1:
            return text
        size //= 2


def _one_by_one(text: str, still: Still, edits_of: Callable[[str], list[Edit]]) -> str:
    at = len(edits_of(text)) - 1
    while at >= 0:
        edits = edits_of(text)
        if at < len(edits) and still(candidate := applied(text, [edits[at]])):
            text = candidate
        at -= 1
    return text


def _apart(edits: list[Edit]) -> list[Edit]:
    """Of edits within each other the outer ones; of those in one line one."""
    kept: list[Edit] = []
    for edit in sorted(edits, key=lambda one: (one[0], -one[1])):
        if not kept or edit[0] > kept[-1][1]:
            kept.append(edit)
    return kept


def _top_level(text: str) -> list[Edit]:
    return [(one.first, one.last, []) for one in map(statement_of, ast.parse(text).body)]


def _inner(text: str) -> list[Edit]:
    """Statements of all bodies within, in the order of lines. `pass` keeps a body that would be
    empty."""
    edits: list[Edit] = []
    for body, is_needed in _bodies(ast.parse(text)):
        for one in map(statement_of, body):
            is_pass = isinstance(one.node, ast.Pass)
            if len(body) > 1 or not is_needed:
                edits.append((one.first, one.last, []))
            elif not is_pass:
                edits.append((one.first, one.last, [" " * one.node.col_offset + "pass"]))
    return sorted(edits)


def _bodies(tree: ast.Module) -> Iterator[tuple[list[ast.stmt], bool]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module):
            continue
        for name in _BODIES:
            body = getattr(node, name, None)
            if isinstance(body, list) and body and isinstance(body[0], ast.stmt):
                yield body, name == "body"


def _hoists(text: str) -> list[Edit]:
    """Blocks in place of the statement around them."""
    lines, edits = text.splitlines(), []
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.If | ast.For | ast.While | ast.With | ast.Try):
            continue
        one = statement_of(node)
        for name in _BODIES:
            body = getattr(node, name, None)
            if body and body[0].lineno > one.first:
                edits.append((one.first, one.last, _moved(lines, body, node.col_offset)))
    return sorted(edits)


def _moved(lines: list[str], body: list[ast.stmt], column: int) -> list[str]:
    first, last = statement_of(body[0]).first, statement_of(body[-1]).last
    block = dedent("\n".join(lines[first - 1 : last]))
    return indent(block, " " * column).splitlines()


def _imported_names(text: str) -> list[Edit]:
    """Imports with one name less."""
    edits = []
    for node in ast.parse(text).body:
        if isinstance(node, ast.Import | ast.ImportFrom) and len(node.names) > 1:
            for alias in node.names:
                fewer = [other for other in node.names if other is not alias]
                one = statement_of(node)
                edits.append((one.first, one.last, [ast.unparse(_with_names(node, fewer))]))
    return edits


def _with_names(node: ast.Import | ast.ImportFrom, names: list[ast.alias]) -> ast.stmt:
    if isinstance(node, ast.Import):
        return ast.Import(names)
    return ast.ImportFrom(node.module, names, node.level)


def _decorators(text: str) -> list[Edit]:
    """Decorators on lines of their own, left out."""
    nodes = ast.walk(ast.parse(text))
    found = [one for node in nodes for one in getattr(node, "decorator_list", [])]
    return sorted((one.lineno, one.end_lineno or one.lineno, []) for one in found)


def _makes(node: ast.stmt) -> set[str]:
    """The names that a statement does nothing but define; none where it may do more."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.decorator_list:
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    is_plain = isinstance(node, ast.Assign) and all(isinstance(t, ast.Name) for t in node.targets)
    if is_plain and not any(isinstance(one, ast.Call) for one in ast.walk(node)):
        return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and _is_target(n)}
    return set()


def _is_target(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


def _named(node: ast.stmt) -> set[str]:
    """The names that a statement reads."""
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}

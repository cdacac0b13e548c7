"""Puts whole blocks of new code between the lines of a file; no other line moves or changes."""

from collections.abc import Iterable

import libcst as cst

from workers.remedies.syntax import Source, is_docstring, parse, small_of


def after_imports(text: str, imports: Iterable[str], block: str) -> str | None:
    """A file with a block below its first imports, and the imports that the block needs.

    Args:
        text: the file; None comes of one that cannot be read.
        imports: whole lines, `import torch`; those that stand there already are left out.
        block: statements from column 0; empty: the imports alone.
    """
    source = parse(text)
    if source is None:
        return None
    line, there = _head(source)
    needed = [wanted for wanted in imports if wanted not in there]
    body = block.strip("\n").split("\n") if block.strip() else []
    if body:
        is_definition = body[0].startswith(("def ", "class ", "@"))
        body = ["", *([""] if is_definition else []), *body]
    return _insert(text, line, [*needed, *body])


def after(text: str, source: Source, node: cst.CSTNode, block: str) -> str:
    """A file with a block below a statement at the left margin, apart from a definition."""
    apart = [] if isinstance(node, cst.SimpleStatementLine) and "\n" not in block else ["", ""]
    return _insert(text, source.ranges[node].end.line, [*apart, *block.strip("\n").split("\n")])


def _head(source: Source) -> tuple[int, frozenset[str]]:
    """The last line of the imports that a file begins with, and the imports by their code."""
    last, there = 0, set()
    for index, statement in enumerate(source.module.body):
        small = small_of(statement)
        if isinstance(small, cst.Import | cst.ImportFrom):
            there.add(source.code(small).strip())
        elif index or not is_docstring(small):
            break
        last = source.ranges[statement].end.line
    return last, frozenset(there)


def _insert(text: str, line: int, new: list[str]) -> str:
    lines = text.split("\n")
    return "\n".join([*lines[:line], *new, *lines[line:]])

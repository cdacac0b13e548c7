"""The sources of an upload as one file, and where its statements begin and end. Pure."""

import ast
import io
import re
import tokenize
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

# What reading a source may raise.
READ_ERRORS = (SyntaxError, ValueError, RecursionError, MemoryError, tokenize.TokenError)
_COMMENT = re.compile(r"""((?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^#"'])*)#.*""")


class CannotFlattenError(Exception):
    """The files cannot be one; the text says why."""


@dataclass(frozen=True)
class Statement:
    """A statement in its file: lines from 1, both included."""

    node: ast.stmt
    first: int
    last: int


def statement_of(node: ast.stmt) -> Statement:
    """Where a statement is, its decorators included."""
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(one.lineno for one in decorators)])
    return Statement(node, first, node.end_lineno or node.lineno)


def statement_at(text: str, line: int) -> Statement | None:
    """The innermost statement that has this line; of a compound one, where it is in the header."""
    found = None
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.stmt):
            one = statement_of(node)
            if one.first <= line <= one.last and (
                found is None or one.last - one.first <= found.last - found.first
            ):
                found = one
    return found


def bare_line(text: str) -> str:
    """A line without the comment at its end."""
    return _COMMENT.sub(r"\1", text).strip()


def without_comments(text: str) -> str:
    """`text` with comments left out, and lines that held nothing else."""
    lines = text.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column].rstrip() or "\0"
    return "\n".join(line for line in lines if line != "\0") + "\n"


def without_lines(text: str, lines: Collection[int]) -> str:
    """`text` without the outermost statements that have one of these lines."""
    kept = text.splitlines()
    for node in reversed(ast.parse(text).body):
        one = statement_of(node)
        if any(one.first <= line <= one.last for line in lines):
            kept[one.first - 1 : one.last] = []
    return "\n".join(kept) + "\n"


def flattened(entry: str, texts: Mapping[str, str], package: str = "") -> str:
    """The entry file with the upload's modules that it imports put in place of their imports.

    Args:
        entry: text of the entry file.
        texts: the upload's modules, by their dotted names.
        package: what relative imports of the entry file start from.

    Raises:
        CannotFlattenError: two files define one name, or import each other in a circle.
        SyntaxError: a file cannot be read.
    """
    flattener = _Flattener(texts)
    text = flattener.text(entry, package)
    return text if text.endswith("\n") else text + "\n"


class _Flattener:
    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._done: set[str] = set()
        self._owner: dict[str, str] = {}

    def text(self, source: str, package: str, name: str = "") -> str:
        """A module's text with the modules before it that it needs."""
        tree = ast.parse(source)
        lines = source.splitlines()
        for word in chain.from_iterable(map(_defined, tree.body)):
            if self._owner.setdefault(word, name) != name:
                raise CannotFlattenError(f"two files define {word}")
        for node in reversed(tree.body):
            made = self._imported(node, package, source)
            if made is not None:
                one = statement_of(node)
                lines[one.first - 1 : one.last] = made.splitlines()
        return "\n".join(lines)

    def _imported(self, node: ast.stmt, package: str, source: str) -> str | None:
        """What stands for an import of the upload's; None where it is none."""
        if isinstance(node, ast.ImportFrom):
            return self._from(node, package, source)
        if not isinstance(node, ast.Import) or not any(a.name in self._texts for a in node.names):
            return None
        parts = []
        for alias in node.names:
            if alias.name not in self._texts:
                parts.append(f"import {ast.unparse(alias)}")
                continue
            if "." in alias.name and not alias.asname:
                raise CannotFlattenError(f"it is imported as {alias.name}")
            parts += [self._module(alias.name), _namespace(alias.asname or alias.name, source)]
        return "\n".join(parts)

    def _from(self, node: ast.ImportFrom, package: str, source: str) -> str | None:
        base = node.module or ""
        if node.level:
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join(filter(None, [*above, base]))
        modules = {alias.name: f"{base}.{alias.name}".strip(".") for alias in node.names}
        if base not in self._texts and not set(modules.values()) & set(self._texts):
            return None
        parts = []
        for alias in node.names:
            if modules[alias.name] in self._texts:
                parts.append(self._module(modules[alias.name]))
                parts.append(_namespace(alias.asname or alias.name, source))
            else:
                parts.append(self._module(base))
                if alias.asname and alias.asname != alias.name:
                    parts.append(f"{alias.asname} = {alias.name}")
        return "\n".join(filter(None, parts))

    def _module(self, name: str) -> str:
        if name in self._done:
            return ""
        self._done.add(name)
        is_package = any(other.startswith(f"{name}.") for other in self._texts)
        return self.text(self._texts[name], name if is_package else name.rpartition(".")[0], name)


def _namespace(name: str, source: str) -> str:
    """An object with what of a module is used by its name."""
    used = sorted(
        {
            node.attr
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == name
        }
    )
    fields = ", ".join(f"{one}={one}" for one in used)
    return f"import types\n{name} = types.SimpleNamespace({fields})"


def _defined(node: ast.stmt) -> Iterator[str]:
    """The names that a statement of a module defines, imports left out."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            yield from (one.id for one in ast.walk(target) if isinstance(one, ast.Name))

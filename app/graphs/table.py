"""The nodes of a graph as a table: filtered, sorted, and read a page at a time. Pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from app.graphs.comparison import Comparison, Entry
from app.graphs.diff.result import Kind
from app.graphs.document import Node

ROWS = 200  # in one page

SORTS = ("order", "name", "op", "dtype", "shape", "module", "source", "status")

_STATUS = {kind: place for place, kind in enumerate(("changed", "added", "removed", "moved"))}


@dataclass(frozen=True)
class Query:
    """What is asked of the table. Empty is no filter; `-` before the sort turns it round."""

    text: str = ""  # in the name, target, module or line
    op: str = ""
    dtype: str = ""
    shape: str = ""
    module: str = ""
    line: str = ""  # file:line
    status: str = ""
    changes: bool = False
    sort: str = ""

    @property
    def filters(self) -> bool:
        """Whether anything is left out."""
        asked = (self.text, self.op, self.dtype, self.shape, self.module, self.line, self.status)
        return self.changes or any(asked)


def select(comparison: Comparison, query: Query) -> Sequence[Entry]:
    """The entries that match, in order."""
    tests = list(_tests(query))
    found: Sequence[Entry] = comparison.entries
    if tests:
        found = [entry for entry in found if all(test(entry) for test in tests)]
    key = _KEYS.get(query.sort.removeprefix("-"))
    if key is None:
        return found[::-1] if query.sort == "-order" else found
    return sorted(found, key=key, reverse=query.sort.startswith("-"))


def in_module(entry: Entry, key: str) -> bool:
    """Whether a node's module is the one of this key, `path` or `path@call`, or is in it."""
    path, _, call = key.rpartition("@")
    for one, _, number in entry.modules:
        if one == key or (one == path and str(number) == call):
            return True
    return bool(entry.modules) and entry.modules[-1][0].startswith(f"{key}.")


def shape_text(node: Node, limit: int | None = None) -> str:
    """The shapes of what it computes: `[s0, 64]`; of many, the first few and how many."""
    tensors = [spec for spec in node.values if spec.kind == "tensor"]
    shown = tensors[:limit]
    text = ", ".join(f"[{', '.join(map(str, spec.shape))}]" for spec in shown)
    return f"{text}, … {len(tensors)} in all" if len(shown) < len(tensors) else text


def dtype_text(node: Node) -> str:
    """The dtypes of what it computes, each once."""
    named = (spec.dtype if spec.kind == "tensor" else spec.kind for spec in node.values)
    return ", ".join(dict.fromkeys(named))


def line_text(node: Node) -> str:
    """Its line of Python: `model.py:8`."""
    return "" if node.frame is None else f"{node.frame.file}:{node.frame.line}"


def module_text(entry: Entry) -> str:
    """The path of its innermost module, with the call where it is not the first."""
    if not entry.modules:
        return ""
    path, _, call = entry.modules[-1]
    return f"{path}@{call}" if call else path


def _tests(query: Query) -> Iterator[Callable[[Entry], bool]]:
    if query.changes:
        yield lambda entry: entry.differs
    if query.status:
        yield lambda entry: entry.kind == query.status or (entry.moved and query.status == "moved")
    if op := query.op.lower():
        yield lambda entry: op in entry.node.target.lower() or entry.node.op == op
    if dtype := query.dtype.lower():
        yield lambda entry: dtype in dtype_text(entry.node).lower()
    if shape := _bare(query.shape).strip(","):
        yield lambda entry: f",{shape}," in f",{_bare(shape_text(entry.node))},"
    if query.module:
        yield lambda entry: in_module(entry, query.module)
    if query.line:
        yield lambda entry: line_text(entry.node) == query.line
    if text := query.text.lower():
        yield lambda entry: _has(entry, text)


def _has(entry: Entry, text: str) -> bool:
    node = entry.node
    return (
        text in node.name.lower()
        or text in node.target.lower()
        or (node.frame is not None and text in f"{line_text(node)} {node.frame.text}".lower())
        or any(text in path.lower() or text in name.lower() for path, name, _ in entry.modules[-1:])
    )


def _bare(text: str) -> str:
    """A shape without brackets and spaces: `s0,64`."""
    return "".join(text.replace("[", "").replace("]", "").split())


def _sizes(entry: Entry) -> tuple[Any, ...]:
    """Sorts by rank, then by sizes, symbols first."""
    spec = next((spec for spec in entry.node.values if spec.kind == "tensor"), None)
    if spec is None:
        return (-1,)
    sizes = tuple((0, 0, one) if isinstance(one, str) else (1, one, "") for one in spec.shape)
    return len(spec.shape), sizes


def _status(entry: Entry) -> int:
    return _STATUS.get(entry.kind or Kind.SAME, len(_STATUS))


_KEYS: dict[str, Callable[[Entry], Any]] = {
    "name": lambda entry: entry.node.name,
    "op": lambda entry: (entry.node.op, entry.node.target),
    "dtype": lambda entry: dtype_text(entry.node),
    "shape": _sizes,
    "module": lambda entry: module_text(entry),
    "source": lambda entry: (
        (entry.node.frame.file, entry.node.frame.line) if entry.node.frame else ("", 0)
    ),
    "status": _status,
}

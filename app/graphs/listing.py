"""A graph's nodes as lines of Python: as text, and in pieces that a page can highlight and link.

Pure.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from app.graphs.document import GraphDocument, Node, SourceFrame, TensorSpec

DEPTH = 8  # of arguments in arguments that are written out
VALUES = 3  # of a node that gives several

TARGET, VALUE = "target", "value"  # the `where` of a piece that is no argument

_ATOMS = (
    *("node", "sym", "dtype", "object", "device", "int", "float", "complex", "layout"),
    *("memory_format", "op", "graph"),
)

Token = tuple[str, str]  # what it is (a class of css/code.css, or `ref` for a node), and its text


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a line. `where` says which argument it is, as in an Edit: `[0]`, `['dim']`."""

    where: str
    tokens: tuple[Token, ...]


def list_nodes(document: GraphDocument) -> Iterator[str]:
    """One line a node, and before it the line of source that made it, where that is another."""
    yield from _lines(document.nodes)
    for name, body in document.subgraphs.items():
        yield f"# {flat(name)}:"
        yield from _lines(body.nodes)


def _lines(nodes: Sequence[Node]) -> Iterator[str]:
    last: SourceFrame | None = None
    for node in nodes:
        if node.frame is not None and node.frame != last:
            last = node.frame
            yield f"# {source_text(last)}"
        yield line_of(node)


def source_text(frame: SourceFrame) -> str:
    """Where a node comes from, in one line."""
    return flat(f"{frame.file}:{frame.line} in {frame.function}: {frame.text.strip()}")


def line_of(node: Node) -> str:
    """The node as one line of Python."""
    return flat("".join(text for piece in pieces(node) for _, text in piece.tokens))


def pieces(node: Node) -> Iterator[Piece]:
    """The line in pieces; their texts may have line breaks in them."""
    if node.op == "output" and not node.kwargs:
        yield Piece("", (("k", "return"), ("", " ")))
        yield from _joined(_arguments(node))
        return
    yield Piece("", (("nf", node.name), ("", " = ")))
    if node.op in ("placeholder", "get_attr"):
        yield Piece("", (("k", node.op), ("", "(")))
        yield Piece(TARGET, (("s", repr(node.target)),))
    else:
        yield Piece(TARGET, (("nb", node.target),))
        yield Piece("", (("", "("),))
        yield from _joined(_arguments(node))
    yield Piece("", (("", ")"),))
    if node.values:
        yield Piece("", (("", "  "),))
        yield Piece(VALUE, (("c", f"# {values_text(node.values)}"),))


def values_text(values: Sequence[TensorSpec]) -> str:
    """What a node computes, the first few of several."""
    return ", ".join(map(_laid_out, values[:VALUES])) + (", …" if values[VALUES:] else "")


def spec_text(spec: TensorSpec) -> str:
    """A value in short: `float32[2, s0]`."""
    if spec.kind == "tensor":
        return f"{spec.dtype}[{', '.join(map(str, spec.shape))}]"
    return f"{spec.kind} {spec.value}".rstrip()


def flat(text: str) -> str:
    """The text on one line."""
    return " ".join(text.splitlines())


def tokens(value: Any, depth: int = 0) -> Iterator[Token]:
    """An argument as Python has it."""
    if depth == DEPTH:
        yield "", "…"
    elif isinstance(value, list):
        yield from _between("[", (tokens(item, depth + 1) for item in value), "]")
    elif isinstance(value, dict):
        yield from _object(value, depth)
    elif isinstance(value, str):
        yield "s", repr(value)
    else:
        yield "kc" if value is None or isinstance(value, bool) else "mi", repr(value)


def argument_text(value: Any) -> str:
    """The same as text."""
    return "".join(text for _, text in tokens(value))


def _object(value: dict[str, Any], depth: int) -> Iterator[Token]:
    """What stands for something that JSON has no form for."""
    kind, inner = next(iter(value.items())) if len(value) == 1 else ("", None)
    if kind in _ATOMS and isinstance(inner, str):
        yield {"node": "ref", "sym": "nv"}.get(kind, "kt"), inner
    elif kind == "slice" and isinstance(inner, list):
        yield from _between("slice(", (tokens(item, depth + 1) for item in inner), ")")
    elif kind == "dict" and isinstance(inner, dict):
        items = (
            (("s", repr(key)), ("", ": "), *tokens(item, depth + 1)) for key, item in inner.items()
        )
        yield from _between("{", items, "}")
    else:
        yield "", json.dumps(value, ensure_ascii=False)


def _between(first: str, items: Iterable[Iterable[Token]], last: str) -> Iterator[Token]:
    yield "", first
    for number, item in enumerate(items):
        if number:
            yield "", ", "
        yield from item
    yield "", last


def _arguments(node: Node) -> Iterator[Piece]:
    for index, value in enumerate(node.args):
        yield Piece(f"[{index}]", tuple(tokens(value)))
    for key, value in node.kwargs.items():
        yield Piece(f"[{key!r}]", (("", f"{key}="), *tokens(value)))


def _joined(arguments: Iterator[Piece]) -> Iterator[Piece]:
    for number, piece in enumerate(arguments):
        if number:
            yield Piece("", (("", ", "),))
        yield piece


def _laid_out(spec: TensorSpec) -> str:
    """The same, with how it lies in memory where that is not the plain way."""
    strides = f" strides {', '.join(map(str, spec.stride))}" if spec.stride else ""
    return f"{spec_text(spec)}{strides}{f' {spec.layout}' if spec.layout else ''}"

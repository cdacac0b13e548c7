"""A graph's nodes as lines of Python, for one that has no FX code: it ends where export failed.

Pure.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from app.graphs.document import GraphDocument, Node, SourceFrame, TensorSpec

DEPTH = 8  # of arguments in arguments that are written out
VALUES = 3  # of a node that gives several

_ATOMS = ("node", "sym", "dtype", "object", "device", "int", "float", "layout", "memory_format")


def list_nodes(document: GraphDocument) -> Iterator[str]:
    """One line a node, and before it the line of source that made it, where that is another."""
    yield from _lines(document.nodes)
    for name, body in document.subgraphs.items():
        yield f"# {_flat(name)}:"
        yield from _lines(body.nodes)


def _lines(nodes: Sequence[Node]) -> Iterator[str]:
    last: SourceFrame | None = None
    for node in nodes:
        if node.frame is not None and node.frame != last:
            last = node.frame
            yield f"# {_flat(f'{last.file}:{last.line} in {last.function}: {last.text.strip()}')}"
        yield _line(node)


def _line(node: Node) -> str:
    if node.op in ("placeholder", "get_attr"):
        made = f"{node.op}({node.target!r})"
    else:
        keywords = (f"{key}={_argument(value)}" for key, value in node.kwargs.items())
        made = f"{node.target}({', '.join([*map(_argument, node.args), *keywords])})"
    specs = ", ".join(map(_spec, node.values[:VALUES])) + (", …" if node.values[VALUES:] else "")
    return _flat(f"{node.name} = {made}{f'  # {specs}' if specs else ''}")


def _argument(value: Any, depth: int = 0) -> str:
    if depth == DEPTH:
        return "…"
    if isinstance(value, list):
        return f"[{', '.join(_argument(item, depth + 1) for item in value)}]"
    if not isinstance(value, dict):
        return repr(value)
    if len(value) != 1:
        return json.dumps(value, ensure_ascii=False)
    ((kind, inner),) = value.items()
    if kind in _ATOMS and isinstance(inner, str):
        return inner
    if kind == "slice" and isinstance(inner, list):
        return f"slice({', '.join(_argument(item, depth + 1) for item in inner)})"
    if kind == "dict" and isinstance(inner, dict):
        items = (f"{key!r}: {_argument(item, depth + 1)}" for key, item in inner.items())
        return f"{{{', '.join(items)}}}"
    return json.dumps(value, ensure_ascii=False)


def _spec(spec: TensorSpec) -> str:
    if spec.kind == "tensor":
        return f"{spec.dtype}[{', '.join(map(str, spec.shape))}]"
    return f"{spec.kind} {spec.value}".rstrip()


def _flat(text: str) -> str:
    return " ".join(text.splitlines())

"""The graph that was traced before an export failed.

Private interfaces: the tracer, `self` in a frame of `torch.fx.Tracer.trace`, which the exception's
traceback still holds, with its `graph` and `root`; where it is not found, a failed stage has no
graph. `named_parameters`, `named_buffers` and `flat_args` in a frame of `_make_fx_helper`: the
graph's inputs are those in this order; where they are not found, all inputs are the user's. The
name `_export_root` that non-strict export gives the model within a wrapper. Strict export has no
graph: dynamo keeps its own until it is done.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from torch.fx import Graph, Tracer

from .categories import chain_of
from .frames import walk

ROOT = "_export_root"
_WRAPPER = "_non_strict_export.<locals>"


@dataclass
class Partial:
    """A graph, the module that its subgraphs hang on, and which of its inputs are the model's."""

    graph: Graph
    root: Any
    inputs: list[tuple[str, str]] = field(default_factory=list)  # kind and path, the first ones


def graph_before(error: BaseException) -> Partial | None:
    """The graph up to the failure; None: no graph."""
    for link in chain_of(error):  # outwards in: one that it came from may be of the user's tracer
        inputs: list[tuple[str, str]] = []
        given = 0
        for frame, _line in walk(link.__traceback__):
            if frame.f_code.co_name == "_make_fx_helper":
                inputs = _inputs(frame)
                given = len(frame.f_locals.get("flat_args") or ())
            tracer = frame.f_locals.get("self") if frame.f_code.co_name == "trace" else None
            if isinstance(tracer, Tracer) and hasattr(tracer, "graph"):
                graph = tracer.graph
                count = sum(node.op == "placeholder" for node in graph.nodes)
                is_whole = count == given >= len(inputs)
                return Partial(graph, getattr(tracer, "root", None), inputs if is_whole else [])
    return None


def _inputs(frame: FrameType) -> list[tuple[str, str]]:
    """The tensors of the model, by kind and path."""
    inputs = []
    for kind in ("parameter", "buffer"):
        named = frame.f_locals.get(f"named_{kind}s")
        if not isinstance(named, Mapping):
            return []
        inputs += [(kind, within_root(name)) for name in named]
    return inputs


def within_root(path: str) -> str:
    """A path of the exported module as a path of the model."""
    return "" if path == ROOT else path.removeprefix(f"{ROOT}.")


def is_wrapper(class_name: str) -> bool:
    """Whether export made this class to put the model into."""
    return _WRAPPER in class_name

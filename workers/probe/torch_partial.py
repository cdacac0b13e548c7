"""The graph that was traced before an export failed.

Private interface: the tracer, `self` in a frame of `torch.fx.Tracer.trace`, which the exception's
traceback still holds, with its `graph` and `root`. Where it is not found, a failed stage has no
graph. Strict export has none either: dynamo keeps its own until it is done.
"""

from typing import Any

from torch.fx import Graph, Tracer

from .categories import chain_of
from .frames import walk


def graph_before(error: BaseException) -> tuple[Graph, Any] | None:
    """The graph up to the failure, and the module that its subgraphs hang on; None: no graph."""
    for link in chain_of(error):  # outwards in: one that it came from may be of the user's tracer
        for frame, _line in walk(link.__traceback__):
            tracer = frame.f_locals.get("self") if frame.f_code.co_name == "trace" else None
            if isinstance(tracer, Tracer) and hasattr(tracer, "graph"):
                return tracer.graph, getattr(tracer, "root", None)
    return None

"""Small graphs by hand, whose boxes are looked at."""

from collections.abc import Sequence
from typing import Any

from app.graphs.document import GraphDocument, GraphInput, Module, Node, TensorSpec

SPEC = TensorSpec(shape=[2, "s0"], dtype="float32", device="cpu")


def call(name: str, *sources: str, modules: Sequence[Module] = (), target: str = "") -> Node:
    """A call of an operation on other nodes."""
    args = [{"node": source} for source in sources]
    target = target or "aten.relu.default"
    return Node(
        name=name,
        op="call_function",
        target=target,
        args=args,
        modules=list(modules),
        values=[SPEC],
    )


def placed(path: str, number: int = 0) -> list[Module]:
    """The modules of a node in `path`, by its dots."""
    parts = path.split(".")
    paths = [".".join(parts[: depth + 1]) for depth in range(len(parts))]
    return [("", "Net", 0), *((one, "Block", number) for one in paths)]


def document(*nodes: Node, **fields: Any) -> GraphDocument:
    """A graph with an input `x` and these nodes."""
    given_x = Node(name="x", op="placeholder", target="x", values=[SPEC])
    inputs = [GraphInput(name="x", kind="user_input"), *fields.pop("inputs", ())]
    return GraphDocument(version=2, nodes=[given_x, *nodes], inputs=inputs, **fields)

"""Graph documents made by hand and by a generator, for the views of a graph."""

import copy
from typing import Any

from app.graphs.comparison import Comparison
from app.graphs.diff import diff
from app.graphs.document import GraphDocument
from app.graphs.index import GraphIndex
from app.graphs.table import Query, select
from app.models import Graph
from tests.web_support import Seed

Json = dict[str, Any]

FLOAT = {"shape": ["s0", 64], "dtype": "float32", "device": "cpu"}


def ref(name: str) -> Json:
    """A reference to a node."""
    return {"node": name}


def placeholder(name: str, **more: Any) -> Json:
    """An input."""
    return {"name": name, "op": "placeholder", "target": name, "values": [FLOAT]} | more


def call(name: str, *args: Any, op: str = "", modules: str = "", **more: Any) -> Json:
    """An operation. `modules` is the chain, `stage0:Stage stage0.block:Block@1`."""
    chain = [["", "Net", 0]]
    for part in modules.split():
        module, _, number = part.partition("@")
        path, _, class_name = module.partition(":")
        chain.append([path, class_name, int(number or 0)])
    return {
        "name": name,
        "op": "call_function",
        "target": f"aten.{op or name}.default",
        "args": list(args),
        "values": [FLOAT],
        "modules": chain,
        "frame": {"file": "model.py", "line": 7, "function": "forward", "text": "y = self.f(x)"},
    } | more


def output(*args: Any) -> Json:
    """The end."""
    return {"name": "output", "op": "output", "target": "output", "args": [list(args)]}


def document(*nodes: Json, **more: Any) -> Json:
    """A graph of these nodes."""
    return {
        "version": 2,
        "nodes": list(nodes),
        "inputs": [{"name": "x", "kind": "user_input"}],
        "symbols": [{"name": "s0", "lower": "2", "upper": "9", "meaning": "x.shape[0]"}],
    } | more


def chain(operations: int, per_block: int = 10) -> Json:
    """A graph of so many operations, one after another, ten in a block, fifty blocks in a stage."""
    nodes = [placeholder("x")]
    for n in range(operations):
        block = n // per_block
        stage = f"stage{block // 50}"
        path = f"{stage}:Stage {stage}.blocks.{block % 50}:Block"
        op = ("relu", "add", "convolution")[n % 3]
        nodes.append(call(f"n{n}", ref(nodes[-1]["name"]), 1, op=op, modules=path))
        nodes[-1]["frame"] = nodes[-1]["frame"] | {"line": 10 + n % 7}
    return document(*nodes, output(ref(nodes[-1]["name"])))


def with_relu(made: Json, after: str) -> Json:
    """The same with one ReLU after a node, which the next node takes instead."""
    made = copy.deepcopy(made)
    nodes = made["nodes"]
    at = next(place for place, node in enumerate(nodes) if node["name"] == after) + 1
    relu = nodes[at] | {"name": "extra", "target": "aten.relu.default", "args": [ref(after)]}
    nodes[at]["args"][0] = ref("extra")
    nodes.insert(at, relu)
    return made


def comparison(head: Json, base: Json | None = None) -> Comparison:
    """What the views go over."""
    parsed = GraphDocument.model_validate(head)
    if base is None:
        return Comparison(GraphIndex(parsed))
    before = GraphDocument.model_validate(base)
    return Comparison(GraphIndex(parsed), GraphIndex(before), diff(before, parsed))


def names(made: Comparison, query: Query) -> list[str]:
    """The nodes of the table that match."""
    return [entry.node.name for entry in select(made, query)]


def store(seed: Seed, salt: str, made: Json) -> int:
    """Store a document of the version in use; the graph's id."""
    graph: Graph = seed.graph(salt, document=made)
    graph.version = made["version"]
    seed.session.flush()
    assert graph.id is not None
    return graph.id


COND = document(
    placeholder("p"),
    placeholder("x"),
    call("before", ref("x"), modules="cell:Cell"),
    {"name": "then", "op": "get_attr", "target": "true_0"},
    {"name": "orelse", "op": "get_attr", "target": "false_0"},
    call("cond", ref("p"), ref("then"), ref("orelse"), [ref("x")], modules="cell:Cell"),
    output(ref("cond")),
    subgraphs={
        f"{branch}_0": {
            "nodes": [
                placeholder("a"),
                call(op, ref("a"), modules="cell:Cell"),
                output(ref(op)),
            ]
        }
        for branch, op in (("true", "sin"), ("false", "cos"))
    },
)

"""Capture of graphs whose names are meant to harm, are too long, or are the same after the cap."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.fx import Graph, GraphModule

from app.graphs.document import GraphDocument
from tests.capture_support import (
    Call,
    bodies_of,
    captured,
    failed_graph_of,
    graph_of,
    through_a_line,
)
from workers import strictjson
from workers.probe.capture import capture_partial
from workers.probe.capture_arguments import Arguments
from workers.probe.capture_names import Names
from workers.probe.frames import Places
from workers.probe.torch_partial import Partial

X = torch.rand(4, 4)
LONG = "n" * 500


def partial(graph: Graph, root: Any = None) -> GraphDocument:
    return through_a_line(capture_partial(Partial(graph, root), Places(Path()), lambda _: ""))


def test_a_name_is_given_once_and_stays_below_the_cap() -> None:
    given = Names()
    names = [given.give(text) for text in (LONG, LONG + "a", LONG + "b", "x", "x", "x~2", "x")]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) == 400
    assert names[3:] == ["x", "x~2", "x~2~2", "x~3"]


def test_what_the_reader_takes_for_the_same_is_not_given_twice() -> None:
    given = Names()
    assert len({given.give(text) for text in ("a\0", "a\ufffd", "\ud800", "?")}) == 4


def test_many_nodes_of_one_name_are_named_in_linear_time() -> None:
    given = Names()
    assert len({given.give(LONG) for _ in range(50_000)}) == 50_000


class Deep(nn.Module):
    """Parameters whose names are the same for their first 400 characters."""

    def __init__(self) -> None:
        super().__init__()
        for end in "ab":
            self.register_parameter(LONG + end, nn.Parameter(torch.rand(4)))
            self.register_buffer(LONG + end + "buffer", torch.rand(4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for tensor in (*self.parameters(), *self.buffers()):
            x = x * tensor
        return x


def test_long_names_of_parameters_stay_apart() -> None:
    graph = graph_of(Deep(), X)
    assert len({item.name for item in graph.inputs}) == 5
    products = [node for node in graph.nodes if node.target == "aten.mul.Tensor"]
    assert len({node.args[1]["node"] for node in products}) == 4


def test_nodes_that_were_renamed_after_export_stay_apart() -> None:
    program = torch.export.export(Call(lambda x: (x.sin().cos(), x.tan())), (X,))
    hostile = "<script>\u202e\n" + LONG
    for node in program.graph.nodes:
        if node.op == "call_function":
            node.name = hostile
    graph = captured(program)
    calls = [node.name for node in graph.nodes if node.op == "call_function"]
    assert len(set(calls)) == 3
    assert graph.nodes[2].args == [{"node": calls[0]}]


def nest(depth: int, name: str) -> GraphModule:
    """Bodies in bodies, all of one name."""
    root, graph = nn.Module(), Graph()
    if depth:
        setattr(root, name, nest(depth - 1, name))
        graph.output((graph.get_attr(name), graph.get_attr(name)))
    else:
        graph.output(())
    return GraphModule(root, graph)


@pytest.mark.filterwarnings("ignore:Attempted to insert a get_attr Node")
@pytest.mark.parametrize(
    ("name", "depth", "expected"), [("body", 5, 5), (LONG, 3, 3), (LONG, 60, 3), ("body", 100, 79)]
)
def test_bodies_in_bodies_are_found_by_both_names(name: str, depth: int, expected: int) -> None:
    module = nest(depth, name)
    graph = partial(module.graph, module)
    assert len(graph.subgraphs) >= expected
    assert all(len(body) <= 400 for body in graph.subgraphs)
    body = ""
    for _ in range(min(expected, len(graph.subgraphs))):
        inner = graph.subgraph_of(body, bodies_of(graph)[body][0])
        assert inner is not None
        body = inner


def test_bodies_that_hold_each_other_end() -> None:
    module: Any = nest(1, "body")
    module.body.body = module
    graph = module.body.graph
    with graph.inserting_before():
        for target in ("body", "body.body"):
            graph.create_node("get_attr", target)
    document = partial(module.graph, module)
    assert 1 < len(document.subgraphs) < 2_001


def test_two_ways_to_one_name_stay_apart() -> None:
    """The body `a` has `b` for itself, and the graph has `a.b`."""
    inner, outer = nest(0, ""), nest(1, "b")
    root, graph = nn.Module(), Graph()
    root.a = outer
    for target in ("a", "a.b"):
        graph.create_node("get_attr", target)
    graph.output(())
    document = partial(graph, root)
    assert set(document.subgraphs) == {"a", "a.b", "a.b~2"}
    assert document.subgraph_of("a", document.subgraphs["a"].nodes[0]) == "a.b~2"
    assert inner.graph.nodes


def test_a_partial_graph_may_call_methods_and_modules() -> None:
    graph = torch.fx.symbolic_trace(nn.Sequential(nn.Linear(4, 4), Call(lambda x: x.sin())))
    document = partial(graph.graph, graph)
    assert [node.op for node in document.nodes] == [
        "placeholder",
        "call_module",
        "call_method",
        "output",
    ]
    assert document.compute_nodes() == 2


class Tracing(nn.Module):
    """Traces a part of its own, which fails, and says so with an error of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.part = Call(lambda x: x.sin() if x.sum() > 0 else x)

    def forward(self, x: torch.Tensor) -> Any:
        x = x * 3
        try:
            return torch.fx.symbolic_trace(self.part)(x)
        except Exception as error:
            raise ValueError("no") from error


def test_the_graph_up_to_a_failure_is_export_s_and_not_the_user_s() -> None:
    document = failed_graph_of(Tracing(), X)
    assert [node.target for node in document.nodes if node.op != "placeholder"] == [
        "aten.mul.Tensor"
    ]


def test_what_an_attribute_is_stands_in_for_its_value() -> None:
    def stops(x: torch.Tensor) -> Any:
        y = x + torch.tensor([1.0, 2.0, 3.0, 4.0])
        return (
            torch.cond(y.sum() > 0, lambda t: t.sin(), lambda t: t.cos(), (y,)).item() + 1 > 3 or y
        )

    document = failed_graph_of(Call(stops), X)
    assert set(document.subgraphs) == {"true_graph_0", "false_graph_0"}
    (constant,) = [n for n in document.nodes if n.op == "get_attr" and n.values]
    assert constant.values[0].shape == [4]


def free_size() -> Any:
    """A symbolic size, and no graph around it."""
    shapes = ({0: torch.export.Dim.AUTO},)
    program = torch.export.export(Call(torch.sin), (X,), dynamic_shapes=(shapes,))
    placeholder = next(iter(program.graph.nodes))
    return placeholder.meta["val"].shape[0]


def test_arguments_of_any_depth_and_kind_pass_the_worker() -> None:
    deep: Any = ()
    for _ in range(100):
        deep = ({"a": deep},)
    odd = [{3: 1, "3": 2}, 2**70, 1e400, 2j, slice(1, None, 2), torch.relu, ..., LONG * 9, deep]
    data = Arguments({}).as_data(odd)
    assert data[:7] == [
        {"dict": {"3": 1, "3~2": 2}},
        {"int": str(2**70)},
        {"float": "inf"},
        {"complex": "2j"},
        {"slice": [1, None, 2]},
        {"op": "torch._VariableFunctionsClass.relu"},
        {"object": "builtins.ellipsis"},
    ]
    assert len(data[7]) == 2_000
    size: Any = free_size()
    assert Arguments({}).as_data([size, size * 0.5, size > 4]) == [
        {"sym": str(size)},
        {"sym": f"0.5*ToFloat({size})"},
        {"sym": f"{size} > 4"},
    ]
    event = {"graph": {"subgraphs": {"a": {"nodes": [{"args": [data]}]}}}}
    assert strictjson.parse(json.dumps(event).encode()) == event

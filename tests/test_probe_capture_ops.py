"""Capture of operators that are more than a function of tensors."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import _higher_order_ops as higher
from torch import nn
from torch.export import Dim
from torch.nn.attention.flex_attention import flex_attention

from app.graphs.document import GraphDocument
from tests.capture_support import Call, calls, failed_graph_of, graph_of, named

X = torch.rand(4, 4)
Untyped: Any = torch
Higher: Any = higher


def captured(function: Callable[..., Any], *args: Any, **fields: Any) -> GraphDocument:
    return graph_of(Call(function), *(args or (X,)), **fields)


def references_node(arg: Any) -> bool:
    return isinstance(arg, dict) and "node" in arg


def without_grad(x: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        y = x * 2
    return y + x


def with_autocast(x: torch.Tensor) -> torch.Tensor:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = x @ x
    return y + x


def nested_cond(x: torch.Tensor) -> Any:
    def outer(t: torch.Tensor) -> Any:
        return Untyped.cond(t.max() > 0, lambda a: a + 1, lambda a: a - 1, (t,))

    return Untyped.cond(x.sum() > 0, outer, lambda t: t.cos(), (x,))


@pytest.mark.parametrize(
    ("function", "target", "subgraphs"),
    [
        (lambda x: Higher.map(lambda row: row.sin(), x), "map_impl", 1),
        (lambda x: Higher.scan(lambda c, r: (c + r, c * r), torch.zeros(4), x), "scan", 1),
        (
            lambda x: Higher.while_loop(
                lambda i, _: i < 3, lambda i, a: (i + 1, a * 2), (torch.tensor(0), x)
            ),
            "while_loop",
            2,
        ),
        (without_grad, "wrap_with_set_grad_enabled", 1),
        (with_autocast, "wrap_with_autocast", 1),
        (nested_cond, "cond", 4),
    ],
)
def test_a_higher_order_operator_has_its_bodies(
    function: Callable[..., Any], target: str, subgraphs: int
) -> None:
    graph = captured(function)
    (call,) = calls(graph, target)
    given = [named(graph, arg["node"]) for arg in call.args if references_node(arg)]
    bodies = [body for node in given if (body := graph.subgraph_of("", node))]
    assert bodies
    assert all(graph.subgraphs[body].nodes[-1].op == "output" for body in bodies)
    assert len(graph.subgraphs) == subgraphs


def test_a_body_in_a_body_is_named_by_both() -> None:
    graph = captured(nested_cond)
    inner = named(graph, "true_graph_0", "true_graph_0")
    assert graph.subgraph_of("true_graph_0", inner) == "true_graph_0.true_graph_0"
    assert graph.subgraph_of("", inner) == "true_graph_0"
    assert graph.subgraph_of("false_graph_0", inner) is None
    assert calls(graph, "aten.add.Tensor", "true_graph_0.true_graph_0")


def test_flex_attention_keeps_its_score_its_options_and_its_three_outputs() -> None:
    query = torch.rand(1, 2, 16, 8)
    graph = captured(
        lambda q: flex_attention(q, q, q, score_mod=lambda s, _b, _h, i, j: s + i - j), query
    )
    (call,) = calls(graph, "flex_attention")
    assert {graph.subgraph_of("", named(graph, name)) for name in ("sdpa_score0", "sdpa_mask0")}
    assert any(isinstance(arg, dict) and "BACKEND" in arg.get("dict", {}) for arg in call.args)
    assert [value.name for value in call.values] == ["[0]", "[1]", "[2]"]


def test_an_associative_scan_of_generic_combination_is_captured() -> None:
    graph = captured(lambda x: Higher.associative_scan(torch.add, x, 0, combine_mode="generic"))
    assert calls(graph, "aten.add.Tensor")
    assert not any(" at 0x" in node.target for node in graph.nodes)


class Item(nn.Module):
    """Numbers of every symbolic kind, as values and as arguments."""

    def forward(self, x: torch.Tensor, k: torch.Tensor) -> Any:
        count: Any = k.sum().item()
        Untyped._check(count >= 2)
        Untyped._check(count < 40)
        size: Any = x.shape[0]
        return (
            x.new_zeros(count),
            x[: size - 1],
            x * (size * 0.5),
            x.expand(3, *x.shape),
            x.sum() * Untyped.sym_float(count),
        )


def test_symbolic_numbers_are_values_and_references() -> None:
    shapes = {"x": {0: Dim("n", min=3)}, "k": None}
    graph = graph_of(Item(), torch.rand(6, 2), torch.ones(4, dtype=torch.int64),
                     dynamic_shapes=shapes)  # fmt: skip
    kinds = {value.kind for node in graph.nodes for value in node.values}
    assert {"tensor", "symint", "symfloat", "symbool"} <= kinds
    (zeros,) = calls(graph, "aten.new_zeros.default")
    assert named(graph, zeros.args[1][0]["node"]).values[0].kind == "symint"
    meanings = {symbol.name: (symbol.lower, symbol.meaning) for symbol in graph.symbols}
    assert ("3", "x.shape[0]") in meanings.values()
    shown = {dim for node in graph.nodes for v in node.values for dim in v.shape if dim == str(dim)}
    assert set(meanings) >= {dim for dim in shown if dim.isalnum()}  # plain symbols


def test_every_symbol_of_a_failed_graph_has_its_range() -> None:
    def branch(x: torch.Tensor) -> torch.Tensor:
        found = x.nonzero()
        return found if found.shape[0] > 3 else found * 2

    graph = failed_graph_of(Call(branch), X)
    (nonzero,) = calls(graph, "aten.nonzero.default")
    assert nonzero.values[0].shape[0] in [symbol.name for symbol in graph.symbols]
    assert all(symbol.lower and symbol.upper for symbol in graph.symbols)


def nested_values(x: torch.Tensor) -> Any:
    parts = torch.split(x, [1, 3])
    return {"a": [parts[1], (parts[0],)], "top": x.topk(2), "same": parts[1], "n": None, "s": "x"}


def test_several_values_are_named_by_place_and_one_output_twice_keeps_its_name() -> None:
    graph = captured(nested_values)
    (split,) = calls(graph, "aten.split_with_sizes.default") or calls(graph, "aten.split.sizes")
    assert [(value.name, value.shape) for value in split.values] == [
        ("[0]", [1, 4]),
        ("[1]", [3, 4]),
    ]
    assert [value.name for value in calls(graph, "aten.topk.default")[0].values] == ["[0]", "[1]"]
    names = [item.name for item in graph.outputs]
    assert len(names) == 7
    assert len(set(names)) == 6
    assert {"None", "'x'"} < set(names)


def test_arguments_keep_their_structure() -> None:
    def indexed(x: torch.Tensor) -> Any:
        return (
            x[:, None, [0, 2]],
            torch.cat([x, x], dim=-1),
            torch.einsum("ij,jk->ik", x, x),
            x.to(torch.float64, memory_format=torch.contiguous_format),
            torch.full((2,), float("inf"), layout=torch.strided, device="cpu"),
            x * complex(1, 2),
        )

    graph = captured(indexed)
    text = graph.model_dump_json()
    for form in (
        '[null,null,{"node"',
        '{"dtype":"float64"}',
        '{"float":"inf"}',
        '{"device":"cpu"}',
        '{"complex":"(1+2j)"}',
        '{"memory_format":"torch.contiguous_format"}',
    ):
        assert form in text, form


@torch.library.custom_op("stagelight_capture::pair", mutates_args=())
def pair(x: torch.Tensor, sizes: list[int]) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """Gives a tensor and a list of them."""
    return x.clone(), [x.new_zeros(size) for size in sizes]


@pair.register_fake
def _(x: torch.Tensor, sizes: list[int]) -> tuple[torch.Tensor, list[torch.Tensor]]:
    return torch.empty_like(x), [x.new_empty(size) for size in sizes]


def test_a_list_among_several_values_is_flattened() -> None:
    graph = captured(lambda x: pair(x, [1, 2]))
    (call,) = calls(graph, "stagelight_capture.pair.default")
    assert [(value.name, value.shape) for value in call.values] == [
        ("[0]", [4, 4]),
        ("[1][0]", [1]),
        ("[1][1]", [2]),
    ]


class Twice(nn.Module):
    """One module called twice, and once more under another name."""

    def __init__(self) -> None:
        super().__init__()
        self.block = nn.Sequential(nn.Linear(4, 4))
        self.again = self.block

    def forward(self, x: torch.Tensor) -> Any:
        return self.again(self.block(self.block(x)))


def test_each_call_of_a_module_has_its_number() -> None:
    graph = graph_of(Twice(), X)
    stacks = [node.modules for node in calls(graph, "aten.linear.default")]
    assert [[(path, call) for path, _, call in stack] for stack in stacks] == [
        [("", 0), ("block", 0), ("block.0", 0)],
        [("", 0), ("block", 1), ("block.0", 1)],
        [("", 0), ("again", 0), ("again.0", 0)],
    ]

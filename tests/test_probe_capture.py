"""Capture: what of an ExportedProgram is in the GraphDocument and beside it."""

from typing import Any

import pytest
import torch
from torch import nn
from torch.export import Dim

from app.graphs.document import GraphDocument
from tests.stage_support import Wrap, export_whole

X = torch.rand(8, 4)


def graph_of(model: nn.Module, *args: Any, **fields: Any) -> GraphDocument:
    finished = export_whole(model, *args, **fields)
    assert finished.status == "passed", finished.failure
    assert finished.graph is not None
    return finished.graph


def test_nodes_have_target_arguments_values_modules_and_line() -> None:
    graph = graph_of(Wrap(nn.Linear(4, 2)), X)
    linear = next(node for node in graph.nodes if node.op == "call_function")
    assert linear.target == "aten.linear.default"
    assert linear.args[0] == {"node": "args_0"}
    assert [(value.shape, value.dtype) for value in linear.values] == [([8, 2], "float32")]
    assert [path for path, _, _ in linear.modules] == ["", "part"]
    assert linear.modules[1][1].endswith("Linear")
    assert linear.frame is not None
    assert (linear.frame.file, linear.frame.text) == ("stage_support.py", "return self.part(*args)")
    assert graph.compute_nodes() == 1


def test_inputs_and_outputs_say_what_they_are() -> None:
    graph = graph_of(nn.BatchNorm1d(4), X)
    kinds = {item.kind: item.target for item in graph.inputs}
    assert set(kinds) == {"parameter", "buffer", "user_input"}
    assert {item.kind for item in graph.outputs} >= {"user_output"}


def test_symbols_have_ranges_and_meanings() -> None:
    graph = graph_of(nn.ReLU(), X, dynamic_shapes={"input": {0: Dim("n", min=2, max=9)}})
    (symbol,) = graph.symbols
    assert (symbol.lower, symbol.upper, symbol.meaning) == ("2", "9", "input.shape[0]")
    relu = next(node for node in graph.nodes if node.op == "call_function")
    assert relu.values[0].shape == [symbol.name, 4]


class Everything(nn.Module):
    """Higher-order ops, several outputs, lists, numbers that JSON has not, symbols as arguments."""

    def forward(self, x: torch.Tensor) -> dict[str, Any]:
        size: Any = (x > 0.5).sum().item()
        check: Any = torch._check
        check(size >= 2)
        check(size <= 32)
        branch = torch.cond(x.sum() > 0, lambda t: t.sin(), lambda t: t.cos(), (x,))
        return {
            "zeros": x.new_zeros(size),
            "branch": branch,
            "parts": x.chunk(2, -1),
            "clamped": x.masked_fill(x > 0.5, float("-inf")),
            "cast": x.to(torch.float16, memory_format=torch.contiguous_format),
            "none": None,
            "index": x[:, [0, 2], None],
        }


def test_what_is_no_plain_json_has_a_form() -> None:
    graph = graph_of(Everything(), X)
    text = graph.model_dump_json()
    for form in ('{"float":"-inf"}', '{"dtype":"float16"}', '{"memory_format"', '{"node":'):
        assert form in text
    assert {"true_graph_0", "false_graph_0"} <= set(graph.subgraphs)
    assert any(value.kind == "symint" for node in graph.nodes for value in node.values)
    assert any(len(node.values) == 2 for node in graph.nodes)


def test_the_same_model_gives_the_same_document_and_code() -> None:
    first, second = export_whole(Everything(), X), export_whole(Everything(), X)
    assert first.graph == second.graph
    assert first.code == second.code
    assert "# File: test_probe_capture.py:" in first.code


@pytest.mark.parametrize("dtype", [torch.bool, torch.int8, torch.bfloat16, torch.complex64])
def test_every_dtype_has_its_name(dtype: torch.dtype) -> None:
    graph = graph_of(nn.Identity(), torch.zeros(2, 2, dtype=dtype))
    assert graph.nodes[0].values[0].dtype == str(dtype).removeprefix("torch.")

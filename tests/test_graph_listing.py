"""A graph without FX code, as lines."""

from typing import Any

from app.graphs.document import GraphDocument
from app.graphs.listing import list_nodes


def lines(*nodes: dict[str, Any], **more: Any) -> list[str]:
    return list(
        list_nodes(GraphDocument.model_validate({"version": 2, "nodes": list(nodes)} | more))
    )


def call(name: str, args: list[Any], **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "op": "call_function",
        "target": f"aten.{name}.default",
        "args": args,
    } | more


def test_a_node_is_a_line_below_the_source_that_made_it() -> None:
    frame = {"file": "m.py", "line": 4, "function": "forward", "text": "  y = x.relu()"}
    spec = {"kind": "tensor", "shape": [2, "s0"], "dtype": "float32"}
    number = {"kind": "symbool", "value": "Eq(u0, 1)"}
    assert lines(
        {"name": "x", "op": "placeholder", "target": "x", "values": [spec]},
        call("relu", [{"node": "x"}], frame=frame, values=[spec]),
        call("item", [{"node": "relu"}], frame=frame, values=[number]),
    ) == [
        "x = placeholder('x')  # float32[2, s0]",
        "# m.py:4 in forward: y = x.relu()",
        "relu = aten.relu.default(x)  # float32[2, s0]",
        "item = aten.item.default(relu)  # symbool Eq(u0, 1)",
    ]


def test_arguments_are_written_as_python_has_them() -> None:
    args = [
        [1, {"sym": "s0 + 1"}], {"dtype": "float16"}, {"slice": [None, 3, None]}, "zeros",
        {"dict": {"a": {"node": "x"}}}, None, True, {"node": 3}, {"a": 1, "b": 2}, {"float": "inf"},
    ]  # fmt: skip
    (line,) = lines(call("f", args, kwargs={"dim": 1}))
    assert line == (
        "f = aten.f.default([1, s0 + 1], float16, slice(None, 3, None), 'zeros', {'a': x}, None, "
        'True, {"node": 3}, {"a": 1, "b": 2}, inf, dim=1)'
    )


def test_no_name_breaks_a_line_and_no_depth_the_listing() -> None:
    deep: list[Any] = []
    for _ in range(200):
        deep = [deep]
    made = lines(call("f\nimport os", deep), call("many", [], values=[{"dtype": "i"}] * 9))
    assert made[0] == "f import os = aten.f import os.default([[[[[[[[…]]]]]]]])"
    assert made[1].count("i[]") == 3


def test_subgraphs_follow() -> None:
    body = {"nodes": [call("relu", [])]}
    assert lines(call("cond", []), subgraphs={"true_graph": body})[1:] == [
        "# true_graph:",
        "relu = aten.relu.default()",
    ]

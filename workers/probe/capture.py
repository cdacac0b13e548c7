"""An ExportedProgram as a GraphDocument, version 2: the JSON of app/graphs/document.py."""

import math
import re
from collections.abc import Callable
from typing import Any

import torch
from torch.export.graph_signature import InputKind, OutputKind
from torch.fx import Graph, GraphModule, Node

from .emit import SHORT, TEXT, cap
from .frames import Places
from .specs import class_name, dtype_name, spec

_STACK_LINE = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+), in (?P<function>\S+)')
_CODE_COMMENT = re.compile(r"# File: (?P<file>\S.*?):(?P<line>\d+) in ")
_GENERATED = re.compile(r"<eval_with_key>\.\d+")

_INPUT_KINDS = {
    InputKind.PARAMETER: "parameter",
    InputKind.BUFFER: "buffer",
    InputKind.CONSTANT_TENSOR: "constant",
    InputKind.CUSTOM_OBJ: "object",
    InputKind.TOKEN: "token",
    InputKind.USER_INPUT: "user_input",
}
_OUTPUT_KINDS = {
    OutputKind.USER_OUTPUT: "user_output",
    OutputKind.LOSS_OUTPUT: "loss",
    OutputKind.BUFFER_MUTATION: "mutation",
    OutputKind.USER_INPUT_MUTATION: "mutation",
    OutputKind.TOKEN: "token",
}


def capture(
    program: torch.export.ExportedProgram, places: Places, meaning: Callable[[str], str]
) -> dict[str, Any]:
    """The graph of `program` as data. `meaning` tells what a symbol stands for in the inputs."""
    signature = program.graph_signature
    return {
        "version": 2,
        "nodes": _nodes(program.graph_module, places),
        "subgraphs": {
            cap(name, SHORT): {"nodes": _nodes(module, places)}
            for name, module in program.graph_module.named_modules()
            if name and isinstance(module, GraphModule)
        },
        "inputs": [
            {
                "name": cap(_argument_name(item.arg), SHORT),
                "kind": _INPUT_KINDS.get(item.kind, "user_input"),
                "target": cap(item.target or "", SHORT),
            }
            for item in signature.input_specs
        ],
        "outputs": [
            {
                "name": cap(_argument_name(item.arg), SHORT),
                "kind": _OUTPUT_KINDS.get(item.kind, "gradient"),
                "target": cap(item.target or "", SHORT),
            }
            for item in signature.output_specs
        ],
        "symbols": [
            {
                "name": cap(symbol, SHORT),
                "lower": cap(bounds.lower, SHORT),
                "upper": cap(bounds.upper, SHORT),
                "meaning": cap(meaning(str(symbol)), SHORT),
            }
            for symbol, bounds in program.range_constraints.items()
        ],
    }


def capture_partial(graph: Graph, root: Any, places: Places) -> dict[str, Any]:
    """A graph without a signature as data: its placeholders are its inputs."""
    modules = root.named_modules() if isinstance(root, torch.nn.Module) else ()
    return {
        "version": 2,
        "nodes": [_node(node, places) for node in graph.nodes],
        "subgraphs": {
            cap(name, SHORT): {"nodes": _nodes(module, places)}
            for name, module in modules
            if name and isinstance(module, GraphModule)
        },
        "inputs": [
            {"name": cap(node.name, SHORT), "kind": "user_input", "target": ""}
            for node in graph.nodes
            if node.op == "placeholder"
        ],
        "outputs": [],
        "symbols": [],
    }


def code_of(program: torch.export.ExportedProgram, places: Places) -> str:
    """The FX code as torch prints it, file names shortened to what a person knows them by."""
    text = program.graph_module.print_readable(print_output=False)
    text = _GENERATED.sub("<eval_with_key>", text)  # a counter would make equal graphs differ
    return cap(
        _CODE_COMMENT.sub(
            lambda match: f"# File: {places.place(match['file'])[1]}:{match['line']} in ", text
        ),
        32_000_000,
    )


def _nodes(module: GraphModule, places: Places) -> list[dict[str, Any]]:
    return [_node(node, places) for node in module.graph.nodes]


def _node(node: Node, places: Places) -> dict[str, Any]:
    value = node.meta.get("val")
    values = value if isinstance(value, tuple | list) else [] if value is None else [value]
    return {
        "name": cap(node.name, SHORT),
        "op": node.op,
        "target": cap(_target_name(node.target), TEXT),
        "args": [_argument(arg) for arg in node.args],
        "kwargs": {cap(key, SHORT): _argument(arg) for key, arg in node.kwargs.items()},
        "values": [spec(item) for item in values],
        "modules": [
            (cap(path, SHORT), cap(getattr(cls, "__qualname__", cls), SHORT), _call(key))
            for key, (path, cls) in (node.meta.get("nn_module_stack") or {}).items()
        ],
        "frame": _frame(node.meta.get("stack_trace"), places),
    }


def _call(key: str) -> int:
    """Which call of a module it is, by its key in torch's module stack: `L__self__block@1`."""
    number = key.rpartition("@")[2]
    return int(number) if "@" in key and number.isdecimal() else 0


def _frame(stack: str | None, places: Places) -> dict[str, Any] | None:
    found = list(_STACK_LINE.finditer(stack or ""))
    if not found:
        return None
    last = found[-1]
    frame = places.frame(last["file"], int(last["line"]), last["function"])
    event = frame.as_event()
    del event["where"]
    return event


def _target_name(target: Any) -> str:
    if isinstance(target, str):
        return target
    if isinstance(target, torch._ops.OpOverload | torch._ops.HigherOrderOperator):
        return str(target)
    return f"{getattr(target, '__module__', '')}.{getattr(target, '__qualname__', target)}".strip(
        "."
    )


def _argument(arg: Any) -> Any:
    if arg is None or isinstance(arg, bool):
        return arg
    if isinstance(arg, int):
        return arg if -(2**63) <= arg < 2**63 else {"int": cap(arg)}
    if isinstance(arg, str):
        return cap(arg)
    if isinstance(arg, float):
        return arg if math.isfinite(arg) else {"float": str(arg)}
    if isinstance(arg, Node):
        return {"node": cap(arg.name, SHORT)}
    if isinstance(arg, tuple | list):
        return [_argument(item) for item in arg]
    if isinstance(arg, dict):
        return {"dict": {cap(key, SHORT): _argument(item) for key, item in arg.items()}}
    if isinstance(arg, slice):
        return {"slice": [_argument(part) for part in (arg.start, arg.stop, arg.step)]}
    return _named_argument(arg)


def _named_argument(arg: Any) -> dict[str, str]:
    if isinstance(arg, torch.dtype):
        return {"dtype": dtype_name(arg)}
    if isinstance(arg, torch.SymInt | torch.SymFloat | torch.SymBool):
        return {"sym": cap(arg)}
    for key, type_ in (
        ("device", torch.device),
        ("layout", torch.layout),
        ("memory_format", torch.memory_format),
    ):
        if isinstance(arg, type_):
            return {key: str(arg)}
    return {"object": class_name(arg)}


def _argument_name(argument: Any) -> str:
    return str(getattr(argument, "name", "") or getattr(argument, "value", ""))

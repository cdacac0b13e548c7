"""An ExportedProgram as a GraphDocument, version 2: the JSON of app/graphs/document.py."""

import re
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch.export.graph_signature import InputKind, InputSpec, OutputKind, OutputSpec

from .capture_bodies import Bodies, Body
from .capture_symbols import ranges_of
from .digests import Digests
from .emit import SHORT, cap
from .frames import Places
from .torch_partial import Partial

Meaning = Callable[[str], str]  # what a symbol stands for in the inputs; "" for none of theirs

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
    OutputKind.PARAMETER_MUTATION: "mutation",
    OutputKind.USER_INPUT_MUTATION: "mutation",
    OutputKind.TOKEN: "token",
    OutputKind.GRADIENT_TO_PARAMETER: "gradient",
    OutputKind.GRADIENT_TO_USER_INPUT: "gradient",
}


def capture(
    program: torch.export.ExportedProgram, places: Places, meaning: Meaning
) -> dict[str, Any]:
    """The graph of `program` as data."""
    signature = program.graph_signature
    bodies = Bodies(program.graph, program.graph_module, places)
    digests = Digests({**program.state_dict, **program.constants})
    return {
        **_document(bodies, meaning, program.range_constraints),
        "inputs": [_input(item, bodies.main, digests) for item in signature.input_specs],
        "outputs": [_output(item, bodies.main) for item in signature.output_specs],
    }


def capture_partial(partial: Partial, places: Places, meaning: Meaning) -> dict[str, Any]:
    """A graph without a signature as data: its placeholders are its inputs."""
    bodies = Bodies(partial.graph, partial.root, places)
    names = [
        bodies.main.name_of(node.name) for node in partial.graph.nodes if node.op == "placeholder"
    ]
    kinds = [*partial.inputs, *[("user_input", "")] * (len(names) - len(partial.inputs))]
    return {
        **_document(bodies, meaning, {}),
        "inputs": [
            {"name": name, "kind": kind, "target": cap(target, SHORT)}
            for name, (kind, target) in zip(names, kinds, strict=True)
        ],
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


def _document(bodies: Bodies, meaning: Meaning, ranges: dict[Any, Any]) -> dict[str, Any]:
    return {
        "version": 2,
        "nodes": bodies.main.as_data(),
        "subgraphs": {body.name: {"nodes": body.as_data()} for body in bodies.within()},
        "symbols": list(_symbols(ranges_of(bodies.values(), ranges), meaning)),
    }


def _symbols(ranges: dict[str, tuple[str, str]], meaning: Meaning) -> Iterable[dict[str, Any]]:
    for symbol, (lower, upper) in ranges.items():
        yield {
            "name": cap(symbol, SHORT),
            "lower": cap(lower, SHORT),
            "upper": cap(upper, SHORT),
            "meaning": cap(meaning(symbol), SHORT),
        }


def _input(item: InputSpec, body: Body, digests: Digests) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "name": _argument_name(item.arg, body),
        "kind": _INPUT_KINDS.get(item.kind, "user_input"),
        "target": cap(item.target or "", SHORT),
    }
    if item.kind in (InputKind.BUFFER, InputKind.CONSTANT_TENSOR):
        fields["digest"] = digests.of(item.target)
    if item.kind is InputKind.BUFFER:
        fields["persistent"] = item.persistent
    return fields


def _output(item: OutputSpec, body: Body) -> dict[str, Any]:
    target = item.target or ""
    is_input = item.kind in (OutputKind.USER_INPUT_MUTATION, OutputKind.GRADIENT_TO_USER_INPUT)
    return {
        "name": _argument_name(item.arg, body),
        "kind": _OUTPUT_KINDS.get(item.kind, "user_output"),
        "target": body.name_of(target) if is_input else cap(target, SHORT),
    }


def _argument_name(argument: Any, body: Body) -> str:
    """The node that an input or output is; of a constant its value, as Python writes it."""
    name = getattr(argument, "name", "")
    return body.name_of(name) if name else cap(repr(getattr(argument, "value", "")), SHORT)

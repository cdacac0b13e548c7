"""The operator schema of a Python function, read from its annotations."""

import re
from collections.abc import Mapping

import libcst as cst
import libcst.matchers as m

from workers.remedies.syntax import Source

_TENSORS = r"(?:list|List|Sequence|tuple|Tuple)\[(?:torch\.)?Tensor(?:, \.\.\.)?\]"
_INTS = r"(?:list|List|Sequence|tuple|Tuple)\[int(?:, (?:int|\.\.\.))*\]"
_FLOATS = r"(?:list|List|Sequence|tuple|Tuple)\[float(?:, (?:float|\.\.\.))*\]"
_TYPES = tuple(
    (re.compile(pattern), kind)
    for pattern, kind in (
        (r"(?:torch\.)?Tensor", "Tensor"),
        (r"(?:torch\.)?Tensor \| None|Optional\[(?:torch\.)?Tensor\]", "Tensor?"),
        (_TENSORS, "Tensor[]"),
        (_INTS, "SymInt[]"),
        (_FLOATS, "float[]"),
        (r"int", "SymInt"),
        (r"float", "float"),
        (r"bool", "bool"),
        (r"str", "str"),
    )
)
_RESULTS = re.compile(r"(?:tuple|Tuple)\[((?:torch\.)?Tensor(?:, (?:torch\.)?Tensor)*)\]")


def schema_of(
    source: Source, function: cst.FunctionDef, state: Mapping[str, str]
) -> tuple[list[str], str] | None:
    """The parameters of an operator that stands for a function, and its schema.

    Args:
        state: what of self goes in after the function's own parameters, by name, to its type.

    Returns:
        None where an annotation is missing or says what no operator takes or gives.
    """
    names, kinds = [], []
    for parameter in function.params.params:
        name = parameter.name.value
        if name == "self":
            continue
        kind = _kind(source, parameter.annotation) if parameter.annotation else ""
        if not kind or parameter.default is not None:
            return None
        names.append(name)
        kinds.append(f"{kind} {name}")
    result = _result(source, function)
    if not result or not any(kind.startswith("Tensor") for kind in kinds):
        return None
    for name, kind in state.items():
        names.append(name)
        kinds.append(f"{kind} {name}")
    return names, f"({', '.join(kinds)}) -> {result}"


def kind_of(source: Source, annotation: cst.Annotation | None) -> str:
    """The schema's word for an annotation; empty where it has none."""
    return _kind(source, annotation) if annotation else ""


def _kind(source: Source, annotation: cst.Annotation) -> str:
    code = source.code(annotation.annotation).strip("\"'")
    code = _aliases(source).get(code, code)
    return next((kind for pattern, kind in _TYPES if pattern.fullmatch(code)), "")


def _result(source: Source, function: cst.FunctionDef) -> str:
    if function.returns is None:
        return ""
    code = source.code(function.returns.annotation).strip("\"'")
    if re.fullmatch(r"(?:torch\.)?Tensor", code):
        return "Tensor"
    several = _RESULTS.fullmatch(code)
    return f"({', '.join(['Tensor'] * (several[1].count(',') + 1))})" if several else ""


def _aliases(source: Source) -> dict[str, str]:
    """Names of types that the file gives to others: `Size = tuple[int, int]`."""
    found = {}
    for statement in source.module.body:
        for node in m.findall(statement, m.Assign(targets=[m.AssignTarget(target=m.Name())])):
            if isinstance(node, cst.Assign) and isinstance(node.value, cst.Subscript):
                found[source.code(node.targets[0].target)] = source.code(node.value)
    return found

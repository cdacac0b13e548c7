"""Dynamic dims: the option's JSON as torch.export wants it."""

import inspect
from typing import Any

import torch
from torch.export import Dim

from .call import Call
from .errors import ScriptError

HINT = (
    'Write {"x": {"0": "batch", "2": {"name": "time", "min": 4, "max": 64}, "3": "AUTO"}}, '
    "or a list in the order of the arguments."
)


def shapes_from_json(value: Any) -> Any:
    """`dynamic_shapes` from JSON; the same name is the same Dim everywhere.

    Raises:
        ScriptError: it is no such JSON.
    """
    return _Reader().inputs(value)


def auto_dims(call: Call) -> set[str]:
    """The dimensions that the call asks to be AUTO, as guards name them: `x.shape[0]`."""
    shapes = call.dynamic_shapes
    if isinstance(shapes, tuple | list):
        names = list(inspect.signature(call.model.forward).parameters)
        shapes = dict(zip(names, shapes, strict=False))
    if not isinstance(shapes, dict):
        return set()
    return {
        f"{name}.shape[{index}]"
        for name, dims in shapes.items()
        for index, dim in _numbered(dims)
        if dim is Dim.AUTO or dim == Dim.AUTO
    }


def static_dims(program: torch.export.ExportedProgram, asked: set[str]) -> list[dict[str, Any]]:
    """Dimensions that were asked to be AUTO and came out static with no guard that says why.

    As guards of workers/events.py. torch fixes sizes of 0 and 1 before it looks at the model.
    """
    inputs = set(program.graph_signature.user_inputs)
    return [
        {
            "kind": "specialisation",
            "expression": f"{dimension} == {size}",
            "meaning": f"{dimension} == {size}",
            "framework": "torch.export takes a size of 0 or 1 in the example inputs as static"
            if size in (0, 1)
            else "",
            "silent": True,
        }
        for node in program.graph.nodes
        if node.op == "placeholder" and node.name in inputs
        for index, size in enumerate(getattr(node.meta.get("val"), "shape", ()))
        if isinstance(size, int) and (dimension := f"{node.name}.shape[{index}]") in asked
    ]


def _numbered(dims: Any) -> list[tuple[Any, Any]]:
    if isinstance(dims, dict):
        return list(dims.items())
    return list(enumerate(dims)) if isinstance(dims, tuple | list) else []


class _Reader:
    def __init__(self) -> None:
        self._dims: dict[str, Any] = {}

    def inputs(self, value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, list):
            return tuple(self.inputs(item) for item in value)
        if not isinstance(value, dict):
            raise ScriptError(f"dynamic_shapes has {value!r} where an input stands.", HINT)
        if value and all(key.isdigit() for key in value):
            return {int(key): self._dim(item) for key, item in value.items()}
        return {key: self.inputs(item) for key, item in value.items()}

    def _dim(self, value: Any) -> Any:
        if value is None or value == "STATIC":
            return Dim.STATIC
        if value in ("AUTO", "DYNAMIC"):
            return getattr(Dim, value)
        fields = {"name": value} if isinstance(value, str) else value
        if not isinstance(fields, dict) or not str(fields.get("name", "")).isidentifier():
            raise ScriptError(f"dynamic_shapes has {value!r} where a dimension stands.", HINT)
        name = fields["name"]
        bounds = {key: fields[key] for key in ("min", "max") if fields.get(key) is not None}
        return self._dims.setdefault(name, Dim(name, **bounds))

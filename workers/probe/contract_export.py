"""One export that asks for certain dimensions, and what became of each of them."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import torch
from torch.utils import _pytree as pytree

from .call import Call
from .contract_dims import Arguments, Dimension, shapes_with
from .diagnose import Finding, Scene, findings_of, report
from .frames import Places
from .snapshot import Snapshot
from .torch_admission import Admission
from .torch_guards import Recorded, recorded_guards
from .torch_noise import no_partial_graphs
from .torch_symbols import recorded_births

Program = torch.export.ExportedProgram
Key = tuple[int, int]  # leaf, dimension
Asked = Mapping[Key, Any]  # → a Dim or a hint


@dataclass
class Exported:
    """An export: its program or why there is none, and the guards that it made."""

    inputs: Arguments
    asked: Asked
    guards: list[Recorded]
    seconds: float
    program: Program | None = None
    failure: dict[str, Any] | None = None  # a FailureReport
    sizes: dict[Key, Any] = field(default_factory=dict)  # in the program: int or expression

    @cached_property
    def module(self) -> torch.nn.Module:
        """The program as a module; made once, for that takes as long as a small export."""
        assert self.program is not None
        return self.program.module()

    @cached_property
    def admission(self) -> Admission:
        """The program's own checks of its inputs."""
        return Admission(self.module)

    @property
    def open_keys(self) -> set[Key]:
        """The dimensions that the program leaves open."""
        return {key for key, size in self.sizes.items() if not isinstance(size, int)}

    def is_dynamic(self, dimension: Dimension) -> bool:
        """Whether the program leaves this dimension open."""
        return dimension.key in self.open_keys


class Exporter:
    """Makes exports of one call, each from the state that the script had made."""

    def __init__(
        self, call: Call, places: Places, snapshot: Snapshot, dimensions: Sequence[Dimension]
    ) -> None:
        self._call = call
        self._places = places
        self._snapshot = snapshot
        self._dimensions = dimensions
        self.made = 0

    def export(self, inputs: Arguments, asked: Asked) -> Exported:
        """Export with these dimensions asked for and all others static."""
        call = replace(self._call, args=inputs[0], kwargs=inputs[1])
        return self.export_as(inputs, shapes_with(call, asked), asked)

    def export_as(self, inputs: Arguments, shapes: Any, asked: Asked) -> Exported:
        """Export with these `dynamic_shapes`, which ask for `asked`."""
        call = replace(self._call, args=inputs[0], kwargs=inputs[1], dynamic_shapes=shapes)
        self.made += 1
        self._snapshot.restore()
        program, failure = None, None
        with (
            no_partial_graphs(),
            recorded_guards(self._places) as guards,
            recorded_births(self._places) as births,
        ):
            scene = Scene(call, guards, births)
            started = time.perf_counter()
            try:
                program = call.export()
            except BaseException as error:  # sys.exit() in a forward is a result as well
                failure = self._failure(error, scene)
            seconds = time.perf_counter() - started
        self._snapshot.restore()
        sizes = _sizes(program, self._dimensions) if program is not None else {}
        return Exported(inputs, asked, guards.recorded, seconds, program, failure, sizes)

    def _failure(self, error: BaseException, scene: Scene) -> dict[str, Any]:
        finding: Finding = findings_of(error, scene)[0]
        return report(finding, self._places)


def _sizes(program: Program, dimensions: Sequence[Dimension]) -> dict[Key, Any]:
    """What each dimension of the inputs is in the program: a number, or an expression."""
    values = {node.name: node.meta.get("val") for node in program.graph.nodes}
    names = program.graph_signature.user_inputs
    found = {}
    for one in dimensions:
        name = names[one.leaf] if one.leaf < len(names) else None
        shape = getattr(values.get(name) if isinstance(name, str) else None, "shape", ())
        if one.dim < len(shape):
            found[one.key] = _number_or_expression(shape[one.dim])
    return found


def _number_or_expression(size: Any) -> Any:
    expression = size if isinstance(size, int) else size.node.expr
    return int(expression) if getattr(expression, "is_Integer", False) else expression


def sizes_by_name(inputs: Arguments, dimensions: Sequence[Dimension]) -> dict[str, int]:
    """`x.shape[0]` → its size in these inputs."""
    leaves = pytree.tree_leaves(inputs)
    return {one.name: leaves[one.leaf].shape[one.dim] for one in dimensions}

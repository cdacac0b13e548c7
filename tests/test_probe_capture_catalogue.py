"""Every case of torch's own catalogue of exports is captured, as it is and decomposed."""

from typing import Any

import pytest
import torch
from torch._export.db.examples import all_examples

from tests.capture_support import captured, check_sound
from tests.stage_support import call_of, export_whole
from workers.probe.decomposed import decompose

CASES: dict[str, Any] = all_examples()  # type: ignore[no-untyped-call]
pytestmark = pytest.mark.filterwarnings("ignore:The tensor attribute")
SAMPLE = {"cond_branch_class_method", "dynamic_shape_constructor", "dynamic_shape_if_guard"}


@pytest.mark.parametrize(
    "name",
    [name if name in SAMPLE else pytest.param(name, marks=pytest.mark.full) for name in CASES],
)
def test_a_case(name: str) -> None:
    case = CASES[name]
    fields = {"kwargs": case.example_kwargs, "dynamic_shapes": case.dynamic_shapes}
    finished = export_whole(case.model, *case.example_args, **fields)
    if finished.graph is not None:
        check_sound(finished.graph)
    if finished.status != "passed":
        return
    assert finished.graph is not None
    program = call_of(case.model, *case.example_args, **fields).export()
    graph = captured(program)
    assert graph.all_nodes() == sum(
        len(module.graph.nodes)
        for module in program.graph_module.modules()
        if isinstance(module, torch.fx.GraphModule)
    )
    assert captured(decompose(program)).compute_nodes() > 0 or graph.compute_nodes() == 0


def test_the_sample_is_in_the_catalogue() -> None:
    assert set(CASES) >= SAMPLE
    assert len(CASES) >= 30

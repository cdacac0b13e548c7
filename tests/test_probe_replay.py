"""Replay: what counts as equal, on which sizes, from which state."""

import torch
from torch import nn
from torch.export import Dim

from tests.stage_support import call_of, export_whole, run_stage
from workers.events import ReplayReport
from workers.probe.prefix import Prefix, tensors_in
from workers.probe.stages import Attempt

X = torch.rand(8, 4)


class Scale(nn.Module):
    def __init__(self, factor: float = 2.0) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.factor


def replay_against(eager: nn.Module, x: torch.Tensor = X) -> ReplayReport:
    """The replay of an exported Scale against another eager model."""
    call = call_of(Scale(), x)
    finished = run_stage(call, Attempt("whole", call.export, eager, call.model, (x,), {}))
    assert finished.status == "passed"
    assert finished.replay is not None
    return finished.replay


def test_the_same_is_equal_with_no_difference() -> None:
    replay = replay_against(Scale())
    assert (replay.status, replay.max_abs, replay.max_rel) == ("equal", 0.0, 0.0)


def test_a_difference_is_told_with_its_size() -> None:
    replay = replay_against(Scale(2.5))
    assert replay.status == "different"
    assert replay.max_abs == float((X * 2.5 - X * 2).abs().max())
    assert replay.why == "32 of 32 elements differ"


def test_a_rounding_difference_is_equal_and_still_shown() -> None:
    replay = replay_against(Scale(2.0 + 2e-7))
    assert replay.status == "equal"
    assert isinstance(replay.max_abs, float)
    assert replay.max_abs > 0


def test_nan_equals_nan_and_nothing_else() -> None:
    nan = torch.full((2, 2), torch.nan)
    assert replay_against(Scale(), nan).status == "equal"
    mixed = replay_against(Scale(torch.nan))
    assert (mixed.status, mixed.max_abs) == ("different", "nan")


def test_shapes_dtypes_and_counts_are_compared() -> None:
    class Half(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return (x * 2).half()

    class Two(nn.Module):
        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            return x * 2, x

    assert "float16" in replay_against(Half()).why
    assert "2 outputs" in replay_against(Two()).why


def test_what_raises_is_not_run() -> None:
    class Raises(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            raise RuntimeError("no")

    replay = replay_against(Raises())
    assert (replay.status, replay.why) == ("not_run", "RuntimeError: no")


def test_random_state_is_the_same_on_both_sides() -> None:
    finished = export_whole(nn.Dropout(0.5), X)
    assert finished.replay is not None
    assert finished.replay.status == "equal"


def test_buffers_and_caches_are_put_back() -> None:
    class Counts(nn.Module):
        count: torch.Tensor

        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("count", torch.zeros(()))
            self.kept: list[int] = []

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.count.add_(1)
            return x + self.count

    model = Counts()
    finished = export_whole(model, X)
    assert finished.replay is not None
    assert finished.replay.status == "equal"
    assert model.count == 0


def test_dynamic_dimensions_are_replayed_at_other_sizes() -> None:
    shapes = {"x": {0: Dim("n", min=2, max=9)}}
    finished = export_whole(Scale(), X, dynamic_shapes=shapes)
    assert finished.replay is not None
    sizes = [case.sizes for case in finished.replay.cases]
    assert sizes == [{}, {"x.shape[0]": 9}, {"x.shape[0]": 6}]
    assert {case.status for case in finished.replay.cases} == {"equal"}


def test_a_size_that_computes_something_else_is_found() -> None:
    call = call_of(Scale(), X, dynamic_shapes={"x": {0: Dim("n", min=2, max=9)}})

    class TwiceAtEight(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * 2 if len(x) == 8 else x * 3

    attempt = Attempt("whole", call.export, TwiceAtEight(), call.model, (X,), {})
    finished = run_stage(call, attempt)
    assert finished.replay is not None
    assert [case.status for case in finished.replay.cases] == ["equal", "different", "different"]
    assert finished.replay.status == "different"


class Pipeline(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Linear(4, 4)
        self.head = nn.Linear(4, 2)

    def forward(self, x: torch.Tensor, scale: float = 1.0) -> torch.Tensor:
        y = self.backbone(x * scale).relu()
        return torch.cat([self.head(y), self.head(-y)])


class TestPrefix:
    def test_it_is_the_model_up_to_the_component(self) -> None:
        model = Pipeline()
        prefix = Prefix(model, "backbone", 1)
        assert torch.equal(prefix(X), model.backbone(X))
        assert "forward" not in vars(model)
        assert model(X).shape == (16, 2)

    def test_a_component_called_twice_gives_both_results(self) -> None:
        first, second = Prefix(Pipeline(), "head", 2)(X)
        assert first.shape == second.shape == (8, 2)

    def test_it_exports_with_true_module_paths(self) -> None:
        model = Pipeline()
        call = call_of(model, X)
        prefix = Prefix(model, "head", 2)

        def export() -> torch.export.ExportedProgram:
            with prefix.installed():
                return call.export()

        finished = run_stage(call, Attempt("assembled:head", export, prefix, model, (X,), {}))
        assert finished.graph is not None
        assert finished.replay is not None
        assert finished.replay.status == "equal"
        paths = [node.modules[-1][0] for node in finished.graph.nodes if node.modules]
        assert paths == ["", "backbone", "", "head", "", "head"]

    def test_dynamic_shapes_by_name_still_fit(self) -> None:
        model = Pipeline()
        call = call_of(model, X, dynamic_shapes={"x": {0: Dim("n", min=2, max=64)}})
        with Prefix(model, "backbone", 1).installed():
            program = call.export()
        assert len(program.range_constraints) == 1

    def test_a_boundary_that_is_no_pytree_stands_as_its_tensors(self) -> None:
        class ImageList:
            def __init__(self) -> None:
                self.tensors = X
                self.sizes = [(1, 2)]

        found = tensors_in({"images": ImageList(), "n": 3})
        assert found["n"] == 3
        assert [tensor.shape for tensor in found["images"]] == [X.shape]

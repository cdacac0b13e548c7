"""Why an export fails, and where: category, culprit line, module, expression."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.export import Dim

from app.settings import ROOT
from tests.stage_support import Wrap, export_whole

X = torch.rand(8, 4) + 1


class Branch(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.sum() > 0:  # culprit
            return x
        return -x


class BranchInHelper(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x if is_large(x) else -x


def is_large(x: torch.Tensor) -> bool:
    return bool(x.max() > 10)  # culprit of BranchInHelper


class Asserted(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = x[x > 0]
        assert y.shape[0] > 3  # culprit
        return y


class Item(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        count = int(x.max().item())  # culprit
        return torch.stack([x + step for step in range(count)])


class LoopOverItem(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for step in range(int(x.max().long())):  # culprit
            x = x + step
        return x


class PoolsAMask(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = x[x > 1.5]
        return nn.functional.max_pool1d(y[None], 2)  # culprit


class ReshapesNonzero(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.nonzero(x > 0).view(4, -1)  # culprit


class Numpy(nn.Module):
    def forward(self, x: torch.Tensor) -> Any:
        return torch.from_numpy(np.tanh(x.numpy()))  # culprit


class Box:
    def __init__(self, x: torch.Tensor) -> None:
        self.x = x


class ReturnsBox(nn.Module):
    def forward(self, x: torch.Tensor) -> Any:
        y = x + 1
        return Box(y)  # culprit


class TakesBox(nn.Module):
    def forward(self, box: Box) -> torch.Tensor:
        return box.x + 1


class LoopOverTime(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for step in range(x.shape[0]):  # culprit
            x = x + step
        return x


class FixedWindow(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x * 2
        return x.reshape(8, -1).sum(-1)  # culprit


@torch.library.custom_op("stagelight_tests::no_fake", mutates_args=())
def no_fake(x: torch.Tensor) -> torch.Tensor:
    return x.clone()


class CustomOp(nn.Module):
    def forward(self, x: torch.Tensor) -> Any:
        return no_fake(x)  # culprit


class Raises(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        raise KeyError("anything")  # culprit


class TooMuchMemory(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        raise MemoryError  # culprit


def marked(cls: type) -> tuple[int, str]:
    """The line of this file that is marked as the class's culprit."""
    named = f"# culprit of {cls.__name__}"
    inside = False
    for number, text in enumerate(Path(__file__).read_text().splitlines(), 1):
        inside = text.startswith(f"class {cls.__name__}(") or (inside and text[:1] in ("", " "))
        if text.endswith(named) or (inside and text.endswith("# culprit")):
            return number, text.strip()
    raise AssertionError(f"no line is marked for {cls.__name__}")


@pytest.fixture(autouse=True)
def _fresh_random_state() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize(
    ("cls", "category"),
    [
        (Branch, "data_dependent_branch"),
        (BranchInHelper, "data_dependent_branch"),
        (Asserted, "data_dependent_branch"),
        (Item, "tensor_to_python"),
        (LoopOverItem, "tensor_to_python"),
        (PoolsAMask, "data_dependent_shape"),
        (ReshapesNonzero, "data_dependent_shape"),
        (Numpy, "numpy_conversion"),
        (CustomOp, "missing_fake_kernel"),
        (Raises, "unknown"),
        (TooMuchMemory, "out_of_memory"),
    ],
)
def test_category_line_and_module(cls: type[nn.Module], category: str) -> None:
    finished = export_whole(Wrap(cls()), X)
    failure = finished.failure
    assert finished.status == "failed"
    assert failure is not None
    assert failure.culprit is not None
    assert failure.source is not None
    assert (failure.category, failure.module) == (category, "part")
    assert (failure.culprit.line, failure.culprit.text) == marked(cls)
    assert failure.culprit.file == "test_probe_failures.py"
    culprit_line = failure.source.lines[failure.culprit.line - failure.source.first]
    assert culprit_line.strip() == failure.culprit.text
    assert failure.stack.startswith("Traceback")
    assert all(frame.where != "probe" for frame in failure.frames)


@pytest.mark.parametrize("cls", [LoopOverTime, FixedWindow])
@pytest.mark.parametrize("depth", ["root", "nested"])
def test_a_violated_dimension_names_the_line_that_fixed_it(
    cls: type[nn.Module], depth: str
) -> None:
    model = cls() if depth == "root" else Wrap(cls())
    dims = {0: Dim("n", min=2, max=20)}
    shapes = {"x": dims} if depth == "root" else {"args": (dims,)}
    failure = export_whole(model, X, dynamic_shapes=shapes).failure
    assert failure is not None
    assert failure.culprit is not None
    assert failure.category == "dynamic_shape_violation"
    assert (failure.culprit.line, failure.culprit.text) == marked(cls)
    assert failure.module == ("" if depth == "root" else "part")
    assert "shape[0]" in (failure.expression or "")


def test_an_output_that_is_no_pytree_names_its_return() -> None:
    failure = export_whole(ReturnsBox(), X).failure
    assert failure is not None
    assert failure.culprit is not None
    assert failure.category == "unsupported_output"
    assert (failure.culprit.line, failure.culprit.text) == marked(ReturnsBox)


def test_an_input_that_is_no_pytree_has_its_category() -> None:
    failure = export_whole(TakesBox(), Box(X)).failure
    assert failure is not None
    assert failure.category == "unsupported_input"


def test_the_expression_is_what_could_not_be_decided() -> None:
    failure = export_whole(Branch(), X).failure
    assert failure is not None
    assert failure.expression == "u0 == 1"
    assert failure.hint


def test_strict_export_finds_the_line_too() -> None:
    failure = export_whole(Wrap(Branch()), X, strict=True).failure
    assert failure is not None
    assert failure.culprit is not None
    assert failure.category == "data_dependent_branch"
    assert (failure.culprit.line, failure.culprit.text) == marked(Branch)


def test_a_failure_leaves_the_model_as_it_was() -> None:
    class Caches(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.last: Any = None
            self.seen: list[torch.Tensor] = []

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.last = x + 1
            self.seen.append(x)
            if x.sum() > 0:
                return x
            return -x

    model = Caches()
    assert export_whole(model, X).status == "failed"
    assert model.last is None
    assert model.seen == []


class TestGuards:
    def test_a_guard_has_its_line_and_its_meaning(self) -> None:
        class Small(nn.Module):
            def forward(self, x: torch.Tensor) -> torch.Tensor:
                if x.shape[0] > 4:
                    return x * 2
                return x

        finished = export_whole(Small(), X, dynamic_shapes={"x": {0: Dim.AUTO}})
        guard = next(guard for guard in finished.guards if guard.kind == "guard")
        assert guard.meaning == "x.shape[0] > 4"
        assert guard.frame is not None
        assert guard.frame.text == "if x.shape[0] > 4:"
        ranges = [guard.meaning for guard in finished.guards if guard.kind == "range"]
        assert ranges == ["5 <= x.shape[0] <= int_oo"]

    def test_a_dimension_that_became_static_without_a_word_is_marked(self) -> None:
        finished = export_whole(LoopOverTime(), X, dynamic_shapes={"x": {0: Dim.AUTO}})
        assert finished.status == "passed"
        guard = next(guard for guard in finished.guards if guard.kind == "specialisation")
        assert guard.silent
        assert guard.meaning == "x.shape[0] == 8"
        assert guard.frame is not None
        assert guard.frame.line == marked(LoopOverTime)[0]

    def test_those_seen_before_a_failure_are_kept(self) -> None:
        shapes = {"x": {0: Dim("n", min=2, max=20)}}
        finished = export_whole(LoopOverTime(), X, dynamic_shapes=shapes)
        assert [guard.kind for guard in finished.guards] == ["specialisation"]
        assert not finished.guards[0].silent


def test_a_runtime_that_is_reached_by_a_link_is_no_users_code(tmp_path: Path) -> None:
    (tmp_path / "linked").symlink_to(sys.prefix)
    told = subprocess.run(
        [
            *(tmp_path / "linked" / "bin" / "python", "-c"),
            "import json, numpy, pathlib, torch, workers.probe.frames as frames\n"
            "places = frames.Places(pathlib.Path('/nowhere'))\n"
            "print(*(places.place(one.__file__)[0] for one in (torch, numpy, json, frames)))",
        ],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert told.stdout.split() == ["torch", "torch", "python", "probe"]

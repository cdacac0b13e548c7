"""The whole model's call in the other mode, and by draft_export."""

from pathlib import Path
from typing import Any

from tests.probe_support import run_probe

SCRIPT = """import torch
from torch import nn

class Net(nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            return x * 2
        return x

model, inputs = Net(), (torch.rand(2, 3),)
"""
PLAIN = SCRIPT.replace("x.sum() > 0", "x.dim() > 1")


def end_of(root: Path, script: str, kind: str, **options: Any) -> Any:
    said = run_probe(root, script, kind=kind, **options)
    assert said.status == 0, said.log
    return said.stage(kind)


def test_strict_export_says_its_own_failure_with_its_line(tmp_path: Path) -> None:
    end = end_of(tmp_path, SCRIPT, "strict")
    assert (end.status, end.failure.category) == ("failed", "data_dependent_branch")
    assert (end.failure.culprit.file, end.failure.culprit.line) == ("model.py", 6)
    assert "ynamo" in end.failure.message


def test_what_passes_strict_has_its_graph_and_is_replayed(tmp_path: Path) -> None:
    end = end_of(tmp_path, PLAIN, "strict")
    assert (end.status, end.replay.status) == ("passed", "equal")
    assert "aten.mul.Tensor" in {node.target for node in end.graph.nodes}


def test_of_a_strict_call_the_other_mode_is_non_strict(tmp_path: Path) -> None:
    end = end_of(tmp_path, SCRIPT, "strict", strict=True)
    assert "ynamo" not in end.failure.message


def test_draft_export_tells_what_it_decided_by_itself_and_where(tmp_path: Path) -> None:
    end = end_of(tmp_path, SCRIPT, "draft")
    assert (end.status, end.replay.status) == ("passed", "equal")
    (guess,) = end.detail.guesses
    assert (guess.kind, guess.frame.line) == ("data_dependent_error", 6)
    assert guess.text.endswith("is taken as True")


def test_a_draft_that_decided_nothing_says_so(tmp_path: Path) -> None:
    end = end_of(tmp_path, PLAIN, "draft")
    assert (end.status, end.detail.guesses) == ("passed", [])


def test_a_draft_is_equal_only_where_it_decided_as_eager_does(tmp_path: Path) -> None:
    weight = """    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.full((3,), 5.0))

    def forward"""
    script = SCRIPT.replace("x.sum() > 0", "self.weight.sum() > 10").replace(
        "    def forward", weight
    )
    end = end_of(tmp_path, script, "draft")
    assert end.status == "passed"
    is_right = end.detail.guesses[0].text.endswith("taken as True")  # the sum is 15
    assert is_right == (end.replay.status == "equal")

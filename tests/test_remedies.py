"""Remedies end to end: real scripts, a real worker and sandbox, and plain torch as the judge."""

from collections.abc import Iterator

import pytest

from app.models import RemedyKind, RemedyStatus, ReplayStatus
from app.services.options import RunOptions
from bench.remedies import KINDS, Result, faulty, measure
from bench.remedy_runs import Followed, RemedyRuns, remedy_runs
from tests.planted_truth import one_thread

NET = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.line = nn.Linear(4, 4)

    def forward(self, x):
        y = self.line(x)
        if y.sum() > 0:
            y = y * 2
{more}
        return y

model = Net().eval()
inputs = (torch.randn(3, 4),)
"""


@pytest.fixture(scope="module")
def runs() -> Iterator[RemedyRuns]:
    with remedy_runs() as opened:
        yield opened


def follow(runs: RemedyRuns, more: str = "", **options: object) -> Followed:
    files = {"model.py": NET.format(more=more)}
    return runs.follow(files, "model.py", RunOptions.model_validate(options))


def test_a_branch_gets_a_patch_that_exports(runs: RemedyRuns) -> None:
    followed = follow(runs)
    first, combined = followed.remedies[0], followed.combined
    assert combined is not None
    assert (first.blocker, first.kind, first.status) == (
        1,
        RemedyKind.REWRITE,
        RemedyStatus.WORKS,
    )
    assert (combined.status, combined.replay) == (RemedyStatus.WORKS, ReplayStatus.EQUAL)
    assert combined.parts == [1]
    assert "torch.where" in combined.files["model.py"]
    assert "-        if y.sum() > 0:\n" in combined.patch
    assert combined.replay_detail is not None
    assert len(combined.replay_detail["cases"]) > 3
    assert followed.run.verdict == "partly"  # of the script as it was uploaded


RESISTS = """\
        y = y + ord(chr(int(y.abs().sum() * 1_000) % 7))
"""


@pytest.mark.full
def test_what_resists_is_named_with_its_line(runs: RemedyRuns) -> None:
    followed = follow(runs, RESISTS)
    combined = followed.combined
    assert combined is not None
    assert combined.status is not RemedyStatus.WORKS
    assert combined.replay is ReplayStatus.NOT_RUN
    assert "model.py:14" in combined.reason
    assert followed.remedies[0].status is RemedyStatus.WORKS  # the branch before it
    assert combined.files  # what works may still be taken


@pytest.mark.full
def test_nothing_is_tried_where_the_options_say_so(runs: RemedyRuns) -> None:
    assert follow(runs, remedies=False).remedies == []


@pytest.mark.full
def test_a_model_that_exports_needs_no_remedy(runs: RemedyRuns) -> None:
    files = {"model.py": NET.format(more="").replace("if y.sum() > 0:", "if y.dim() > 0:")}
    assert runs.follow(files, "model.py").remedies == []


@pytest.mark.full
def test_a_model_without_a_reference_is_not_tried(runs: RemedyRuns) -> None:
    followed = follow(runs, "        import os\n        y = y * os.urandom(1)[0]\n")
    (combined,) = followed.remedies
    assert combined.status is RemedyStatus.NOT_TRIED
    assert "gives other outputs each time it is run" in combined.reason


# One of each kind of fault that a patch is known for; the rest is measured by bench.remedies.
PATCHED = ("back_and_forth", "context_manager", "decorated_forward", "behind_the_value")


@pytest.mark.full
@pytest.mark.parametrize("name", PATCHED)
def test_planted_faults_get_a_patch_that_plain_torch_confirms(runs: RemedyRuns, name: str) -> None:
    (model,) = faulty([name])
    with one_thread():
        result: Result = measure(runs, model)
    assert result.works, result.resists
    assert {*result.kinds} <= {*KINDS}
    assert result.disproof == ""

"""Repros of planted faults through the real probe; plain Python fails at them as well."""

from pathlib import Path

import pytest

from tests.planted_set import planted
from tests.planted_truth import one_thread
from tests.repro_support import complaint_of, repros_of

SET = {model.name: model for model in planted()}

# One of each way: a statement, a module with its class, two files, strict, the call's own inputs.
SAMPLE = {
    "two_files": 2,
    "number_that_travels": 2,
    "two_operators_without_fakes": 2,
    "takes_a_box": 1,
    "strict_branch": 1,
    "dims_and_a_branch": 2,
    "greedy_nms": 2,  # a loop that has no end in eager once it is cut down
    "weights_replaced": 1,
    "wrong_fake_kernel": 1,
}

UNKNOWN_SIZES = """
import torch
from torch import nn


def enlarged(boxes, count):
    if count > 0:
        boxes = boxes * 2
    return boxes


class Heads(nn.Module):
    def forward(self, boxes, scores):
        if scores.max() > 2:  # answered, so that the search comes to what is behind it
            boxes = boxes + 1
        best = boxes[scores > 0.1][:20]
        return enlarged(best, best.shape[0]), [0.0] * len(best)


model = Heads().eval()
inputs = (torch.rand(40, 4), torch.linspace(0, 1, 40))
"""


@pytest.mark.full
@pytest.mark.parametrize("name", SAMPLE)
def test_each_blocker_has_a_small_script_that_fails_alike(name: str, tmp_path: Path) -> None:
    model = SET[name]
    made = repros_of(tmp_path, model.files, model.entry)
    assert [one.found["why"] for one in made] == [""] * SAMPLE[name]
    for one in made:
        assert one.lines < len(model.files[model.entry].splitlines())
        assert "FAULT" not in one.found["text"]
        with one_thread():
            assert complaint_of(one) == ""


@pytest.mark.full
def test_what_only_fails_for_sizes_that_the_data_knows_gets_such_sizes(tmp_path: Path) -> None:
    made = repros_of(tmp_path, {"heads.py": UNKNOWN_SIZES}, "heads.py")
    assert [one.found["why"] for one in made] == [""] * 3
    assert [one.blocker.expression for one in made[1:]] == ["Min(20, u1) > 0", "Min(20, u1)"]
    for one in made:
        with one_thread():
            assert complaint_of(one) == ""

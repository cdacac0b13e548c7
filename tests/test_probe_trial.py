"""References and trials: what a changed script is compared on, and what it is refused for."""

from pathlib import Path

import pytest

from tests.trial_support import compare, refer, statuses, try_

NET = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.line = nn.Linear(4, 4)

    def forward(self, x):
        y = self.line(x)
{body}

model = Net().eval()
inputs = (torch.randn(3, 4),)
"""

BRANCH = NET.format(body="        if y.sum() > 0:\n            y = y * 2\n        return y")
WHERE = NET.format(body="        return torch.where(y.sum() > 0, y * 2, y)")
TAKEN = NET.format(body="        return y * 2")
NOT_TAKEN = NET.format(body="        return y")


def test_the_right_rewrite_is_equal_on_every_input(tmp_path: Path) -> None:
    trial = compare(tmp_path, BRANCH, WHERE)
    assert trial.exported
    assert set(statuses(trial.eager)) == set(statuses(trial.replay)) == {"equal"}
    assert [case.inputs for case in trial.replay] == [
        "the run's own inputs",
        "noise like the inputs",
        "the inputs with the opposite sign",
        "the run's own inputs, then the inputs with the opposite sign",
        "zeros",
        "standard normal noise",
        "the inputs times 0.01",
        "the run's own inputs, twice",
        "the inputs times -10",  # the only ones for which the branch goes the other way
    ]
    assert (trial.failure, trial.blockers, trial.complete) == (None, [], None)


def test_a_rewrite_of_one_way_of_a_branch_is_caught_by_other_inputs(tmp_path: Path) -> None:
    for text in (TAKEN, NOT_TAKEN):
        trial = compare(tmp_path, BRANCH, text)
        assert "different" in statuses(trial.eager)
        assert not trial.exported
        assert trial.replay == []


@pytest.mark.full
def test_what_still_stops_a_changed_script_is_searched_for(tmp_path: Path) -> None:
    two = NET.format(
        body="        if y.sum() > 0:\n            y = y * 2\n"
        "        if y.max() > 1:\n            y = y - 1\n        return y"
    )
    one = NET.format(
        body="        y = torch.where(y.sum() > 0, y * 2, y)\n"
        "        if y.max() > 1:\n            y = y - 1\n        return y"
    )
    trial = compare(tmp_path, two, one)
    assert not trial.exported
    assert trial.failure is not None
    (blocker,) = trial.blockers
    assert blocker.failure.culprit is not None
    assert blocker.failure.culprit.text == "if y.max() > 1:"
    assert trial.complete == "clean"


def test_a_number_out_of_a_range_that_counts_from_the_end_is_told_apart(tmp_path: Path) -> None:
    before = NET.format(body="        return y + range(16)[x.abs().mean().log2().long()]")
    after = NET.format(body="        return y + x.abs().mean().log2().long()")
    trial = compare(tmp_path, before, after)
    assert "different" in statuses(trial.eager)


def test_a_pin_may_refuse_other_inputs_and_a_rewrite_may_not(tmp_path: Path) -> None:
    pinned = NET.format(
        body="        torch._check(x.count_nonzero().item() > 0)\n"
        "        return torch.where(y.sum() > 0, y * 2, y)"
    )
    reference, data = refer(tmp_path, BRANCH)
    strict, _ = try_(tmp_path, pinned, data)
    assert "refused" in statuses(strict.eager)
    assert not strict.exported
    lenient, _ = try_(tmp_path, pinned, data, lenient=True)
    assert lenient.exported
    assert statuses(lenient.replay)[0] == "equal"
    zeros = next(case for case in lenient.replay if case.inputs == "zeros")
    assert zeros.status == "refused"
    assert len(lenient.replay) == len(reference.cases)


@pytest.mark.full
def test_weights_are_the_same_though_the_script_sets_no_seed(tmp_path: Path) -> None:
    changed = WHERE.replace(
        "self.line = ", "self.register_buffer('more', torch.zeros(2))\n        self.line = "
    )
    assert compare(tmp_path, BRANCH, changed).exported


@pytest.mark.full
def test_weights_from_elsewhere_are_given_along_where_they_are_small(tmp_path: Path) -> None:
    lines = "import os\ntorch.manual_seed(int.from_bytes(os.urandom(7), 'big'))\nmodel ="
    trial = compare(tmp_path, BRANCH.replace("model =", lines), WHERE.replace("model =", lines))
    assert trial.exported
    assert set(statuses(trial.replay)) == {"equal"}


@pytest.mark.full
def test_large_weights_from_elsewhere_cannot_be_compared(tmp_path: Path) -> None:
    lines = (
        "import os\ntorch.manual_seed(int.from_bytes(os.urandom(7), 'big'))\n"
        "Net.extra = nn.Parameter(torch.randn(2))\n"
    )
    big = "self.line = nn.Linear(4, 4)\n        self.big = nn.Parameter(torch.randn(3_000_000))"
    before, after = (
        text.replace("model =", f"{lines}model =").replace("self.line = nn.Linear(4, 4)", big)
        for text in (BRANCH, WHERE)
    )
    trial = compare(tmp_path, before, after)
    assert "is another each time the script is run" in trial.why
    assert (trial.eager, trial.exported) == ([], False)


def test_a_model_without_the_upload_s_weights_cannot_be_compared(tmp_path: Path) -> None:
    trial = compare(tmp_path, BRANCH, WHERE.replace("self.line", "self.other"))
    assert trial.why == "The changed model has no line.weight."


def test_a_model_that_throws_dice_from_elsewhere_has_no_reference(tmp_path: Path) -> None:
    dice = NET.format(body="        import os\n        return y * os.urandom(1)[0]")
    reference, _ = refer(tmp_path, dice)
    assert reference.why == "The model gives other outputs each time it is run, from the same seed."


@pytest.mark.full
def test_dice_from_the_seeded_generators_can_be_compared(tmp_path: Path) -> None:
    text = BRANCH.replace("return y", "return torch.nn.functional.dropout(y)")
    changed = WHERE.replace("return ", "return torch.nn.functional.dropout(") + ""
    changed = changed.replace("y * 2, y)", "y * 2, y))")
    trial = compare(tmp_path, text, changed)
    assert set(statuses(trial.eager)) == {"equal"}


def test_inputs_that_eager_does_not_take_are_left_out_and_told(tmp_path: Path) -> None:
    text = NET.format(body="        assert float(x.sum()) != 0, 'no light'\n        return y")
    reference, _ = refer(tmp_path, text)
    assert "zeros" not in reference.cases
    assert [left for left in reference.left_out if left.startswith("zeros: AssertionError")]


@pytest.mark.full
def test_weights_that_a_forward_changes_are_put_back(tmp_path: Path) -> None:
    text = NET.format(
        body="        with torch.no_grad():\n            self.line.weight.mul_(2)\n        return y"
    )
    trial = compare(tmp_path, text, text)
    assert set(statuses(trial.eager)) == {"equal"}


STATE = NET.format(
    body="        last = getattr(self, 'last', None)\n"
    "        self.last = y\n"
    "        return y if last is None else y + last"
)


def test_state_that_the_program_loses_shows_on_calls_in_a_row(tmp_path: Path) -> None:
    trial = compare(tmp_path, STATE, STATE)
    assert trial.exported
    lost = [case.inputs for case in trial.replay if case.status == "different"]
    assert len(lost) == 2
    assert all("then" in name or "twice" in name for name in lost)


def test_other_forms_of_the_same_outputs_are_equal_and_told(tmp_path: Path) -> None:
    before = NET.format(body="        return {'n': int((y > 0).sum()), 'y': y.numpy()}")
    before = before.replace("y = self.line(x)", "y = self.line(x).detach()")
    after = before.replace("int((y > 0).sum())", "(y > 0).sum()").replace("y.numpy()", "y")
    trial = compare(tmp_path, before, after)
    assert set(statuses(trial.eager)) == {"equal"}
    assert trial.changed == "['n'] was a int, is a tensor; ['y'] was a ndarray, is a tensor"
    assert trial.exported


@pytest.mark.full
def test_a_set_and_a_tuple_with_the_same_members_are_equal(tmp_path: Path) -> None:
    before = NET.format(body="        return {y, y + 1, y - 1}")
    after = NET.format(body="        return y - 1, y, y + 1")
    trial = compare(tmp_path, before, after)
    assert set(statuses(trial.eager)) == {"equal"}
    wrong = NET.format(body="        return y - 1, y, y + 2")
    assert "different" in statuses(compare(tmp_path, before, wrong).eager)


@pytest.mark.full
def test_objects_are_compared_by_what_they_hold(tmp_path: Path) -> None:
    box = "class Box:\n    def __init__(self, t):\n        self.t = t\n\nclass Net("
    before = NET.format(body="        return Box(y * x.t)").replace("class Net(", box)
    before = before.replace("self.line(x)", "self.line(x.t)")
    before = before.replace("(torch.randn(3, 4),)", "(Box(torch.randn(3, 4)),)")
    register = (
        "torch.utils._pytree.register_pytree_node(\n"
        "    Box, lambda box: ([box.t], None), lambda items, _: Box(*items),\n"
        "    flatten_with_keys_fn=lambda box: (\n"
        "        [(torch.utils._pytree.GetAttrKey('t'), box.t)], None))\nmodel ="
    )
    trial = compare(tmp_path, before, before.replace("model =", register))
    assert set(statuses(trial.eager)) == set(statuses(trial.replay)) == {"equal"}
    assert len(trial.replay) >= 6


@pytest.mark.full
def test_dimensions_asked_to_be_dynamic_are_tried_at_another_size(tmp_path: Path) -> None:
    shapes = "\ndynamic_shapes = {'x': {0: torch.export.Dim('batch')}}\n"
    trial = compare(tmp_path, BRANCH + shapes, WHERE + shapes)
    (case,) = [case for case in trial.replay if case.other_sizes]
    assert case.status == "equal"
    fixed = WHERE.replace("y.sum()", "y.view(3, 4).sum()")
    trial = compare(tmp_path, BRANCH + shapes, fixed + shapes)
    (case,) = [case for case in trial.eager if case.other_sizes]
    assert case.status == "refused"
    assert not trial.exported


@pytest.mark.full
def test_a_script_that_does_not_load_any_more_says_so(tmp_path: Path) -> None:
    _, data = refer(tmp_path, BRANCH)
    with pytest.raises(AssertionError, match=r"no trial among \['failed', 'finished'\]"):
        try_(tmp_path, "raise ValueError('broken')", data)

"""The planted faults through the real probe: each found at its line, of its kind, and no other."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.models import Category
from tests.planted_set import Fault, Planted, planted, read
from tests.planted_truth import complaints, one_thread
from tests.probe_support import Said, run_probe

SET = {model.name: model for model in planted()}
# Of these the worker tells, by how a probe ended; or no stage of a probe looks for them.
NOT_PLANTED = {"timeout", "crash", "output_limit", "internal", "serialization", "numeric_mismatch"}

Ask = Callable[[Planted], Said]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """What the probe says of a model, asked once."""
    answers: dict[str, Said] = {}

    def asked(model: Planted) -> Said:
        if model.name not in answers:
            kind = "staged" if model.remarks & {"EAGER", "SCRIPT"} else "whole"
            folder = tmp_path_factory.mktemp(model.name)
            answers[model.name] = run_probe(folder, model.files, kind=kind, entry=model.entry)
        return answers[model.name]

    return asked


def blockers_of(said: Said) -> list[Any]:
    """The last that was said of what stops the model."""
    events = said.all("blockers")
    return events[-1].blockers if events else []


def failures_of(model: Planted, said: Said) -> list[Any]:
    """The typed failures of a model in the order of the report."""
    if model.remarks & {"EAGER", "SCRIPT"}:
        return [said.first("failed").failure]
    return [blocker.failure for blocker in blockers_of(said)]


def place(failure: Any) -> tuple[str, int]:
    """The culprit line; none where there is none."""
    return (failure.culprit.file, failure.culprit.line) if failure.culprit else ("", 0)


def found(fault: Fault, failures: list[Any]) -> Any:
    """The failure at this fault's line; else one of its category that names no line at all."""
    for failure in failures:
        if fault.line and place(failure) == fault.at:
            return failure
    for failure in failures:
        if failure.category == fault.category and not (fault.line and failure.culprit):
            return failure
    return None


def in_order(pairs: list[tuple[str, tuple[str, int]]]) -> list[tuple[str, tuple[str, int]]]:
    """Constraints are violated once tracing is over: where they stand in the order is open."""
    late = [pair for pair in pairs if pair[0] == "dynamic_shape_violation"]
    return [pair for pair in pairs if pair not in late] + sorted(late)


def test_the_set_is_as_large_and_as_wide_as_it_has_to_be() -> None:
    faulty = [model for model in SET.values() if model.faults]
    assert len(faulty) >= 40
    assert len(SET) - len(faulty) >= 10
    assert sum(len(model.faults) for model in faulty) >= 80
    kinds = {fault.category for model in faulty for fault in model.faults}
    assert kinds == {category.value for category in Category} - NOT_PLANTED


@pytest.mark.parametrize("name", [name for name, model in SET.items() if model.faults])
def test_faults_are_found(name: str, ask: Ask) -> None:
    model, said = SET[name], ask(SET[name])
    got = [(failure.category, place(failure)) for failure in failures_of(model, said)]
    if model.faults[0].line:
        assert in_order(got) == in_order([(fault.category, fault.at) for fault in model.faults])
    else:
        assert [category for category, _ in got] == [fault.category for fault in model.faults]


@pytest.mark.parametrize("name", [name for name, model in SET.items() if model.faults])
def test_occurrences_are_counted(name: str, ask: Ask) -> None:
    model, said = SET[name], ask(SET[name])
    for blocker in blockers_of(said):
        fault = next((one for one in model.faults if one.at == place(blocker.failure)), None)
        if fault is None:
            continue
        assert [o.module for o in blocker.occurrences if not fault.is_in(o.module or ".")] == []
        calls = sum(occurrence.calls for occurrence in blocker.occurrences)
        assert fault.times in (None, calls), f"{fault.at} is met {calls} times"
        assert blocker.behind or not fault.behind


@pytest.mark.parametrize("name", [name for name, model in SET.items() if not model.faults])
def test_a_clean_model_has_no_blocker(name: str, ask: Ask) -> None:
    said = ask(SET[name])
    stage = said.stage("whole")
    assert (stage.status, stage.failure) == ("passed", None)
    assert said.all("blockers") == []
    expected = "different" if "REPLAY" in SET[name].remarks else "equal"
    assert stage.replay.status == expected


def test_of_the_whole_set_nearly_all_is_right_and_nothing_is_made_up(ask: Ask) -> None:
    total = lines = categories = 0
    made_up = []
    for model in SET.values():
        failures = failures_of(model, ask(model))
        for fault in model.faults:
            failure = found(fault, failures)
            total += 1
            lines += failure is not None and (not fault.line or place(failure) == fault.at)
            categories += failure is not None and failure.category == fault.category
        known = [found(fault, failures) for fault in model.faults]
        made_up += [(model.name, place(one), one.category) for one in failures if one not in known]
    assert made_up == []
    assert lines / total >= 0.98, f"{lines} of {total} lines"
    assert categories / total >= 0.95, f"{categories} of {total} categories"


@pytest.mark.full
@pytest.mark.parametrize("name", SET)
def test_plain_export_stops_where_the_marks_say(name: str) -> None:
    with one_thread():
        assert list(complaints(SET[name])) == []


SMALL = '''"""A branch."""
import torch
from torch import Tensor, nn


class Net(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        y = x.sum(){wrong}
        if y > 0:{right}
            return x
        return -x


model = Net()
inputs = (torch.ones(2),)
'''
MARK = "  # FAULT data_dependent_branch\n        # FIX: {}"


@pytest.mark.full
def test_a_mark_at_another_line_is_complained_of(tmp_path: Path) -> None:
    right = SMALL.format(wrong="", right=MARK.format("if True:"))
    wrong = SMALL.format(wrong=MARK.format("y = 1.0"), right="")
    clean = SMALL.format(wrong="", right="")
    said = {}
    with one_thread():
        for name, text in (("right", right), ("wrong", wrong), ("clean", clean)):
            said[name] = list(complaints(read(name, "model.py", {"model.py": text})))
    assert said["right"] == []
    assert "stops at ('model.py', 10)" in said["wrong"][0]
    assert "with all fixes in" in said["clean"][0]


def test_a_mark_without_a_fix_is_refused() -> None:
    text = SMALL.format(wrong="", right="  # FAULT data_dependent_branch")
    with pytest.raises(ValueError, match=r"model\.py:9: not a mark with its fix"):
        read("model", "model.py", {"model.py": text})

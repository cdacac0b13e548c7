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
}


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

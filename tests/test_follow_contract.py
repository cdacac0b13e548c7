"""The course that reads a contract: asked for once, stored, and nothing said where it is off."""

from pathlib import Path

import pytest

from app.services.options import RunOptions
from tests.test_follow_stages import asked
from tests.worker_support import GOOD, Story, drive_fake
from workers.follow.contract import LEAST_SECONDS, contract
from workers.follow.model import Course

TELLS = """
if job["probe"] == "contract":
    say(LOADED)
    row = {"name": "x.shape[0]", "input": "x", "dim": 0, "size": 4, "obtained": "dynamic"}
    say({"type": "contract", "how": "export", "dimensions": [row], "exports": 2,
         "seconds": job["work"]["seconds"]})
    finish()
"""
DIES = 'if job["probe"] == "contract":\n    say(LOADED)\n    os._exit(3)\n'
LIES = TELLS.replace('"exports": 2', '"exports": -2')


def follow(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    errand: str,
    course: Course = contract,
    pair: str = GOOD,
) -> Story:
    monkeypatch.setattr("workers.follow.line.COURSES", {"contract": course})
    return drive_fake(tmp_path, errand + pair, follow_ups=True)


def test_it_is_stored_with_the_run_and_pages_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = follow(tmp_path, monkeypatch, TELLS)
    told = story.run.contract
    assert told is not None
    assert told["dimensions"][0]["obtained"] == "dynamic"
    assert told["seconds"] == LEAST_SECONDS  # for ten times a quick export is less
    assert "contract" in [event.type for event in story.events]


def test_a_model_that_does_not_export_has_one_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = GOOD.replace("whole()", "whole(failed)")
    assert follow(tmp_path, monkeypatch, TELLS, pair=blocked).run.contract is not None


@pytest.mark.parametrize("errand", [DIES, LIES])
def test_a_probe_that_goes_wrong_is_noted_and_costs_no_verdict(
    errand: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = follow(tmp_path, monkeypatch, errand)
    assert story.run.verdict == "exported"
    assert story.run.contract is None
    (note,) = [note for note in story.run.notes if note["code"] == "contract_failed"]
    assert note["message"].startswith("What its dimensions can be is not known: The probe")


def test_the_option_dynamic_turns_it_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    course = asked(contract, RunOptions(dynamic=False))
    story = follow(tmp_path, monkeypatch, TELLS, course)
    assert story.run.contract is None
    assert story.run.notes == []

"""Stages after a verdict: the saved program, the other mode, draft_export, ONNX."""

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.models import ReplayStatus, StageStatus, Verdict
from app.services.options import RunOptions
from app.services.programs import program_store
from tests.worker_support import GOOD, Story, drive_fake, make_settings
from workers.follow.context import Context
from workers.follow.model import Answer, Course, Errand
from workers.follow.serialized import serialized
from workers.follow.stages import draft, onnx, strict

BRANCH = GOOD.replace("whole()", "whole(failed)")
ALL = RunOptions(draft=True, onnx=True)

# A probe that saves four bytes, and finds in its other life the files that it sent.
SAVES = """
import base64
def send(name, data):
    say({"type": "piece", "name": name, "data": base64.b64encode(data).decode()})
if job["probe"] == "saver":
    say(LOADED)
    send("program.pt2", b"PK")
    send("program.pt2", b"pt")
    send("cases.pt", b"cases")
    say({"type": "saved", "seconds": 0.5, "bytes": job["work"]["bytes"]})
    finish()
if job["probe"] == "loader":
    found = {name: open(os.path.join(job["root"], name), "rb").read()
             for name in os.listdir(job["root"])}
    assert found == {"program.pt2": b"PKpt", "cases.pt": b"cases"}, found
    say(started("loader"))
    say(END("loader"))
    finish()
"""
LOADS = SAVES.replace("END", "passed")


def asked(course: Course, options: RunOptions) -> Course:
    """The course of a run with these options."""

    def follow(context: Context) -> Generator[Errand, Answer, None]:
        return course(replace(context, task=replace(context.task, options=options)))

    return follow


def follow(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    course: Course,
    errand: str,
    pair: str = GOOD,
    options: RunOptions = ALL,
    **given: Any,
) -> Story:
    """Drive a fake run that this course follows."""
    monkeypatch.setattr("workers.follow.line.COURSES", {"course": asked(course, options)})
    return drive_fake(tmp_path, errand + pair, **{"follow_ups": True, **given})


def answers(kind: str, end: str) -> str:
    """A probe that ends the stage of this kind so."""
    return f"if job['probe'] == '{kind}':\n    say(LOADED); {end}; finish()\n"


def test_a_saved_program_is_loaded_elsewhere_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = follow(tmp_path, monkeypatch, serialized, LOADS)
    stage = story.stages[-1]
    assert (stage.key, stage.status) == ("serialized", StageStatus.PASSED)
    assert (stage.replay, stage.file_bytes) == (ReplayStatus.EQUAL, 4)
    assert stage.file_sha256 is not None
    assert program_store(make_settings(tmp_path)).get(stage.file_sha256) == b"PKpt"
    assert story.run.verdict is Verdict.EXPORTED


def test_a_program_that_does_not_load_is_kept_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = follow(tmp_path, monkeypatch, serialized, SAVES.replace("END", "failed"))
    stage = story.stages[-1]
    assert (stage.status, stage.file_bytes) == (StageStatus.FAILED, 4)
    assert story.failure("serialized").category == "data_dependent_branch"
    assert story.run.verdict is Verdict.EXPORTED


FLOOD = LOADS.replace(
    'send("cases.pt"', '[send("x", bytes(2**20)) for _ in "abc"]\n    send("cases.pt"'
)
TOO_LARGE = answers("saver", "say({'type': 'saved', 'seconds': 1, 'bytes': 5_000_000})")
UNSAVED = answers(
    "saver", "say({'type': 'saved', 'seconds': 1, 'bytes': 0, 'failure': failure('serialization')})"
)


@pytest.mark.parametrize(
    ("errand", "status", "words"),
    [
        (TOO_LARGE, StageStatus.SKIPPED, "5,000,000 bytes"),
        (UNSAVED, StageStatus.FAILED, "no serialization"),
        (answers("saver", "os.abort()"), StageStatus.FAILED, "SIGABRT"),
        (FLOOD, StageStatus.FAILED, "STAGELIGHT_PROGRAM_MB"),
    ],
)
def test_where_there_is_no_file_the_stage_says_why(
    errand: str, status: StageStatus, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = follow(tmp_path, monkeypatch, serialized, errand, program_mb=1)
    stage = story.stages[-1]
    told = stage.reason + "".join(f"{one.message} {one.hint}" for one in story.failures[-1:])
    assert (stage.key, stage.status, stage.file_sha256) == ("serialized", status, None)
    assert words in told


@pytest.mark.parametrize(
    ("strict_already", "name"), [(False, "whole model, strict"), (True, "whole model, non-strict")]
)
def test_the_other_mode_is_tried_whatever_came_of_the_first(
    strict_already: bool, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    errand = answers("strict", "say(started('strict')); say(passed('strict'))")
    pair = f"LOADED['strict'] = {strict_already}\n{BRANCH}"
    story = follow(tmp_path, monkeypatch, strict, errand, pair)
    stage = story.stages[-1]
    assert (stage.key, stage.name, stage.status) == ("strict", name, StageStatus.PASSED)
    assert stage.graph_id is not None
    assert story.run.verdict is Verdict.PARTLY


@pytest.mark.parametrize(("course", "kind"), [(draft, "draft"), (onnx, "onnx")])
def test_what_is_an_option_is_left_out_where_nobody_asked(
    course: Course, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = follow(tmp_path, monkeypatch, course, "", options=RunOptions())
    assert kind not in story.outline


def test_what_a_draft_decided_is_stored_and_never_changes_the_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guess = "{'guesses': [{'kind': 'guard_added', 'text': 'u0 == 1'}]}"
    end = f"say(started('draft')); say({{**passed('draft'), 'detail': {guess}}})"
    story = follow(tmp_path, monkeypatch, draft, answers("draft", end), BRANCH)
    stage = story.stages[-1]
    assert (stage.key, stage.status) == ("draft", StageStatus.PASSED)
    assert (stage.detail or {})["guesses"][0]["text"] == "u0 == 1"
    assert story.run.verdict is Verdict.PARTLY


def test_onnx_is_made_of_a_program_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    story = follow(tmp_path, monkeypatch, onnx, "", BRANCH)
    stage = story.stages[-1]
    assert (stage.key, stage.status) == ("onnx", StageStatus.SKIPPED)
    assert "there is none" in stage.reason


@pytest.mark.parametrize("course", [serialized, strict, draft, onnx])
def test_nothing_of_it_follows_a_script_that_fails(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = 'say({"type": "failed", "failure": failure("script_error")}); finish()'
    story = follow(tmp_path, monkeypatch, course, "", pair)
    assert story.run.verdict is Verdict.SCRIPT_ERROR
    assert set(story.outline) <= {"whole"}

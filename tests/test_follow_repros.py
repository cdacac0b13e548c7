"""The course of repros: proposed, cut down, run once more; kept only where they fail alike."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from app.db import read_scope
from app.models import Blocker
from app.services import queue
from tests.planted_set import FOLDER
from tests.probe_support import SHARED
from tests.worker_support import (
    GOOD,
    claim_next,
    database,
    drive_fake,
    follow_to_the_end,
    make_settings,
    submit,
)
from workers.drive import Ended
from workers.follow.repros import repros
from workers.wish import Wish

BLOCKED = """
def blocked(category="data_dependent_branch", text="if x.sum() > 0:"):
    told = failure(category)
    told["culprit"]["text"] = text
    say(started("whole"))
    say({"type": "stage_finished", "key": "whole", "status": "failed", "failure": told})
    blocker = {"failure": told, "occurrences": [{"file": "model.py", "line": 3}]}
    say({"type": "blockers", "blockers": [blocker], "complete": "stuck"})
    finish()
def is_repro():
    return job["entry"] == "repro.py"
def answer(**given):
    say({"type": "repro", **given})
    finish()
if job["probe"] == "repro" and job["work"]["do"] == "propose":
    assert [one["text"] for one in job["work"]["causes"]] == ["if x.sum() > 0:"]
    assert job["work"]["causes"][0]["line"] == 3
    answer(scripts=PROPOSED, classes=["Net"])
if job["probe"] == "repro":
    assert job["work"]["cause"]["module_class"] == "Net"
    answer(scripts=REDUCED, tried=len(job["work"]["scripts"]))
if job["probe"] == "whole":
    say(LOADED)
    blocked(**(PROOF if is_repro() else {}))
"""


def follow(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    proposed: Any = (("import torch",),),
    reduced: Any = (("import torch",),),
    proof: Any = None,
    pair: str = BLOCKED + GOOD,
) -> dict[str, Any] | None:
    """The repro of the only blocker of a fake run."""
    monkeypatch.setattr("workers.follow.line.COURSES", {"repros": repros})
    given = f"PROPOSED, REDUCED, PROOF = {proposed!r}, {reduced!r}, {proof or {}!r}\n"
    story = drive_fake(tmp_path, given + pair, follow_ups=True)
    assert isinstance(story.result, Ended)
    assert [note for note in story.run.notes if note["code"] == "follow_up_failed"] == []
    settings = make_settings(tmp_path)
    with database(settings) as engine, read_scope(engine) as session:
        return session.scalar(select(Blocker.repro).where(col(Blocker.run_id) == story.run.id))


def test_a_script_that_fails_alike_is_kept_with_what_fails_on_top(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repro = follow(tmp_path, monkeypatch)
    assert repro is not None
    assert (repro["status"], repro["why"]) == ("reproduces", "")
    heading, _, script = repro["text"].rpartition("\n# Inputs")
    assert "fails (data dependent branch)" in heading
    assert "Python 3" in heading
    assert script.endswith("\nimport torch")


@pytest.mark.parametrize(
    "proof", [{"category": "tensor_to_python"}, {"text": "if y.sum() > 0:"}], ids=["kind", "line"]
)
def test_what_fails_otherwise_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, proof: dict[str, str]
) -> None:
    repro = follow(tmp_path, monkeypatch, proof=proof)
    assert repro is not None
    assert (repro["status"], repro["text"]) == ("does_not", "")
    assert "None of 1 scripts" in repro["why"]


def test_where_the_reduced_one_is_none_those_before_it_are_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repro = follow(tmp_path, monkeypatch, (("import torch as raw",),), ())
    assert repro is not None
    assert repro["text"].endswith("\nimport torch as raw")


def test_without_a_script_it_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repro = follow(tmp_path, monkeypatch, ((),))
    assert repro is not None
    assert "could be put into one script" in repro["why"]


def test_where_the_upload_cannot_be_taken_apart_it_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dies = "if job['probe'] == 'repro': os._exit(3)\n" + BLOCKED + GOOD
    repro = follow(tmp_path, monkeypatch, pair=dies)
    assert repro is not None
    assert repro["status"] == "does_not"
    assert repro["why"].startswith("What a repro is made of could not be recorded: ")


def test_a_limit_has_no_repro(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limited = BLOCKED.replace('category="data_dependent_branch"', 'category="out_of_memory"')
    repro = follow(tmp_path, monkeypatch, pair=limited + GOOD)
    assert repro is not None
    assert repro["why"] == "What stopped it is no matter of the model's code."


def test_a_run_that_exports_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert follow(tmp_path, monkeypatch, pair=GOOD) is None


@pytest.mark.full
def test_each_blocker_of_a_real_run_gets_one_that_plain_python_fails_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.follow.line.COURSES", {"repros": repros})
    settings = make_settings(tmp_path, follow_ups=True, memory_mb=4096, wall_seconds=120)
    base = tmp_path / "scratch"
    base.mkdir()
    script = (FOLDER / "two_in_one_forward.py").read_bytes()
    with database(settings) as engine:
        run_id = submit(engine, settings, script)
        claim = claim_next(engine)
        result = follow_to_the_end(engine, claim, settings, lambda: Wish.GO_ON, base, SHARED.get())
        assert isinstance(result, Ended)
        assert queue.finish(engine, claim, status=result.status, reason=result.reason)
        with read_scope(engine) as session:
            query = select(Blocker).where(col(Blocker.run_id) == run_id)
            blockers = session.scalars(query.order_by(col(Blocker.position))).all()
    assert [one.repro["status"] for one in blockers if one.repro] == ["reproduces"] * 2
    for number, blocker in enumerate(blockers):
        assert blocker.repro is not None
        path = tmp_path / f"repro{number}.py"
        path.write_text(blocker.repro["text"])
        assert len(path.read_text().splitlines()) < 20
        ended = subprocess.run([sys.executable, path], capture_output=True, text=True, check=False)
        assert ended.returncode == 1
        assert blocker.text.partition("  #")[0] in ended.stderr
        assert blocker.exception.rpartition(".")[2] in ended.stderr

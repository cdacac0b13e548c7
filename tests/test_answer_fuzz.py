"""Answers of errands made up from their own schema: whatever a probe may say after the verdict,
each course ends by itself, and every page of the run can be shown."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlmodel import col, select

from app.db import read_scope
from app.models import Blocker, Category, Run, Stage
from app.services.options import RunOptions
from app.services.queue import Claim
from app.settings import ROOT, Settings
from tests.event_strategies import events
from tests.stream_support import KINDS, Play, recorded
from tests.worker_support import claim_next, submit
from workers.events import ProbeKind
from workers.follow.context import Context
from workers.follow.courses import COURSES
from workers.follow.model import Answer, Errand, Purse
from workers.follow.remedies import FILE
from workers.follow.serialized import FILES
from workers.protocol import ANSWERS, STAGE_ERRANDS, parse_line
from workers.task import load_task
from workers.verdict import Trouble

# A recorded run that fails and one that passes, and what is followed after each.
FOLLOWED = {
    "video_resnet3d_broken": ("strict", "remedies", "contract", "repros", "draft"),
    "video_resnet3d_fixed": ("serialized", "strict", "contract", "draft", "onnx"),
}
MOST_ERRANDS = 12  # of one course; then its run is as if it had been cancelled
Draw = Callable[[Any], Any]


def said(draw: Draw, kind: ProbeKind) -> list[dict[str, Any]]:
    """What a process of this kind may say."""
    if kind in ANSWERS:
        (name,) = get_args(ANSWERS[kind].model_fields["type"].annotation)
        return [draw(events(name))]
    key = "whole" if kind is ProbeKind.WHOLE else kind.value
    return [draw(events("stage_finished", key=st.just(key)))]


def answer(draw: Draw, errand: Errand, folder: Path) -> Answer:
    """What comes of an errand: an answer with its files or without, a failure, or a limit."""
    end = draw(st.sampled_from(["said", "said", "said", "failed", "stopped"]))
    if end == "stopped":
        return Answer([], Trouble(Category.CRASH, "The process was killed."), 0.1)
    told = [draw(events("failed"))] if end == "failed" else said(draw, errand.kind)
    files = {}
    for name in (FILE, *FILES) if draw(st.booleans()) else ():
        files[name] = folder / name
        files[name].write_bytes(draw(st.binary(max_size=20)))
    return Answer([parse_line(json.dumps(one).encode()) for one in told], None, 0.1, files)


def follow(context: Context, course: str, draw: Draw, folder: Path) -> int:
    """Drive one course by made-up answers; how many errands it asked for."""
    asking = COURSES[course](context)
    asked = 0
    try:
        errand = next(asking)
        while asked < MOST_ERRANDS:
            asked += 1
            errand = asking.send(answer(draw, errand, folder))
    except StopIteration:
        return asked
    asking.close()
    return asked


def check_pages(client: TestClient, engine: Engine, run: int) -> None:
    """Every page of the run, and the same as JSON, is there."""
    with read_scope(engine) as session:
        stages = session.scalars(select(col(Stage.n)).where(col(Stage.run_id) == run)).all()
        blockers = session.scalars(
            select(col(Blocker.position)).where(col(Blocker.run_id) == run)
        ).all()
        has_contract = session.get_one(Run, run).contract is not None
    paths = [
        f"/runs/{run}",
        f"/runs/{run}/modules",
        *(f"/runs/{run}/stages/{n}" for n in stages),
        *(f"/runs/{run}/blockers/{n}" for n in blockers),
        *([f"/runs/{run}/shapes"] if has_contract else []),
    ]
    for path in [*paths, *(f"/api{path}" for path in paths), f"/api/runs/{run}/remedies"]:
        assert client.get(path).status_code == 200, path


def submitted(engine: Engine, settings: Settings, case: str) -> Claim:
    """A claimed run of an example, as far as its verdict."""
    script = (ROOT / "examples" / f"{case}.py").read_bytes()
    options = RunOptions(draft=True, onnx=True).model_dump(exclude_defaults=True)
    submit(engine, settings, script, entry=f"{case}.py", options=options)
    return claim_next(engine)


@pytest.mark.parametrize(
    ("case", "course"), [(case, course) for case, courses in FOLLOWED.items() for course in courses]
)
def test_a_course_ends_whatever_it_is_told(
    case: str, course: str, client: TestClient, engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    asked = []

    @limits(
        max_examples=2,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def play_one(data: st.DataObject) -> None:
        claim = submitted(engine, settings, case)
        run = Play(engine, claim)
        for kind in KINDS:
            run.hear(kind, recorded(case, kind))
        run.end()
        task = load_task(engine, claim, settings)
        context = Context(engine, claim, settings, task, run.ingest, 1.0, Purse(100.0))
        asked.append(follow(context, course, data.draw, tmp_path))
        run.finish()
        check_pages(client, engine, claim.run_id)

    play_one()
    assert all(asked)


def test_every_course_and_every_kind_of_process_is_made_up() -> None:
    assert {course for courses in FOLLOWED.values() for course in courses} == COURSES.keys()
    assert {*ANSWERS, *STAGE_ERRANDS, *KINDS} == {*ProbeKind}

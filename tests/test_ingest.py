"""Events into rows, one stream a case, in a real database."""

import json
import zlib

import pytest
from sqlalchemy import Engine
from sqlmodel import col, select, update

from app.db import read_scope, session_scope
from app.graphs.document import GraphDocument
from app.models import (
    Category,
    Component,
    Graph,
    Guard,
    ReplayStatus,
    Run,
    StageStatus,
    Verdict,
)
from app.services.record import LostRunError
from tests.ingest_support import (
    CRASH,
    EAGER,
    STAGED,
    WHOLE,
    ended,
    event,
    loaded,
    plan,
    started,
    story,
    tell,
)
from workers.caplog import CappedLog, join
from workers.ingest import Ingest
from workers.rows import graph_row

FRAME = {"file": "model.py", "line": 3, "where": "upload", "text": "if x > 0:"}
HELPER = {"file": "torchvision/ops.py", "line": 9, "where": "library", "function": "nms"}


def test_a_plan_is_numbered_with_the_whole_stage_last(ingest: Ingest, engine: Engine) -> None:
    tell(ingest, STAGED, loaded(), EAGER, plan("backbone", "head"))
    assert [(s.n, s.key, s.status) for s in story(engine).stages] == [
        (1, "backbone", StageStatus.PENDING),
        (2, "head", StageStatus.PENDING),
        (3, "whole", StageStatus.PENDING),
    ]
    with read_scope(engine) as session:
        components = session.exec(select(Component).order_by(col(Component.position))).all()
    assert [(c.position, c.path, c.why) for c in components] == [
        (1, "backbone", "by name"),
        (2, "head", "by name"),
    ]


def test_the_whole_stage_waits_for_its_number_and_its_verdict_does_not(
    ingest: Ingest, engine: Engine
) -> None:
    tell(ingest, STAGED, loaded(), EAGER)
    tell(ingest, WHOLE, loaded(), started("whole"), ended("whole", seconds=2.5))
    early = story(engine)
    assert early.stages == []
    assert early.run.whole_at is not None
    assert early.run.verdict == Verdict.EXPORTED

    tell(ingest, STAGED, plan("backbone"))
    whole = story(engine).stages[-1]
    assert (whole.n, whole.status, whole.seconds) == (2, StageStatus.PASSED, 2.5)


def test_a_whole_stage_that_runs_when_the_plan_comes_is_shown_running(
    ingest: Ingest, engine: Engine
) -> None:
    tell(ingest, WHOLE, loaded(), started("whole"))
    tell(ingest, STAGED, loaded(), EAGER, plan("backbone"))
    assert story(engine).outline == {"backbone": "pending", "whole": "running"}


def test_a_whole_child_that_died_before_the_plan_came_is_remembered(
    ingest: Ingest, engine: Engine
) -> None:
    tell(ingest, WHOLE, loaded(), started("whole"))
    ingest.end(WHOLE, CRASH)
    assert story(engine).stages == []
    tell(ingest, STAGED, loaded(), EAGER, plan("backbone"))
    assert story(engine).outline == {"backbone": "pending", "whole": "failed"}
    assert story(engine).failure("whole").exception == "SIGSEGV"


def test_without_a_plan_and_without_a_whole_stage_there_are_no_stages(
    ingest: Ingest, engine: Engine
) -> None:
    ingest.end(STAGED, CRASH)
    ingest.end(WHOLE, reason="dismissed")
    assert story(engine).stages == []
    assert story(engine).failure().message == CRASH.message


def test_a_stage_is_stored_with_all_that_it_leaves(ingest: Ingest, engine: Engine) -> None:
    frame = {"file": "a.py", "line": 4, "text": "x[0]", "where": "upload"}
    finished = ended(
        "backbone",
        seconds=0.5,
        graph={"version": 2, "nodes": [{"name": "r", "op": "call_function", "target": "relu"}]},
        code="def forward(self, x): ...",
        guards=[
            {"kind": "range", "expression": "s0 <= 8", "meaning": "x.shape[0] <= 8"},
            {"kind": "guard", "expression": "Eq(s0, 4)", "frame": frame, "silent": True},
        ],
        inputs=[{"name": "x", "shape": [1, "s0"], "dtype": "float32"}],
        replay={"status": "different", "max_abs": 0.5, "max_rel": "inf", "cases": []},
    )
    tell(ingest, STAGED, loaded(), EAGER, plan("backbone"), started("backbone"), finished)

    told = story(engine)
    stage, graph = told.stages[0], told.graphs[0]
    assert told.run.stored_bytes > len(graph.document) + len(graph.code)
    assert (stage.status, stage.seconds) == (StageStatus.PASSED, 0.5)
    assert stage.inputs[0]["shape"] == [1, "s0"]
    assert stage.replay == ReplayStatus.DIFFERENT
    assert stage.replay_detail is not None
    assert stage.replay_detail["max_rel"] == "inf"
    with read_scope(engine) as session:
        graph = session.get_one(Graph, stage.graph_id)
        guards = session.exec(select(Guard).order_by(col(Guard.position))).all()
    assert graph.nodes == 1
    document = GraphDocument.model_validate_json(zlib.decompress(graph.document))
    assert document.nodes[0].target == "relu"
    assert zlib.decompress(graph.code) == b"def forward(self, x): ..."
    assert [(g.expression, g.file, g.line, g.silent) for g in guards] == [
        ("s0 <= 8", None, None, False),
        ("Eq(s0, 4)", "a.py", 4, True),
    ]


def test_a_graph_is_kept_once_per_content() -> None:
    node = {"name": "r", "op": "call_function", "target": "relu", "kwargs": {"b": 1, "a": 2}}
    other = {**node, "kwargs": {"a": 2, "b": 1}}
    one, same = (GraphDocument.model_validate({"version": 2, "nodes": [n]}) for n in (node, other))
    assert graph_row(one, "code").digest == graph_row(same, "code").digest
    assert graph_row(one, "code").digest != graph_row(one, "other code").digest
    text = zlib.decompress(graph_row(one, "").document).decode()
    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))


def test_a_culprit_in_a_library_stands_beside_the_line_of_the_upload(
    ingest: Ingest, engine: Engine
) -> None:
    failure = {
        "category": "data_dependent_branch",
        "exception": "E",
        "message": "m",
        "culprit": HELPER,
        "upload": FRAME,
        "frames": [FRAME, HELPER],
        "source": {"file": "torchvision/ops.py", "first": 7, "lines": ["a", "b", "c"]},
        "module": "roi_heads",
    }
    said = event("stage_finished", key="head", status="failed", failure=failure)
    tell(ingest, STAGED, loaded(), EAGER, plan("head"), started("head"), said)

    stored = story(engine).failure("head")
    assert (stored.file, stored.line, stored.function) == ("torchvision/ops.py", 9, "nms")
    assert (stored.upload_file, stored.upload_line) == ("model.py", 3)
    assert [frame["where"] for frame in stored.frames] == ["upload", "library"]
    assert stored.source == {"file": "torchvision/ops.py", "first": 7, "lines": ["a", "b", "c"]}


def test_the_staged_child_s_word_on_the_model_counts(ingest: Ingest, engine: Engine) -> None:
    tell(ingest, WHOLE, loaded("FromWhole"))
    assert (story(engine).run.loaded or {})["model_class"] == "FromWhole"
    tell(ingest, STAGED, loaded("FromStaged"))
    assert (story(engine).run.loaded or {})["model_class"] == "FromStaged"


def test_a_crash_fails_the_stage_that_ran_and_skips_those_to_come(
    ingest: Ingest, engine: Engine
) -> None:
    tell(ingest, STAGED, loaded(), EAGER, plan("a", "b", "c"), started("a"), ended("a"))
    tell(ingest, STAGED, started("b"))
    ingest.end(STAGED, CRASH)
    assert story(engine).outline == {
        "a": "passed",
        "b": "failed",
        "c": "skipped",
        "whole": "pending",
    }
    assert story(engine).stages[2].reason == CRASH.message
    assert len(story(engine).failures) == 1, "the stage's, and none of the run"


def test_a_crash_between_stages_is_the_run_s_failure(ingest: Ingest, engine: Engine) -> None:
    tell(ingest, STAGED, loaded(), EAGER, plan("a"))
    ingest.end(STAGED, CRASH)
    assert story(engine).failure().category == Category.CRASH
    assert story(engine).outline == {"a": "skipped", "whole": "pending"}


def test_a_crash_after_the_whole_stage_is_no_failure(ingest: Ingest, engine: Engine) -> None:
    tell(ingest, STAGED, loaded(), EAGER, plan())
    tell(ingest, WHOLE, loaded(), started("whole"), ended("whole"))
    ingest.end(WHOLE, CRASH)
    assert story(engine).failures == []
    assert story(engine).outline == {"whole": "passed"}


def test_stages_that_were_not_tried_say_so(ingest: Ingest, engine: Engine) -> None:
    tell(ingest, STAGED, loaded(), EAGER, plan("a"), event("finished"))
    ingest.end(STAGED)
    assert story(engine).stages[0].reason == "The probe ended before it."


def test_verdicts_are_told_as_they_come(ingest: Ingest, engine: Engine) -> None:
    tell(ingest, WHOLE, loaded("a.b.Net"), started("whole"), ended("whole", "failed"))
    tell(ingest, STAGED, loaded("a.b.Net"), EAGER, plan("a"), started("a"), ended("a"))
    run = story(engine).run
    assert (run.verdict, run.category, run.model_class) == (
        Verdict.PARTLY,
        Category.MUTATION,
        "Net",
    )
    told = [e.data["verdict"] for e in story(engine).events if e.type == "run"]
    assert told == [None, "partly"]


def test_nothing_is_written_for_a_run_that_was_lost(ingest: Ingest, engine: Engine) -> None:
    tell(ingest, STAGED, loaded())
    with session_scope(engine) as session:
        session.execute(update(Run).values(attempt=9))
    with pytest.raises(LostRunError):
        ingest.take(STAGED, EAGER)
    with pytest.raises(LostRunError):
        ingest.end(STAGED, CRASH)
    with pytest.raises(LostRunError):
        ingest.save_log("text", 0)
    assert story(engine).run.eager is None
    assert story(engine).log == ""


def test_a_log_is_replaced(ingest: Ingest, engine: Engine) -> None:
    ingest.save_log("one", 0)
    ingest.save_log("two", 5)
    assert (story(engine).log, story(engine).dropped) == ("two", 5)


def write(*pieces: bytes, limit: int = 1000) -> CappedLog:
    log = CappedLog(limit)
    for piece in pieces:
        log.write(piece)
    return log


@pytest.mark.parametrize("size", [1, 3, 10, 1000])
def test_a_log_keeps_its_beginning_and_its_end(size: int) -> None:
    data = b"".join(b"%03d " % n for n in range(250))  # 1000 bytes
    log = write(*(data[n : n + size] for n in range(0, len(data), size)), limit=40)
    assert log.dropped == 960
    assert log.text().startswith("000 001 002 003 004 \n[")
    assert log.text().endswith("]\n245 246 247 248 249 ")
    assert "960 bytes cut here" in log.text()


def test_a_log_below_its_cap_is_whole() -> None:
    log = write(b"a" * 500, b"b" * 500)
    assert (log.dropped, log.text()) == (0, "a" * 500 + "b" * 500)


def test_a_log_is_text_whatever_was_written() -> None:
    assert write(b"\xff\x00\xe2\x82", b"\xac").text() == "\ufffd\ufffd€"


@pytest.mark.parametrize(
    ("staged", "whole", "text"),
    [
        (b"same\n", b"same\n", "same\n"),
        (b"same\nmore\n", b"same\n", "same\nmore\n"),
        (b"", b"only whole\n", "only whole\n"),
        (b"", b"", ""),
    ],
)
def test_what_both_say_stands_once(staged: bytes, whole: bytes, text: str) -> None:
    assert join({STAGED: write(staged), WHOLE: write(whole)}) == (text, 0)


def test_what_differs_is_said_by_whom() -> None:
    text, _ = join({STAGED: write(b"one\n"), WHOLE: write(b"two\n")})
    assert text.index("components") < text.index("one") < text.index("whole") < text.index("two")

"""What stops a model, and what became of its modules, from events into rows."""

from sqlalchemy import Engine
from sqlmodel import col, select

from app.db import read_scope
from app.models import Blocker
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
from workers.ingest import Ingest
from workers.vocabulary import Event


def bypass(n: int) -> Event:
    key = f"bypass:{n}"
    stage = {"key": key, "kind": "bypass", "name": "past its blockers"}
    return event("stage_started", key=key, stage=stage)


def blockers(*lines: int, complete: str = "clean", module: str = "head") -> Event:
    found = [
        {
            "failure": {
                "category": "data_dependent_branch",
                "exception": "E",
                "message": "m",
                "culprit": {"file": "model.py", "line": line, "function": "f", "where": "upload"},
                "births": [{"symbol": "u0", "operation": "item"}],
                "value": "True",
            },
            "occurrences": [{"module": module, "file": "model.py", "line": line}],
            "bypass": "answered",
        }
        for line in lines
    ]
    return event("blockers", blockers=found, complete=complete)


def stored_blockers(engine: Engine) -> list[Blocker]:
    with read_scope(engine) as session:
        return list(session.exec(select(Blocker).order_by(col(Blocker.position))))


def test_blockers_are_stored_in_order_and_later_ones_replace_them(
    ingest: Ingest, engine: Engine
) -> None:
    tell(ingest, WHOLE, loaded(), started("whole"), ended("whole", "failed"))
    tell(ingest, WHOLE, blockers(7, complete="capped"), blockers(7, 9))
    assert [(b.position, b.line, b.value) for b in stored_blockers(engine)] == [
        (1, 7, "True"),
        (2, 9, "True"),
    ]
    assert stored_blockers(engine)[0].births == [
        {"symbol": "u0", "operation": "item", "frame": None}
    ]
    assert story(engine).run.search == {"complete": "clean", "reason": ""}


def test_stages_past_blockers_come_after_the_whole_though_the_plan_comes_later(
    ingest: Ingest, engine: Engine
) -> None:
    tell(ingest, WHOLE, loaded(), started("whole"), ended("whole", "failed"))
    tell(ingest, WHOLE, bypass(1), ended("bypass:1", "failed"), bypass(2))
    assert story(engine).stages == []
    tell(ingest, STAGED, loaded(), EAGER, plan("backbone"))
    assert story(engine).outline == {
        "backbone": "pending",
        "whole": "failed",
        "bypass:1": "failed",
        "bypass:2": "running",
    }
    tell(ingest, WHOLE, ended("bypass:2"))
    assert [stage.n for stage in story(engine).stages] == [1, 2, 3, 4]
    assert story(engine).outline["bypass:2"] == "passed"


def test_a_search_that_a_limit_cuts_short_keeps_what_it_found(
    ingest: Ingest, engine: Engine
) -> None:
    tell(ingest, STAGED, loaded(), EAGER, plan("backbone"), event("finished"))
    tell(ingest, WHOLE, loaded(), started("whole"), ended("whole", "failed"))
    tell(ingest, WHOLE, blockers(7, complete="capped"), bypass(1))
    ingest.end(WHOLE, CRASH)
    assert len(stored_blockers(engine)) == 1
    assert story(engine).run.search == {"complete": "capped", "reason": CRASH.message}
    assert story(engine).outline["bypass:1"] == "failed"
    assert [failure.stage_id is None for failure in story(engine).failures] == [False, False]


def test_coverage_says_what_became_of_each_module(ingest: Ingest, engine: Engine) -> None:
    paths = ("backbone", "backbone.conv", "head", "head.fc", "tail")
    modules = [
        {"path": path, "class_name": "M", "calls": 1, "parameters": 4, "own": 4} for path in paths
    ]
    eager = event("eager", seconds=1, peak_rss_bytes=1, inputs=[], outputs=[], modules=modules)
    tell(ingest, STAGED, loaded(), eager, plan("backbone", "head"))
    tell(ingest, STAGED, started("backbone"), ended("backbone"))
    tell(ingest, STAGED, started("head"), ended("head", "failed"), event("finished"))
    tell(ingest, WHOLE, loaded(), started("whole"), ended("whole", "failed"), blockers(7))
    ingest.end(WHOLE)
    coverage = story(engine).run.coverage or {}
    assert coverage["fates"] == ["exported", "exported", "failed", "not_reached", "not_reached"]
    assert (coverage["modules"], coverage["modules_exported"]) == (5, 2)
    assert (coverage["parameters"], coverage["parameters_exported"]) == (20, 8)


def test_a_script_that_fails_has_no_blockers_whichever_is_said_first(
    ingest: Ingest, engine: Engine
) -> None:
    failure = {"category": "eager_error", "exception": "E", "message": "m"}
    tell(ingest, WHOLE, loaded(), started("whole"), ended("whole", "failed"), blockers(7))
    tell(ingest, STAGED, loaded(), event("failed", failure=failure))
    assert (stored_blockers(engine), story(engine).run.search) == ([], None)
    tell(ingest, WHOLE, blockers(7, 9))
    assert stored_blockers(engine) == []

"""Events made up from their own schema: what it allows is taken, and stored as it was said."""

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.models import StageStatus, Verdict
from tests.event_strategies import TYPES, events, stream
from tests.stream_support import (
    KINDS,
    Arena,
    Play,
    Tables,
    check_only_this_run,
    check_readable,
    make_arena,
    watched,
)
from tests.worker_support import Story
from workers.events import ProbeKind
from workers.protocol import parse_line
from workers.verdict import Facts, judge
from workers.vocabulary import EVENTS

MADE_UP = settings(
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
Events = list[dict[str, Any]]


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Arena:
    return make_arena(tmp_path_factory.mktemp("events"))


@pytest.fixture(scope="module")
def before(arena: Arena) -> Tables:
    return arena.before()


def line(value: Any) -> bytes:
    return json.dumps(value).encode() + b"\n"


@pytest.mark.parametrize("type_", TYPES)
@settings(MADE_UP, max_examples=25)
@given(data=st.data())
def test_all_that_the_schema_allows_is_taken_as_it_was_said(
    type_: str, data: st.DataObject
) -> None:
    value = data.draw(events(type_))
    said = EVENTS.dump_python(parse_line(line(value)), mode="json", exclude_unset=True)
    assert said == value


def fuzz(arena: Arena, before: Tables, examples: int) -> Counter[str]:
    """Play made-up runs, some with events out of their order; count how that ended."""
    outcomes: Counter[str] = Counter()

    @settings(MADE_UP, max_examples=examples)
    @given(
        stream(ProbeKind.STAGED),
        stream(ProbeKind.WHOLE),
        st.booleans(),
        st.lists(
            st.tuples(st.sampled_from(KINDS), st.integers(0, 9), st.integers(0, 9)), max_size=2
        ),
    )
    def play_one(
        staged: Events, whole: Events, staged_first: bool, moves: list[tuple[ProbeKind, int, int]]
    ) -> None:
        said = {ProbeKind.STAGED: staged, ProbeKind.WHOLE: whole}
        for kind, old, new in moves:
            event = said[kind].pop(old % len(said[kind]))
            said[kind].insert(new % (len(said[kind]) + 1), event)
        with arena.fresh() as (engine, run):
            with watched(arena.copy) as seen:
                for kind in KINDS if staged_first else reversed(KINDS):
                    run.hear(kind, b"".join(map(line, said[kind])))
                run.end()
            assert seen == []
            check_only_this_run(before, arena.after(), run.run_id)
            if not moves:
                check_stored(Story(engine, run.run_id), run, staged, whole)
            run.finish()
            check_readable(engine)
            outcomes["refused" if run.refused else "taken"] += 1

    play_one()
    return outcomes


def check_stored(story: Story, run: Play, staged: Events, whole: Events) -> None:
    """A run in good order is stored as it was said, and judged by what its stages ended as."""
    assert not run.refused
    ends = {event["key"]: event for event in (*staged, *whole) if event["type"] == "stage_finished"}
    later = ["decomposed"] if ends["whole"]["status"] == "passed" else []
    assert [stage.key for stage in story.stages] == ["a", "b", "whole", *later]
    for stage in story.stages:
        assert stage.status.value == ends[stage.key]["status"]
        assert stage.seconds == ends[stage.key].get("seconds")
    components = [stage for stage in story.stages if stage.kind.value == "component"]
    facts = Facts(
        eager=True,
        whole=story.stages[2].status,
        component_passed=any(stage.status == StageStatus.PASSED for stage in components),
        staged_ended=True,
    )
    assert story.run.verdict == judge(facts)
    assert story.run.verdict in (Verdict.EXPORTED, Verdict.PARTLY, Verdict.BLOCKED)


def test_a_made_up_run_is_stored_as_it_was_said_and_nothing_else_is(
    arena: Arena, before: Tables
) -> None:
    outcomes = fuzz(arena, before, 100)
    assert outcomes["refused"] > 5
    assert outcomes["taken"] > 5


@pytest.mark.full
def test_many_made_up_runs(arena: Arena, before: Tables) -> None:
    outcomes = fuzz(arena, before, 300)
    assert outcomes["refused"] > 30
    assert outcomes["taken"] > 30

"""Streams that somebody has tampered with: each event is taken or refused, never more than that."""

import json
import math
from collections import Counter
from functools import cache
from random import Random
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.stream_mutations import (
    HOSTILE,
    ON_LINES,
    ON_VALUES,
    Lines,
    Mutation,
    Place,
    places,
    replaced,
)
from tests.stream_support import (
    CASES,
    KINDS,
    Arena,
    Tables,
    check_only_this_run,
    check_readable,
    make_arena,
    recorded,
    watched,
)
from workers.events import ProbeKind
from workers.protocol import ProtocolError, parse_line

QUICK = [case for case in CASES if "rcnn" not in case and "pose" not in case]  # short streams

RECORDED = ("loaded", "eager", "planned", "stage_started", "stage_finished", "blockers", "failed")


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Arena:
    return make_arena(tmp_path_factory.mktemp("fuzz"))


@pytest.fixture(scope="module")
def before(arena: Arena) -> Tables:
    return arena.before()


def shrunk(value: Any) -> Any:
    """With the first two items of each list: the others are like them."""
    if isinstance(value, dict):
        return {key: shrunk(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shrunk(inner) for inner in value[:2]]
    return value[:200] if isinstance(value, str) else value


@cache
def samples() -> dict[str, list[tuple[Any, Place]]]:
    """Type of an event → every place that its values can have, each in a small recorded event."""
    found: dict[str, dict[str, tuple[Any, Place]]] = {}
    for case in CASES:
        for kind in KINDS:
            for line in recorded(case, kind).splitlines():
                value = shrunk(json.loads(line))
                for path in places(value):
                    name = ".".join("*" if isinstance(step, int) else step for step in path)
                    found.setdefault(value["type"], {}).setdefault(name, (value, path))
    return {type_: list(named.values()) for type_, named in found.items()}


def check_storable(value: Any) -> None:
    """No database refuses it."""
    if isinstance(value, dict):
        for item in value.items():
            check_storable(list(item))
    elif isinstance(value, list):
        for inner in value:
            check_storable(inner)
    elif isinstance(value, str):
        assert "\0" not in value.encode().decode()
    elif isinstance(value, int):
        assert -(2**63) <= value < 2**63
    else:
        assert value is None or math.isfinite(value)


@pytest.mark.parametrize("type_", RECORDED)
def test_a_hostile_value_at_any_place_is_refused_or_can_be_stored(type_: str) -> None:
    outcomes: Counter[str] = Counter()
    places_of_type = samples()[type_]
    for value, path in places_of_type:
        for raw in HOSTILE:
            try:
                event = parse_line(replaced(value, path, raw))
            except ProtocolError:
                outcomes["refused"] += 1
            else:
                outcomes["taken"] += 1
                check_storable(event.model_dump(mode="json"))
    assert outcomes["refused"] > 10 * len(places_of_type)
    assert outcomes["taken"] > 0


def fuzz(
    arena: Arena, before: Tables, cases: list[str], others: list[str], examples: int
) -> Counter[str]:
    """Play streams of `cases` that were tampered with, also by lines of `others`; count how that
    ended.
    """
    outcomes: Counter[str] = Counter()

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        st.sampled_from(cases),
        st.sampled_from(others),
        st.lists(st.sampled_from(ON_VALUES), max_size=2),
        st.lists(st.sampled_from(ON_LINES), max_size=2),
        st.integers(0, 2**32),
    )
    def play_one(
        case: str, other: str, on_values: list[Mutation], on_lines: list[Mutation], seed: int
    ) -> None:
        rng = Random(seed)
        streams = {kind: recorded(case, kind).splitlines() for kind in KINDS}
        hostile = rng.choice(KINDS)
        others = [*streams[hostile], *(line for kind in KINDS for line in splitted(other, kind))]
        for mutation in [*on_values, *on_lines]:
            streams[hostile] = mutation(rng, streams[hostile], others)
        outcomes[play(arena, before, streams, rng)] += 1

    play_one()
    return outcomes


def play(
    arena: Arena, before: Tables, streams: dict[ProbeKind, Lines], rng: Random
) -> Literal["refused", "taken"]:
    """Play both streams, mixed; all that they may leave is rows of their run."""
    turns = [kind for kind in KINDS for _ in streams[kind]]
    rng.shuffle(turns)
    with arena.fresh() as (engine, run):
        with watched(arena.copy) as seen:
            for kind in turns:
                run.hear(kind, streams[kind].pop(0) + b"\n")
            run.end()
        assert seen == []
        check_only_this_run(before, arena.after(), run.run_id)
        run.finish()
        check_readable(engine)
        return "refused" if run.refused else "taken"


def splitted(case: str, kind: ProbeKind) -> Lines:
    return recorded(case, kind).splitlines()


def test_a_stream_that_was_tampered_with_touches_its_own_run_alone(
    arena: Arena, before: Tables
) -> None:
    outcomes = fuzz(arena, before, QUICK, QUICK, 70)
    assert outcomes["refused"] > 20
    assert outcomes["taken"] > 5


@pytest.mark.full
@pytest.mark.parametrize("case", CASES)
def test_many_streams_that_were_tampered_with(arena: Arena, before: Tables, case: str) -> None:
    outcomes = fuzz(arena, before, [case], CASES, 700 // len(CASES) + 1)
    assert outcomes["refused"] > 100 // len(CASES)
    assert outcomes["taken"] > 50 // len(CASES)

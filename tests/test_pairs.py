"""Which graphs a graph is worth comparing with: the likeliest first, and never at a high price."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.dialects import sqlite
from sqlmodel import Session, select

from app.db import read_scope
from app.models import Run, Stage, StageKind, StageStatus, Verdict
from app.services.pairs import (
    Pair,
    Relation,
    graph_pairs,
    likeliest,
    others_query,
    seen_from,
    stage_pairs,
)
from app.services.storage import BlobStore
from app.settings import Settings
from tests.web_support import SCRIPT, Seed, id_of, seeding

PLAN = (
    (1, StageKind.COMPONENT, "backbone", "backbone"),
    (2, StageKind.COMPONENT, "neck.fpn", "neck.fpn"),
    (3, StageKind.COMPONENT, "head", "head"),
    (4, StageKind.ASSEMBLED, "backbone", "backbone"),
    (5, StageKind.ASSEMBLED, "backbone + neck", "neck.fpn"),
    (6, StageKind.ASSEMBLED, "backbone + neck + head", "head"),
    (7, StageKind.WHOLE, "whole model", None),
)
BACKBONE, NECK, FIRST, SECOND, THIRD, WHOLE = 1, 2, 4, 5, 6, 7


def planned(seed: Seed, *failed: int, without: tuple[int, ...] = (), **values: Any) -> Run:
    """A run with the stages of PLAN; those that failed left a partial graph, or none at all."""
    run = seed.finished(Verdict.EXPORTED, **values)
    for n, kind, name, component in PLAN:
        status = StageStatus.FAILED if n in failed else StageStatus.PASSED
        key = f"{kind}:{component}" if component else "whole"
        stage = seed.stage(run, n, status, kind, name=name, component=component, key=key)
        if n in without:
            stage.graph_id = None
        elif n in failed:
            stage.graph_id = seed.graph(f"{run.id}-{n}").id
    seed.session.flush()
    return run


def stage_of(session: Session, run: Run, n: int) -> Stage:
    return session.exec(select(Stage).where(Stage.run_id == run.id, Stage.n == n)).one()


def graph_of(session: Session, run: Run, n: int) -> int:
    graph = stage_of(session, run, n).graph_id
    assert graph is not None
    return graph


def late(seed: Seed, run: Run, n: int, kind: StageKind, key: str, name: str, **more: Any) -> Stage:
    """A stage that no plan has."""
    return seed.stage(run, n, kind=kind, key=key, name=name, **more)


def relations(pairs: list[Pair]) -> list[tuple[str, int, int]]:
    return [(pair.relation.value, pair.run, pair.stage) for pair in pairs]


def test_an_assembled_stage_is_compared_with_what_it_adds_to(seed: Seed) -> None:
    pairs = stage_pairs(seed.session, planned(seed), SECOND)
    assert relations(pairs) == [("before", 1, FIRST), ("alone", 1, NECK)]
    assert [pair.words for pair in pairs] == ["backbone, the stage before", "neck.fpn alone"]
    assert pairs[0].label == "What it added"
    assert pairs[1].label == "Compare with neck.fpn alone"


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        (BACKBONE, [("placed", 1, FIRST)]),
        (NECK, [("placed", 1, SECOND)]),
        (FIRST, [("alone", 1, BACKBONE)]),
        (THIRD, [("before", 1, SECOND), ("alone", 1, 3)]),
        (WHOLE, [("before", 1, THIRD)]),
    ],
)
def test_every_stage_of_a_first_run_has_a_base(
    n: int, expected: list[tuple[str, int, int]], seed: Seed
) -> None:
    assert relations(stage_pairs(seed.session, planned(seed), n)) == expected


def test_a_stage_before_that_passed_is_likelier_than_a_partial_one(seed: Seed) -> None:
    run = planned(seed, SECOND, THIRD)
    assert relations(stage_pairs(seed.session, run, WHOLE)) == [("before", 1, FIRST)]
    assert relations(stage_pairs(seed.session, run, THIRD))[0] == ("before", 1, FIRST)


def test_where_none_passed_the_last_partial_one_is_taken(seed: Seed) -> None:
    [pair] = stage_pairs(seed.session, planned(seed, FIRST, SECOND, without=(THIRD,)), WHOLE)
    assert pair.words == "backbone + neck up to its failure, the stage before"


def test_a_component_without_a_stage_of_its_end_is_seen_in_the_next_one(seed: Seed) -> None:
    run = planned(seed, without=(FIRST,))
    assert relations(stage_pairs(seed.session, run, BACKBONE)) == [("placed", 1, SECOND)]
    run = planned(seed, without=(1, 2, FIRST, SECOND, THIRD), filename="b.py")
    assert relations(stage_pairs(seed.session, run, 3)) == [("placed", 2, WHOLE)]


def test_a_stage_without_a_graph_has_no_pairs(seed: Seed) -> None:
    assert stage_pairs(seed.session, planned(seed, without=(WHOLE,)), WHOLE) == []
    assert stage_pairs(seed.session, seed.run(), 1) == []


def test_a_bypass_is_compared_with_the_export_it_goes_on_from(seed: Seed) -> None:
    run = planned(seed, WHOLE)
    late(seed, run, 8, StageKind.BYPASS, "bypass:1", "past its blockers, first export")
    late(seed, run, 9, StageKind.BYPASS, "bypass:2", "past its blockers, second export")
    pairs = stage_pairs(seed.session, run, 9)
    assert relations(pairs) == [("exported", 1, WHOLE), ("shorter", 1, 8)]
    assert pairs[0].words == "whole model up to its failure, nothing bypassed"
    assert pairs[0].label == "What the bypasses changed"
    assert relations(stage_pairs(seed.session, run, WHOLE)) == [
        ("before", 1, THIRD),
        ("bypassed", 1, 9),
    ]


def test_a_bypass_of_a_whole_without_a_graph_is_compared_with_what_was_assembled(
    seed: Seed,
) -> None:
    run = planned(seed, WHOLE, without=(WHOLE,))
    late(seed, run, 8, StageKind.BYPASS, "bypass:1", "past its blockers, first export")
    assert relations(stage_pairs(seed.session, run, 8)) == [("before", 1, THIRD)]


@pytest.mark.parametrize("key", ["decomposed", "decomposed:whole"])
def test_before_and_after_decomposition(key: str, seed: Seed) -> None:
    run = planned(seed)
    late(seed, run, 8, StageKind.DECOMPOSED, key, "whole model, decomposed")
    [pair] = stage_pairs(seed.session, run, 8)
    assert (pair.relation, pair.stage) == (Relation.UNDECOMPOSED, WHOLE)
    assert pair.label == "What decomposition changed"
    assert relations(stage_pairs(seed.session, run, WHOLE))[-1] == ("decomposed", 1, 8)


def test_a_part_is_compared_with_the_component_around_it(seed: Seed) -> None:
    run = planned(seed, NECK)
    part = {"component": "neck.fpn.lateral.0"}
    late(seed, run, 8, StageKind.PART, "part:neck.fpn.lateral.0", "neck.fpn.lateral.0", **part)
    late(seed, run, 9, StageKind.PART, "part:neck.fpnx", "neck.fpnx", component="neck.fpnx")
    [pair] = stage_pairs(seed.session, run, 8)
    assert (pair.relation, pair.stage) == (Relation.AROUND, NECK)
    assert pair.words == "neck.fpn up to its failure, which it is a part of"
    assert stage_pairs(seed.session, run, 9) == []


def test_the_same_stage_of_other_runs_comes_after_those_of_its_own(seed: Seed) -> None:
    first = planned(seed)
    planned(seed, source=SCRIPT + b"# edited before", filename="model.py")
    planned(seed, runtime="torch-2.14")
    last = planned(seed, parent_id=first.id)
    planned(seed)  # later: nobody's base but by runtime
    pairs = stage_pairs(seed.session, last, SECOND)
    assert relations(pairs) == [
        ("before", 4, FIRST),
        ("alone", 4, NECK),
        ("parent", 1, SECOND),
        ("version", 2, SECOND),
        ("runtime", 3, SECOND),
    ]
    assert [pair.words for pair in pairs[2:]] == [
        "backbone + neck of run 1, which this run repeats",
        "backbone + neck of run 2, of an earlier model.py",
        "backbone + neck of run 3, in torch-2.14",
    ]


def test_the_newest_earlier_run_is_taken_that_has_the_stage(seed: Seed) -> None:
    planned(seed)
    planned(seed)
    planned(seed, without=(SECOND,))
    last = planned(seed)
    assert relations(stage_pairs(seed.session, last, SECOND))[2:] == [("earlier", 2, SECOND)]
    assert relations(stage_pairs(seed.session, last, THIRD))[2:] == [("earlier", 3, THIRD)]


def test_a_parent_in_another_runtime_is_told_by_its_runtime(seed: Seed) -> None:
    parent = planned(seed, runtime="torch-2.14")
    run = planned(seed, parent_id=parent.id)
    pair = stage_pairs(seed.session, run, WHOLE)[-1]
    assert (pair.relation, pair.run, pair.words) == (
        Relation.RUNTIME,
        1,
        "whole model of run 1, in torch-2.14",
    )


def test_another_script_is_no_base(seed: Seed) -> None:
    planned(seed, source=SCRIPT + b"# other", filename="other.py")
    planned(seed, entry="elsewhere.py")
    run = planned(seed)
    assert {pair.run for pair in stage_pairs(seed.session, run, WHOLE)} == {run.id}


def test_the_very_same_graph_is_told_and_not_offered_first(seed: Seed) -> None:
    run = planned(seed, without=(WHOLE,))
    stage_of(seed.session, run, WHOLE).graph_id = graph_of(seed.session, run, THIRD)
    seed.session.flush()
    late(seed, run, 8, StageKind.DECOMPOSED, "decomposed", "whole model, decomposed")
    pairs = stage_pairs(seed.session, run, WHOLE)
    assert [(pair.stage, pair.same) for pair in pairs] == [(THIRD, True), (8, False)]
    assert likeliest(pairs) == pairs[1]
    assert likeliest(pairs[:1]) is None


# -- seen as a graph


def test_a_graph_is_seen_from_its_latest_stage_or_from_the_one_that_is_named(seed: Seed) -> None:
    first, second = planned(seed), planned(seed)
    graph = graph_of(seed.session, first, WHOLE)
    stage_of(seed.session, second, WHOLE).graph_id = graph
    seed.session.flush()
    for seen, expected in ((None, 2), ((1, WHOLE), 1), ((1, SECOND), 2), ((77, 7), 2)):
        found = graph_pairs(seed.session, graph, seen)
        assert (found.run, found.stage) == (expected, WHOLE)
        assert found.pairs[0].run == expected


def test_a_graph_that_no_stage_has_stands_alone(seed: Seed) -> None:
    found = graph_pairs(seed.session, seed.graph("orphan").id or 0, None)
    assert (found.run, found.stage, found.pairs) == (None, None, [])


@pytest.mark.parametrize(
    ("named", "stage"),
    [
        ("12.3", (12, 3)),
        ("", None),
        ("12", None),
        ("12.3.4", None),
        ("-1.2", None),
        ("\u0661.\u0662", None),
        ("1." + "9" * 30, None),
        ("<b>", None),
    ],
)
def test_a_stage_in_an_address(named: str, stage: tuple[int, int] | None) -> None:
    assert seen_from(named) == stage


# -- what it costs


def queries(engine: Engine, act: Callable[[Session], object]) -> list[str]:
    """The statements that reading takes."""
    seen: list[str] = []

    def listen(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    with read_scope(engine) as session:
        session.connection()
        event.listen(engine, "before_cursor_execute", listen)
        try:
            act(session)
        finally:
            event.remove(engine, "before_cursor_execute", listen)
    return seen


@pytest.mark.parametrize("runs", [1, 12])
def test_it_takes_the_same_queries_however_many_runs_there_are(
    runs: int, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        for number in range(runs):
            run = planned(seed, source=SCRIPT + b"#" * (number % 3))
        graph = graph_of(seed.session, run, WHOLE)
    seen = queries(engine, lambda session: stage_pairs(session, run, WHOLE))
    assert len(seen) == 2
    assert len(queries(engine, lambda session: graph_pairs(session, graph, None))) == 3
    assert len(queries(engine, lambda session: graph_pairs(session, graph, (id_of(run), 7)))) == 3


def test_every_lookup_goes_by_an_index(engine: Engine) -> None:
    run = Run(id=9, parent_id=3, script_id=1, title="", filename="a", entry="a", runtime="b")
    literal = {"literal_binds": True}
    query = others_query(run, "whole").compile(dialect=sqlite.dialect(), compile_kwargs=literal)
    with read_scope(engine) as session:
        plan = [row.detail for row in session.execute(text(f"EXPLAIN QUERY PLAN {query}"))]
    tables = [line for line in plan if line.startswith(("SEARCH ", "SCAN "))]
    assert sum("stage" in line for line in tables) == 4
    for line in tables:
        assert line.startswith(("SEARCH run USING", "SEARCH stage USING INDEX", "SCAN anon_")), plan

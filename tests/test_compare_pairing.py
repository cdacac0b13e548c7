"""Pairing two runs: to swap them mirrors all that is said, and a run is the same as itself."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from app.services.compare_causes import Causes, pair_causes
from app.services.compare_guards import GuardRead, Reach, pair_guards
from app.services.compare_stages import StagePair, StageRead, pair_stages, stage_row
from app.services.compare_values import (
    NOISE_SECONDS,
    coverage_rows,
    flattened,
    time_rows,
    times_differ,
    value_rows,
)
from app.services.compare_views import CauseChange, CauseSide, Change, StageRow
from app.services.views import CoverageView
from tests.compare_support import KEYS, all_causes, causes, guard_lists, stage_lists

MIRRORED = {Change.ADDED: Change.REMOVED, Change.REMOVED: Change.ADDED}
MIRRORED_CAUSES = {
    CauseChange.GONE: CauseChange.NEW,
    CauseChange.NEW: CauseChange.GONE,
    CauseChange.MAYBE_GONE: CauseChange.MAYBE_NEW,
    CauseChange.MAYBE_NEW: CauseChange.MAYBE_GONE,
    CauseChange.STILL: CauseChange.STILL,
}
ALL = Reach(frozenset(KEYS))
two_floats = st.floats(0, 1e6)
reaches = st.builds(Reach, st.frozensets(st.sampled_from(KEYS)), st.booleans())


def rows(base: list[StageRead], head: list[StageRead], live: tuple[bool, bool]) -> list[StageRow]:
    return [
        stage_row(pair, head_run=1, live=live, same_graph=graphs(pair), guards_differ=0)
        for pair in pair_stages(base, head)
    ]


def graphs(pair: StagePair) -> bool | None:
    """Whether the graphs are the same, as far as their ids tell."""
    if pair.base is None or pair.head is None:
        return None
    base, head = pair.base.side.graph, pair.head.side.graph
    return None if base is None or head is None else base == head


# -- stages


@given(stage_lists(), stage_lists(), st.booleans(), st.booleans())
def test_to_swap_two_runs_mirrors_their_stages(
    base: list[StageRead], head: list[StageRead], base_live: bool, head_live: bool
) -> None:
    there = {row.key: row for row in rows(base, head, (base_live, head_live))}
    back = {row.key: row for row in rows(head, base, (head_live, base_live))}
    assert there.keys() == back.keys() == {one.key for one in [*base, *head]}
    for key, row in there.items():
        assert back[key].change == MIRRORED.get(row.change, row.change)
        assert back[key].changes == row.changes
        assert (back[key].base, back[key].head) == (row.head, row.base)


@given(stage_lists())
def test_a_run_that_is_over_has_the_stages_of_itself(stages: list[StageRead]) -> None:
    found = rows(stages, stages, (False, False))
    assert [row.key for row in found] == [one.key for one in stages]
    assert {row.change for row in found} <= {Change.SAME}


@given(stage_lists(), stage_lists())
def test_stages_come_in_the_heads_order_and_others_after_what_they_followed(
    base: list[StageRead], head: list[StageRead]
) -> None:
    keys = [pair.shown.key for pair in pair_stages(base, head)]
    theirs = [one.key for one in head]
    assert [key for key in keys if key in theirs] == theirs
    for before, one in zip([None, *base], base, strict=False):
        if one.key not in theirs and before is not None:
            assert keys.index(before.key) < keys.index(one.key)


@given(stage_lists(), stage_lists())
def test_what_a_run_may_still_tell_is_neither_added_nor_removed(
    base: list[StageRead], head: list[StageRead]
) -> None:
    for row in rows(base, head, (True, True)):
        if row.base is None or row.head is None:
            assert row.change is Change.NOT_KNOWN


# -- causes


@given(all_causes, all_causes)
def test_to_swap_two_runs_mirrors_what_stops_them(base: Causes, head: Causes) -> None:
    there, back = pair_causes(base, head), pair_causes(head, base)
    mirrored = Counter(MIRRORED_CAUSES[row.change] for row in there)
    assert Counter(row.change for row in back) == mirrored


@given(all_causes)
def test_all_that_stops_a_run_is_still_there_in_itself(found: Causes) -> None:
    told = pair_causes(found, found)
    assert len(told) == len(found.own) + len(found.blockers)
    assert {row.change for row in told} <= {CauseChange.STILL}


@given(all_causes, all_causes)
def test_nothing_is_gone_or_new_where_a_run_did_not_get_past_it(base: Causes, head: Causes) -> None:
    changes = {row.change for row in pair_causes(base, head)}
    if not (head.complete or head.past_own):
        assert CauseChange.GONE not in changes
    if not (base.complete or base.past_own):
        assert CauseChange.NEW not in changes


@given(causes)
def test_a_blocker_is_known_again_at_another_line(cause: CauseSide) -> None:
    moved = cause.model_copy(update={"line": 99})
    (row,) = pair_causes(Causes(blockers=[cause]), Causes(blockers=[moved]))
    assert row.change is CauseChange.STILL


@given(causes)
def test_a_line_whose_expression_is_spelled_otherwise_stops_it_still(cause: CauseSide) -> None:
    other = cause.model_copy(update={"fingerprint": "v1:9", "expression": "flat_args[0]"})
    elsewhere = other.model_copy(update={"module": "head"})
    for head, change in ((other, CauseChange.STILL), (elsewhere, CauseChange.NEW)):
        first, *_ = pair_causes(Causes(blockers=[cause], complete=True), Causes(blockers=[head]))
        assert first.change is change


# -- guards


@given(guard_lists(), guard_lists(), reaches, reaches)
def test_to_swap_two_runs_mirrors_their_guards(
    base: list[GuardRead], head: list[GuardRead], base_reach: Reach, head_reach: Reach
) -> None:
    there = pair_guards(base, head, base_reach, head_reach)
    back = pair_guards(head, base, head_reach, base_reach)
    assert {(one.base, one.head, MIRRORED.get(one.change, one.change)) for one in there} == {
        (one.head, one.base, one.change) for one in back
    }


@given(guard_lists(), reaches)
def test_a_run_has_the_guards_of_itself(guards: list[GuardRead], reach: Reach) -> None:
    assert {one.change for one in pair_guards(guards, guards, reach, reach)} <= {Change.SAME}


def test_a_guard_that_a_failed_stage_did_not_tell_is_not_gone() -> None:
    guard = GuardRead(1, "a", "guard", "x == 8", silent=False)
    (gone,) = pair_guards([guard], [], ALL, ALL)
    (unknown,) = pair_guards([guard], [], ALL, Reach(frozenset("b")))
    (cut,) = pair_guards([guard], [], ALL, Reach(frozenset(KEYS), cut=True))
    changes = [gone.change, unknown.change, cut.change]
    assert changes == [Change.REMOVED, Change.NOT_KNOWN, Change.NOT_KNOWN]


# -- times and values


@given(two_floats, two_floats)
def test_times_differ_both_ways_or_not_at_all(base: float, head: float) -> None:
    assert times_differ(base, head) == times_differ(head, base)
    assert not times_differ(base, base)
    if abs(base - head) <= NOISE_SECONDS:
        assert not times_differ(base, head)


def test_a_time_differs_beyond_a_fifth_and_50_ms() -> None:
    assert not times_differ(0.01, 0.05)
    assert not times_differ(1.0, 1.2)
    assert times_differ(1.0, 1.3)
    assert times_differ(0.1, 0.2)


def test_a_time_that_a_run_has_not_is_not_known() -> None:
    found = time_rows(
        {"load": 1.0, "run": None, "eager": None}, {"load": 1.1, "run": 9.0, "eager": None}
    )
    assert [(row.name, row.change) for row in found] == [
        ("load", Change.SAME),
        ("run", Change.NOT_KNOWN),
    ]


def test_memory_has_a_noise_of_its_own() -> None:
    mib = 2**20
    near, far = (
        time_rows({"peak_memory": 20.0 * mib}, {"peak_memory": size * mib})[0].change
        for size in (45.0, 60.0)
    )
    assert (near, far) == (Change.SAME, Change.CHANGED)


def test_environments_are_compared_package_by_package() -> None:
    base = flattened({"python": "3.11", "packages": {"numpy": "1", "scipy": "2"}})
    head = flattened({"python": "3.11", "packages": {"numpy": "2"}})
    assert {row.name: row.change for row in value_rows(base, head)} == {
        "python": Change.SAME,
        "packages.numpy": Change.CHANGED,
        "packages.scipy": Change.CHANGED,
    }
    assert {row.change for row in value_rows(base, None)} == {Change.NOT_KNOWN}
    assert value_rows(None, None) == []


def test_coverage_of_a_run_that_did_not_come_to_it_is_not_known() -> None:
    some = CoverageView(
        modules=4,
        modules_exported=3,
        parameters=9,
        parameters_exported=9,
        calls=1,
        calls_exported=0,
    )
    more = some.model_copy(update={"modules_exported": 4})
    assert [row.change for row in coverage_rows(some, more)] == [
        *(Change.CHANGED, Change.SAME, Change.SAME),
    ]
    assert {row.change for row in coverage_rows(some, None)} == {Change.NOT_KNOWN}
    assert coverage_rows(None, None) == []

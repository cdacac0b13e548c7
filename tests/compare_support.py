"""Pieces of comparisons that hypothesis makes up."""

from hypothesis import strategies as st

from app.models import Category, ReplayStatus, StageKind, StageStatus
from app.services.compare_causes import Causes
from app.services.compare_guards import GuardRead
from app.services.compare_stages import StageRead
from app.services.compare_views import CauseSide, StageFailure, StageSide

KEYS = ("a", "b", "c", "d", "e")

causes = st.builds(
    CauseSide,
    position=st.just(1),
    url=st.just("/runs/1"),
    category=st.sampled_from([Category.UNKNOWN, Category.MUTATION]),
    exception=st.just("E"),
    message=st.just(""),
    file=st.just("m.py"),
    line=st.integers(1, 3),
    text=st.sampled_from("xy"),
    module=st.none(),
    expression=st.none(),
    fingerprint=st.sampled_from([None, "v1:1", "v1:2"]),
)
cause_lists = st.lists(causes, max_size=5)
all_causes = st.builds(
    Causes, own=cause_lists, blockers=cause_lists, past_own=st.booleans(), complete=st.booleans()
)

failures = st.none() | st.builds(
    StageFailure,
    category=st.sampled_from([Category.UNKNOWN, Category.MUTATION]),
    file=st.sampled_from(["m.py", None]),
    line=st.integers(1, 3),
    text=st.sampled_from("xy"),
    module=st.none(),
    fingerprint=st.sampled_from([None, "v1:1", "v1:2"]),
)
stage_sides = st.builds(
    StageSide,
    n=st.just(1),
    url=st.just("/runs/1/stages/1"),
    status=st.sampled_from(StageStatus),
    reason=st.just(""),
    replay=st.sampled_from(ReplayStatus),
    max_abs=st.none(),
    seconds=st.none() | st.floats(0, 2),
    graph=st.none() | st.integers(1, 3),
    nodes=st.integers(1, 3),
    guards=st.integers(0, 3),
    failure=failures,
)


@st.composite
def stage_lists(draw: st.DrawFn) -> list[StageRead]:
    """The stages of one run: each key once, in any order."""
    keys = draw(st.lists(st.sampled_from(KEYS), unique=True))
    return [
        StageRead(n, key, StageKind.COMPONENT, key, None, draw(stage_sides))
        for n, key in enumerate(keys)
    ]


@st.composite
def guard_lists(draw: st.DrawFn) -> list[GuardRead]:
    """The guards of one run, some of them twice."""
    told = st.tuples(
        st.sampled_from(KEYS[:2]), st.just("guard"), st.sampled_from("xyz"), st.booleans()
    )
    return [GuardRead(n, *one) for n, one in enumerate(draw(st.lists(told, max_size=8)))]

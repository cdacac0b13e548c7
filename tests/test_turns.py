"""Whose run is taken next: fair between people, whatever they queue."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, insert, select
from sqlmodel import col

from app.db import read_scope, session_scope
from app.models import Run, RunEvent, RunStatus, Script, ScriptKind
from app.models.columns import utc_now
from app.services import queue
from app.services.turns import count_ahead
from tests.worker_support import claim_next, database, make_settings

Queued = Sequence[tuple[str, int]]  # owner and priority, the oldest first

QUEUES = st.lists(
    st.tuples(st.sampled_from(["ana", "ben", "eva", ""]), st.sampled_from([0, 0, 0, 1])),
    min_size=1,
    max_size=8,
)
SOME = hypothesis_settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # each example clears the table
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with database(make_settings(Path(tmp_path_factory.mktemp("turns")))) as engine:
        with session_scope(engine) as session:
            session.add(Script(id=1, sha256="1" * 64, kind=ScriptKind.PY, size=1))
        yield engine


def fill(engine: Engine, queued: Queued) -> None:
    """These runs and no others, with ids from 1."""
    rows = [
        {
            "id": number,
            "script_id": 1,
            **dict.fromkeys(("title", "filename", "entry"), "m.py"),
            "runtime": "default",
            "options": {},
            "notes": [],
            "created_at": utc_now(),
            "owner": owner,
            "priority": priority,
        }
        for number, (owner, priority) in enumerate(queued, 1)
    ]
    with session_scope(engine) as session:
        session.execute(delete(RunEvent))
        session.execute(delete(Run))
        session.execute(insert(Run), rows)


def end(engine: Engine, number: int) -> None:
    """A worker is done with it."""
    with session_scope(engine) as session:
        session.get_one(Run, number).status = RunStatus.FINISHED


def waiting(engine: Engine) -> list[int]:
    with read_scope(engine) as session:
        queued = select(col(Run.id)).where(col(Run.status) == RunStatus.QUEUED)
        return list(session.scalars(queued.order_by(col(Run.id))))


def served(engine: Engine, queued: Queued, workers: int = 1) -> list[int]:
    """The runs in the order in which so many workers take them, each of equal length."""
    fill(engine, queued)
    order: list[int] = []
    for at in range(len(queued)):
        order.append(claim_next(engine).run_id)
        if at >= workers - 1:
            end(engine, order[at - workers + 1])
    return order


def test_one_run_of_one_does_not_wait_for_a_hundred_of_another(engine: Engine) -> None:
    order = served(engine, [*[("ana", 0)] * 100, ("ben", 0)])
    assert order.index(101) == 1
    assert [number for number in order if number != 101] == [*range(1, 101)]


def test_two_take_turns(engine: Engine) -> None:
    order = served(engine, [*[("ana", 0)] * 4, *[("ben", 0)] * 4])
    assert order == [1, 5, 2, 6, 3, 7, 4, 8]


def test_who_has_none_running_comes_first(engine: Engine) -> None:
    fill(engine, [*[("ana", 0)] * 5, *[("ben", 0)] * 3])
    taken = [claim_next(engine).run_id for _ in range(4)]
    assert taken == [1, 6, 2, 7], "two of each run"
    end(engine, 6)
    end(engine, 7)
    assert [claim_next(engine).run_id for _ in range(2)] == [8, 3]


def test_what_is_followed_up_does_not_count(engine: Engine) -> None:
    fill(engine, [("ana", 0), ("ben", 0), ("ben", 0), ("ana", 0), ("ana", 0)])
    first, second = (claim_next(engine).run_id for _ in range(2))
    with session_scope(engine) as session:
        session.get_one(Run, first).following = "remedies"
    assert (first, second) == (1, 2)
    assert [claim_next(engine).run_id for _ in range(2)] == [4, 3]


@SOME
@given(queued=QUEUES)
def test_priority_goes_before_everything(engine: Engine, queued: Queued) -> None:
    priorities = [queued[number - 1][1] for number in served(engine, queued)]
    assert priorities == sorted(priorities)


@SOME
@given(queued=QUEUES, workers=st.integers(1, 3))
def test_the_oldest_of_one_owner_first_and_nobody_starves(
    engine: Engine, queued: Queued, workers: int
) -> None:
    order = served(engine, queued, workers)
    assert sorted(order) == [*range(1, len(queued) + 1)]
    people = {owner for owner, _ in queued}
    for owner in people:
        mine = [number for number in order if queued[number - 1] == (owner, 0)]
        assert mine == sorted(mine)
        places = [order.index(number) for number in mine]
        for before, after in pairwise(places):
            between = Counter(queued[number - 1][0] for number in order[before + 1 : after])
            assert max(between.values(), default=0) <= workers, "each other owner in their turn"


@SOME
@given(owners=st.lists(st.sampled_from(["ana", "ben", "eva"]), min_size=1, max_size=8))
def test_a_run_that_waits_is_told_how_many_come_first(engine: Engine, owners: list[str]) -> None:
    fill(engine, [(owner, 0) for owner in owners])
    for _ in range(len(owners) // 3):  # so that some were served before
        end(engine, claim_next(engine).run_id)
    left = waiting(engine)
    with read_scope(engine) as session:
        told = {number: count_ahead(session, number) for number in left}
    order: list[int] = []
    while waiting(engine):
        order.append(claim_next(engine).run_id)
        end(engine, order[-1])
    assert told == {number: order.index(number) for number in left}


def test_those_of_another_priority_come_first_too(engine: Engine) -> None:
    fill(engine, [("ana", 1), ("ben", 0), ("ben", 0), ("ben", 2)])
    with read_scope(engine) as session:
        assert [count_ahead(session, number) for number in (1, 2, 3, 4)] == [2, 0, 1, 3]


def test_another_runtime_s_runs_do_not_come_first(engine: Engine) -> None:
    fill(engine, [("ana", 0), ("ana", 0), ("ben", 0)])
    with session_scope(engine) as session:
        session.get_one(Run, 1).runtime = "other"
    with read_scope(engine) as session:
        assert [count_ahead(session, number) for number in (1, 2, 3)] == [0, 0, 1]
    assert queue.claim(engine, "w", ["other"], 60) == queue.Claim(1, 1)

"""What a worker writes of a run while it holds it. Every write goes through `fenced`."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, delete, insert, null, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from app.db import session_scope
from app.fingerprint import plain_class
from app.models import (
    Blocker,
    Component,
    Failure,
    Graph,
    Guard,
    ReplayStatus,
    Run,
    RunLog,
    RunStatus,
    Stage,
    StageStatus,
    Verdict,
)
from app.services.attempt import category_of
from app.services.live import announce
from app.services.queue import Claim, held


class LostRunError(Exception):
    """The run is another worker's by now, or gone. Nothing was written; nothing more may be."""


@dataclass(frozen=True)
class StageEnd:
    """All that a stage leaves. The rows in it have no ids yet."""

    status: StageStatus
    reason: str = ""
    seconds: float | None = None
    graph: Graph | None = None
    guards: Sequence[Guard] = ()
    failure: Failure | None = None
    inputs: list[dict[str, Any]] = field(default_factory=list)
    outputs: list[dict[str, Any]] = field(default_factory=list)
    replay: ReplayStatus = ReplayStatus.NOT_RUN
    replay_detail: dict[str, Any] | None = None
    detail: dict[str, Any] | None = None
    file_sha256: str | None = None
    file_bytes: int | None = None
    stored: int = 0  # bytes that all of this takes, without the file


@contextmanager
def fenced(engine: Engine, claim: Claim) -> Iterator[Session]:
    """One writing transaction that holds the run's row; LostRunError if it is not ours."""
    with session_scope(engine) as session:
        mine = select(Run.id).where(held(claim)).with_for_update()
        if session.exec(mine).one_or_none() is None:
            raise LostRunError(f"run {claim.run_id}, attempt {claim.attempt}")
        yield session


def save_run(
    session: Session,
    run_id: int,
    *,
    loaded: dict[str, Any] | None = None,
    eager: dict[str, Any] | None = None,
    coverage: dict[str, Any] | None = None,
    search: dict[str, Any] | None = None,
    notes: list[dict[str, Any]] | None = None,
    whole_at: datetime | None = None,
) -> None:
    """Write what is given of the run as a whole, and leave the rest."""
    given = {
        "loaded": loaded,
        "eager": eager,
        "coverage": coverage,
        "search": search,
        "notes": notes,
        "whole_at": whole_at,
    }
    values: dict[str, Any] = {k: value for k, value in given.items() if value is not None}
    if loaded is not None:
        values["model_class"] = plain_class(loaded["model_class"])
    session.execute(update(Run).where(col(Run.id) == run_id).values(**values))


def save_sandbox(session: Session, run_id: int, tier: str) -> None:
    """Set the tier that the run's probes are started under, and tell those who look at it."""
    session.execute(update(Run).where(col(Run.id) == run_id).values(sandbox=tier))
    announce(session, run_id, "run", status=RunStatus.RUNNING, verdict=None)


def save_contract(session: Session, run_id: int, contract: dict[str, Any]) -> None:
    """Set what each input dimension can be."""
    session.execute(update(Run).where(col(Run.id) == run_id).values(contract=contract))
    announce(session, run_id, "contract")


def save_repro(session: Session, run_id: int, position: int, repro: dict[str, Any]) -> None:
    """Set the small script that fails as this blocker does, or why there is none."""
    which = (col(Blocker.run_id) == run_id) & (col(Blocker.position) == position)
    session.execute(update(Blocker).where(which).values(repro=repro))
    announce(session, run_id, "repro", position=position)


def save_following(session: Session, run_id: int, course: str) -> None:
    """Say what is tried now, after the verdict; nothing where that was said already."""
    other = (col(Run.id) == run_id) & (col(Run.following) != course)
    changed = update(Run).where(other).values(following=course).returning(col(Run.id))
    if session.execute(changed).first() is not None:
        announce(session, run_id, "following", course=course)


def save_verdict(session: Session, run_id: int, verdict: Verdict) -> None:
    """Set the verdict, and tell those who wait for it."""
    values = {"verdict": verdict, "category": category_of(run_id)}
    session.execute(update(Run).where(col(Run.id) == run_id).values(**values))
    announce(session, run_id, "run", status=RunStatus.RUNNING, verdict=verdict)


def save_plan(
    session: Session, run_id: int, components: Sequence[Component], stages: Sequence[Stage]
) -> None:
    """Insert the plan's rows."""
    session.add_all([*components, *stages])
    for stage in stages:
        announce(session, run_id, "stage", n=stage.n, status=stage.status)


def start_stage(session: Session, run_id: int, n: int) -> None:
    """A stage began."""
    session.execute(_stage(run_id, n).values(status=StageStatus.RUNNING))
    announce(session, run_id, "stage", n=n, status=StageStatus.RUNNING)


def end_stage(session: Session, run_id: int, n: int, end: StageEnd) -> None:
    """A stage ended: its row, graph, guards and failure, all at once."""
    graph_id = None if end.graph is None else store_graph(session, end.graph)
    stage_id = session.execute(
        _stage(run_id, n)
        .values(
            status=end.status,
            reason=end.reason,
            seconds=end.seconds,
            graph_id=graph_id,
            inputs=end.inputs,
            outputs=end.outputs,
            replay=end.replay,
            replay_detail=end.replay_detail,
            detail=end.detail,
            file_sha256=end.file_sha256,
            file_bytes=end.file_bytes,
        )
        .returning(col(Stage.id))
    ).scalar_one()
    if kept := end.stored + (end.file_bytes or 0):
        total = col(Run.stored_bytes) + kept
        session.execute(update(Run).where(col(Run.id) == run_id).values(stored_bytes=total))
    if end.guards:  # up to 20,000: as objects of the session they would hold its lock for seconds
        values = [guard.model_dump(exclude={"id", "stage_id"}) for guard in end.guards]
        session.execute(insert(Guard).values(stage_id=stage_id), values)
    if end.failure is not None:
        end.failure.stage_id = stage_id
        session.add(end.failure)
    announce(session, run_id, "stage", n=n, status=end.status)


def store_graph(session: Session, graph: Graph) -> int:
    """Keep a graph once per content; returns the id it has."""
    same = select(Graph.id).where(col(Graph.digest) == graph.digest)
    known = session.exec(same).one_or_none()
    if known is not None:
        return known
    try:
        with session.begin_nested():
            session.add(graph)
            session.flush()
    except IntegrityError:  # on PostgreSQL another worker may store the same one right now
        graph.id = session.exec(same).one()
    assert graph.id is not None
    return graph.id


def save_blockers(
    session: Session, run_id: int, blockers: Sequence[Blocker], search: dict[str, Any]
) -> None:
    """Replace the run's blockers, with how the search for them stands."""
    session.execute(delete(Blocker).where(col(Blocker.run_id) == run_id))
    session.add_all(blockers)
    save_run(session, run_id, search=search)
    announce(session, run_id, "blockers", found=len(blockers))


def forget_blockers(session: Session, run_id: int) -> None:
    """Remove what was found: the script itself fails."""
    session.execute(delete(Blocker).where(col(Blocker.run_id) == run_id))
    session.execute(update(Run).where(col(Run.id) == run_id).values(search=null()))


def save_log(session: Session, run_id: int, text: str, dropped: int) -> None:
    """Replace the run's log; `dropped` counts the bytes that were cut out of it."""
    session.merge(RunLog(run_id=run_id, text=text, dropped=dropped))
    announce(session, run_id, "log")


def _stage(run_id: int, n: int) -> Any:
    return update(Stage).where(col(Stage.run_id) == run_id, col(Stage.n) == n)

"""Deleted runs: hidden at once, brought back by undo, removed for good after a while."""

from datetime import timedelta

from sqlalchemy import Engine, delete, func, select, update
from sqlmodel import Session, col

from app.db import read_scope, session_scope
from app.errors import ConflictError
from app.models import Act, Graph, Run, Script, Stage
from app.models.columns import utc_now
from app.services import holdings, search
from app.services.asker import Asker
from app.services.audit import record
from app.services.failure_runs import hand_on
from app.services.live import announce
from app.services.programs import forget_programs, programs_of
from app.services.sightings import forget_sightings, record_sightings
from app.services.storage import BlobStore

BATCH = 20  # runs that are removed in one sweep: each is a transaction that others wait for


def delete_run(session: Session, run: Run, asker: Asker) -> None:
    """Hide an ended run from everywhere, until it is restored or purged."""
    session.refresh(run, with_for_update=True)
    if not run.status.ended:
        raise ConflictError(
            f"Run {run.id} is {run.status.value}: only a run that has ended can be deleted.",
            "Cancel it first.",
            code="run_not_ended",
        )
    assert run.id is not None
    run.deleted_at = utc_now()
    session.add(run)
    forget_sightings(session, run)
    announce(session, run.id, "about")
    record(session, asker, Act.RUN_DELETED, f"run {run.id}", title=run.title, owner=run.owner)


def restore_run(session: Session, run: Run, asker: Asker) -> None:
    """Bring a deleted run back, which its loader locked; it is as it was."""
    assert run.id is not None
    if run.deleted_at is None:
        raise ConflictError(
            f"Run {run.id} is not deleted: there is nothing to restore.",
            "The history lists it.",
            code="run_not_deleted",
        )
    run.deleted_at = None
    session.add(run)
    record_sightings(session, run)
    announce(session, run.id, "about")
    record(session, asker, Act.RUN_RESTORED, f"run {run.id}", title=run.title, owner=run.owner)


def deleted_title(session: Session, run_id: int, asker: Asker) -> str | None:
    """The title of a run that `asker` can restore; None where there is no such run."""
    query = select(col(Run.title), col(Run.owner)).where(
        col(Run.id) == run_id, col(Run.deleted_at).is_not(None)
    )
    row = session.execute(query).one_or_none()
    return row.title if row is not None and asker.owns(row.owner) else None


def purge(engine: Engine, store: BlobStore, programs: BlobStore, hours: float) -> int:
    """Remove runs for good that were deleted longer ago than that; returns how many."""
    before = utc_now() - timedelta(hours=hours)
    gone = (
        select(col(Run.id))
        .where(col(Run.deleted_at).is_not(None), col(Run.deleted_at) < before)
        .limit(BATCH)
    )
    with read_scope(engine) as session:
        ids = session.scalars(gone).all()
    for run_id in ids:
        with session_scope(engine) as session:
            still = select(Run).where(col(Run.id) == run_id, col(Run.deleted_at) < before)
            run = session.scalars(still.with_for_update()).one_or_none()
            if run is not None:  # else it was restored, or another worker was faster
                _remove(session, store, programs, run)
    return len(ids)


def _remove(session: Session, store: BlobStore, programs: BlobStore, run: Run) -> None:
    """Remove a run with all that hangs on it, and its script and saved programs when no other run
    uses them."""
    assert run.id is not None
    # Locked, for another run of the same bytes may be made right now.
    script = session.scalars(
        select(Script).where(col(Script.id) == run.script_id).with_for_update()
    ).one()
    session.execute(update(Run).where(col(Run.parent_id) == run.id).values(parent_id=None))
    graphs = session.scalars(
        select(col(Stage.graph_id)).where(
            col(Stage.run_id) == run.id, col(Stage.graph_id).is_not(None)
        )
    ).all()
    files = programs_of(session, run.id)
    search.forget_run(session, run.id)
    hand_on(session, run.id)
    session.delete(run)
    session.flush()
    forget_programs(session, programs, files)
    still_used = select(col(Stage.graph_id)).where(col(Stage.graph_id).in_(graphs))
    session.execute(
        delete(Graph).where(col(Graph.id).in_(graphs), col(Graph.id).not_in(still_used))
    )
    holdings.remove_run(session, run, script)
    users = session.scalar(select(func.count()).where(col(Run.script_id) == script.id))
    if not users:
        assert script.id is not None
        search.forget_script(session, script.id)
        session.delete(script)
        session.flush()
        store.delete(script.sha256)

"""One loader per object and right. Who may not have an object gets the same 404 as for none."""

from typing import Any

from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from app.errors import NotFoundError
from app.models import (
    Comment,
    FailureGroup,
    Graph,
    Person,
    Remedy,
    Run,
    SavedFilter,
    Script,
    Share,
    Stage,
)
from app.services.asker import Asker
from app.services.graphs import is_there


def find_run(session: Session, run_id: int) -> Run:
    """The run, or NotFoundError."""
    run = _run(session, run_id)
    if run is None:
        raise NotFoundError(
            f"There is no run {run_id}.", "It may have been deleted; the history lists all runs."
        )
    return run


def find_own_run(session: Session, run_id: int, asker: Asker) -> Run:
    """The run, to be renamed, cancelled or deleted by its owner or an admin."""
    run = _run(session, run_id)
    if run is None or not asker.owns(run.owner):
        raise NotFoundError(
            f"There is no run {run_id} that you may change.",
            "It was deleted, or is not yours: its owner can change it, and an admin.",
        )
    return run


def find_deleted_run(session: Session, run_id: int, asker: Asker) -> Run:
    """The run, to be restored by its owner or an admin; locked, for it may be purged right now."""
    run = session.get(Run, run_id, with_for_update=True)
    if run is None or not asker.owns(run.owner):
        raise NotFoundError(
            f"There is no run {run_id} that you may restore.",
            "It was deleted so long ago that it is gone for good, or it is not yours.",
        )
    return run


def find_run_to_repeat(session: Session, run_id: int, asker: Asker) -> Run:
    """The run, for the form that makes another of it: for all who may upload."""
    if not asker.may_write:
        raise NotFoundError(f"There is no run {run_id} that you may repeat.", "Ask an admin.")
    return find_run(session, run_id)


def _run(session: Session, run_id: int) -> Run | None:
    """The run, unless it was deleted. What is long of it is only read when asked for."""
    long: tuple[Any, ...] = (col(Run.eager), col(Run.contract))
    run = session.get(Run, run_id, options=[defer(one) for one in long])
    return None if run is None or run.deleted_at is not None else run


def find_script(session: Session, run: Run) -> Script:
    """The script of a run that was found."""
    return session.get_one(Script, run.script_id)


def find_stage(session: Session, run: Run, n: int) -> Stage:
    """Stage `n` of a run that was found, or NotFoundError."""
    query = select(Stage).where(col(Stage.run_id) == run.id, col(Stage.n) == n)
    stage = session.exec(query).one_or_none()
    if stage is None:
        raise NotFoundError(
            f"Run {run.id} has no stage {n}.", "Its page lists the stages that were planned."
        )
    return stage


def find_remedy(session: Session, run: Run, position: int) -> Remedy:
    """A remedy of a run that was found, by the order in which they are tried."""
    query = select(Remedy).where(col(Remedy.run_id) == run.id, col(Remedy.position) == position)
    remedy = session.exec(query).one_or_none()
    if remedy is None:
        raise NotFoundError(
            f"Run {run.id} has no remedy {position}.", "Its page lists the remedies it knows of."
        )
    return remedy


def find_comment_of(session: Session, run: Run, comment_id: int, author: Asker) -> Comment:
    """A comment on a run that was found, for its author to change, or NotFoundError."""
    comment = session.get(Comment, comment_id)
    if comment is None or comment.run_id != run.id or comment.author != author.name:
        raise _no_comment(run, comment_id)
    return comment


def find_comment_to_delete(session: Session, run: Run, comment_id: int, asker: Asker) -> Comment:
    """A comment on a run that was found, for its author or an admin, or NotFoundError."""
    comment = session.get(Comment, comment_id)
    if comment is None or comment.run_id != run.id or not asker.owns(comment.author):
        raise _no_comment(run, comment_id)
    return comment


def _no_comment(run: Run, comment_id: int) -> NotFoundError:
    return NotFoundError(
        f"Run {run.id} has no comment {comment_id} of yours.",
        "It may have been deleted; the run's page lists those that there are.",
    )


def find_graph(session: Session, graph_id: int) -> Graph:
    """The graph with its document and code, or NotFoundError."""
    graph = session.exec(select(Graph).where(col(Graph.id) == graph_id, is_there())).one_or_none()
    if graph is None:
        raise NotFoundError(
            f"There is no graph {graph_id}.", "It is gone when the last run with it was deleted."
        )
    return graph


def find_group(session: Session, fingerprint: str) -> FailureGroup:
    """A failure over all runs that some run still has, or NotFoundError."""
    group = session.get(FailureGroup, fingerprint)
    if group is None or not group.runs:
        raise NotFoundError(
            f"There is no failure {fingerprint}.",
            "The runs that had it may have been deleted; /failures lists all that there are.",
        )
    return group


def find_person(session: Session, person_id: int) -> Person:
    """A person with an account, or NotFoundError."""
    person = session.get(Person, person_id)
    if person is None:
        raise NotFoundError(
            f"There is no person {person_id}.", "/admin lists all who have an account."
        )
    return person


def find_filter(session: Session, slug: str) -> SavedFilter:
    """A saved filter, or NotFoundError."""
    saved = _filter(session, slug)
    if saved is None:
        raise NotFoundError(
            f"There is no saved filter {slug[:80]!r}.",
            "It may have been deleted; the first page lists all that there are.",
        )
    return saved


def find_own_filter(session: Session, slug: str, asker: Asker) -> SavedFilter:
    """The same, to be deleted by who saved it or an admin."""
    saved = _filter(session, slug)
    if saved is None or not asker.owns(saved.owner):
        raise NotFoundError(
            f"There is no saved filter {slug[:80]!r} that you may delete.",
            "It was deleted, or is not yours: who saved it can delete it, and an admin.",
        )
    return saved


def _filter(session: Session, slug: str) -> SavedFilter | None:
    return session.get(SavedFilter, slug) if slug.isprintable() else None


def find_own_share(session: Session, share_id: int, asker: Asker) -> Share:
    """A link by its number, to be revoked by who made it or an admin."""
    share = session.get(Share, share_id)
    if share is None or not asker.owns(share.created_by):
        raise NotFoundError(
            f"There is no share {share_id} that you may revoke.",
            "/shares lists all: who made one can revoke it, and an admin.",
        )
    return share

"""Reads what a report is made of, in a fixed number of queries, and makes it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from app.graphs.render import CHARACTERS
from app.models import Blocker, Graph, Run, ShareKind, Stage
from app.models.columns import utc_now
from app.remedy_cards import RemedyCard, remedy_cards
from app.reports.build import (
    Material,
    blocker_report,
    comparison_report,
    run_report,
    stage_report,
)
from app.reports.report import Report
from app.services.blockers import blocker_detail
from app.services.compare import compare_runs
from app.services.contracts import brief_contract
from app.services.failure_views import BlockerDetail
from app.services.graphs import code_beginning
from app.services.present import facts, run_view, stage_view
from app.services.remedies import remedy_details
from app.services.storage import BlobStore
from app.services.views import RunView


@dataclass(frozen=True)
class Subject:
    """What a report is about, found: `head` is there for a comparison alone, `stage` for a stage.

    `position` is that of the blocker, or the number of the stage.
    """

    kind: ShareKind
    run: Run
    position: int | None = None
    stage: Stage | None = None
    head: Run | None = None


def read_report(
    session: Session, store: BlobStore, subject: Subject, *, with_source: bool
) -> Report:
    """The report of a subject that was found, as it is now."""
    now = utc_now()
    if subject.head is not None:
        return comparison_report(
            _material(session, subject.head, ()),
            compare_runs(session, store, subject.run, subject.head),
            with_source=with_source,
            now=now,
        )
    if subject.stage is not None:
        return stage_report(
            _material(session, subject.run, ()),
            stage_view(session, subject.run, subject.stage),
            _code(session, subject.stage),
            with_source=with_source,
            now=now,
        )
    assert subject.run.id is not None
    if subject.position is not None:
        blocker = blocker_detail(session, subject.run.id, subject.position)
        material = _material(session, subject.run, (blocker,), _remedies(session, subject.run.id))
        return blocker_report(material, subject.position, with_source=with_source, now=now)
    return run_report(_everything(session, subject.run), with_source=with_source, now=now)


def has_repro(session: Session, subject: Subject) -> bool:
    """Whether the report of a run or of a blocker has a small script that fails alike."""
    if subject.kind not in (ShareKind.RUN, ShareKind.FAILURE):
        return False
    status: Any = col(Blocker.repro)
    which = [col(Blocker.run_id) == subject.run.id, status["status"].as_string() == "reproduces"]
    if subject.position is not None:
        which.append(col(Blocker.position) == subject.position)
    return session.scalar(select(col(Blocker.id)).where(*which).limit(1)) is not None


def _everything(session: Session, run: Run) -> Material:
    assert run.id is not None
    view = run_view(session, run)
    return Material(
        run=view,
        facts=facts(session, view),
        blockers=_blockers(session, run.id, view),
        remedies=_remedies(session, run.id) if view.every_remedy else (),
        contract=brief_contract(session, run),
    )


def _material(
    session: Session,
    run: Run,
    blockers: tuple[BlockerDetail, ...],
    remedies: tuple[RemedyCard, ...] = (),
) -> Material:
    view = run_view(session, run)
    return Material(view, facts(session, view), blockers, remedies)


def _blockers(session: Session, run_id: int, view: RunView) -> tuple[BlockerDetail, ...]:
    """All of them in full; where no search has told any, the whole stage's failure."""
    query = select(Blocker).where(col(Blocker.run_id) == run_id).order_by(col(Blocker.position))
    found = tuple(BlockerDetail.model_validate(row) for row in session.scalars(query))
    failure = view.failure
    if found or failure is None or failure.stage is None:
        return found
    return (BlockerDetail.model_validate({**failure.model_dump(), "position": 1}),)


def _remedies(session: Session, run_id: int) -> tuple[RemedyCard, ...]:
    """Without their diffs as HTML: a report holds them as text."""
    details = remedy_details(session, run_id)
    return remedy_cards(details, {}, details)


def _code(session: Session, stage: Stage) -> str:
    """The beginning of a stage's code; empty where it has no graph."""
    graph = None if stage.graph_id is None else session.get(Graph, stage.graph_id)
    return "" if graph is None else code_beginning(graph, CHARACTERS)

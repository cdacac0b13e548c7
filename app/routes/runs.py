"""The pages of a run: its report, its log, its blockers and modules; what ends and deletes it."""

from collections.abc import Mapping
from typing import Annotated, TypeVar

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse
from sqlmodel import Session

from app.access import find_deleted_run, find_own_run, find_run
from app.cards import BlockerCard, Culprit, LogPart, Reached
from app.comment_pages import Thread
from app.db import read_scope, session_scope
from app.errors import NotFoundError
from app.models import Fate, Run, Verdict
from app.pages import (
    BlockerPage,
    BlockerRemediesPart,
    BlockerReproPart,
    Changes,
    ModulesPage,
    RunLogPart,
    RunPage,
    RunPart,
)
from app.remedy_cards import detail_cards, fixes_of, remedy_cards
from app.routes.files import PYTHON, file
from app.routes.moves import go
from app.services.blockers import blocker_detail, blocker_positions, blocker_views, source_views
from app.services.changes import changes_of
from app.services.contracts import brief_contract
from app.services.failure_views import SourceView
from app.services.known_failures import known_failures
from app.services.module_tree import grow, stops_of
from app.services.modules import module_views
from app.services.present import facts, last_event, log_text, run_view
from app.services.queue import request_cancel
from app.services.remedies import remedy_details, remedy_views, shown_patches
from app.services.stop_picture import StopPicture, picture_of_stop
from app.services.summary import summarise
from app.services.trash import delete_run, restore_run
from app.services.views import CoverageView, RunView
from app.web import Here, Id, Web, Who

router = APIRouter(prefix="/runs", include_in_schema=False)

AnyRunPage = TypeVar("AnyRunPage", bound=RunPage)
AnyBlockerPage = TypeVar("AnyBlockerPage", bound=BlockerPage)


@router.get("/{run_id}")
def show(web: Here, run_id: Id) -> HTMLResponse:
    """The report."""
    return web.render(_page(web, run_id, RunPage))


@router.get("/{run_id}/_run")
def part(web: Here, run_id: Id) -> HTMLResponse:
    """The part of it that changes while the run goes on."""
    return web.render(_page(web, run_id, RunPart))


@router.get("/{run_id}/_log")
def log_part(web: Here, run_id: Id) -> HTMLResponse:
    """The log alone."""
    return web.render(_page(web, run_id, RunLogPart))


@router.get("/{run_id}/blockers/{position}")
def blocker(web: Here, run_id: Id, position: Id) -> HTMLResponse:
    """One blocker, with its frames, the whole traceback and what was tried against it."""
    return web.render(_blocker_page(web, run_id, position, BlockerPage))


@router.get("/{run_id}/blockers/{position}/_remedies")
def remedies_part(web: Here, run_id: Id, position: Id) -> HTMLResponse:
    """Its remedies alone."""
    return web.render(_blocker_page(web, run_id, position, BlockerRemediesPart))


@router.get("/{run_id}/blockers/{position}/_repro")
def repro_part(web: Here, run_id: Id, position: Id) -> HTMLResponse:
    """Its small script alone."""
    return web.render(_blocker_page(web, run_id, position, BlockerReproPart))


@router.get("/{run_id}/blockers/{position}/repro.py")
def repro(web: Here, run_id: Id, position: Id) -> Response:
    """The small script that fails as this blocker does, as a file."""
    with read_scope(web.engine) as session:
        find_run(session, run_id)
        found = blocker_detail(session, run_id, position).repro
    if found is None or not found.text:
        why = found.why if found else "None was made yet."
        raise NotFoundError(f"Blocker {position} of run {run_id} has no repro.", why)
    return file(found.text, f"repro-{run_id}-{position}.py", PYTHON)


@router.get("/{run_id}/modules")
def modules(
    web: Here,
    run_id: Id,
    fate: Fate | None = None,
    under: Annotated[str, Query(max_length=1_000)] = "",
) -> HTMLResponse:
    """The tree of modules: all of them, those with one fate, those in one of them."""
    with read_scope(web.engine) as session:
        run = find_run(session, run_id)
        found = module_views(session, run)
        stops = stops_of(blocker_views(session, run_id, None))
    coverage = None if run.coverage is None else CoverageView.model_validate(run.coverage)
    page = ModulesPage(
        run_id=run_id,
        run_title=run.title,
        sandbox=run.sandbox,
        model_class=(run.loaded or {}).get("model_class", ""),
        coverage=coverage,
        tree=grow(found, stops, fate=fate, under=under),
        stops=stops.get("", ()),
        fate=fate,
        under=under,
        live=not run.status.ended,
    )
    return web.render(page)


@router.post("/{run_id}/cancel")
def cancel(request: Request, web: Here, asker: Who, run_id: Id) -> Response:
    """End a run, and show it."""
    with session_scope(web.engine) as session:
        request_cancel(session, find_own_run(session, run_id, asker), asker)
    return go(request, f"/runs/{run_id}")


@router.post("/{run_id}/delete")
def delete(request: Request, web: Here, asker: Who, run_id: Id) -> Response:
    """Delete an ended run; the history offers to undo it."""
    with session_scope(web.engine) as session:
        delete_run(session, find_own_run(session, run_id, asker), asker)
    return go(request, f"/?deleted={run_id}")


@router.post("/{run_id}/restore")
def restore(request: Request, web: Here, asker: Who, run_id: Id) -> Response:
    """Undo the deletion of a run."""
    with session_scope(web.engine) as session:
        restore_run(session, find_deleted_run(session, run_id, asker), asker)
    return go(request, f"/runs/{run_id}")


def _page(web: Web, run_id: int, kind: type[AnyRunPage]) -> AnyRunPage:
    with read_scope(web.engine) as session:
        run = find_run(session, run_id)
        event = last_event(session, run_id)
        view = run_view(session, run)
        log = log_text(session, run)
        sources = source_views(session, run_id)
        patches = shown_patches(session, run_id) if view.every_remedy else {}
        changes = changes_of(session, web.store, run)
        failure = view.failure
        if failure is not None and failure.stage is not None:  # then it is among the blockers
            sources = sources or ({1: failure.source} if failure.source else {})
            failure = None
        return kind(
            run=view,
            summary=summarise(facts(session, view)),
            culprit=Culprit.of(failure),
            cards=_cards(view, sources, patches),
            stops=_stops(session, run, view),
            fixes=fixes_of(view.every_remedy, patches, exports=view.verdict is Verdict.EXPORTED),
            changes=None if changes is None else Changes.of(run_id, changes),
            contract=brief_contract(session, run),
            known=known_failures(session, run_id),
            log=LogPart.of(log.text, log.dropped),
            thread=Thread.of(session, run),
            event=event,
        )


def _cards(
    view: RunView, sources: Mapping[int, SourceView], patches: Mapping[int, str]
) -> tuple[BlockerCard, ...]:
    """All that stops it, with what was tried against each."""
    remedies = view.every_remedy
    return tuple(
        BlockerCard.of(
            one, sources.get(one.position), remedy_cards(one.remedies, patches, remedies)
        )
        for one in view.blockers
    )


def _stops(session: Session, run: Run, view: RunView) -> StopPicture | None:
    """The picture of where it stops, where the whole model does."""
    if not view.blockers:
        return None
    stops = stops_of(view.blockers)
    tree = grow(module_views(session, run), stops)
    model_class = (run.loaded or {}).get("model_class", "")
    return picture_of_stop(tree, stops, model_class, view.blockers[0])


def _blocker_page(
    web: Web, run_id: int, position: int, kind: type[AnyBlockerPage]
) -> AnyBlockerPage:
    with read_scope(web.engine) as session:
        run = find_run(session, run_id)
        event = last_event(session, run_id)
        found = blocker_detail(session, run_id, position)
        positions = blocker_positions(session, run_id)
        details = remedy_details(session, run_id, position)
        remedies = remedy_views(session, run_id) if details else []
        known = known_failures(session, run_id)
    culprit = Culprit.of(found)
    assert culprit is not None
    return kind(
        run_id=run_id,
        run_title=run.title,
        sandbox=run.sandbox,
        blocker=found,
        culprit=culprit,
        reached=Reached.of(found, found.occurrences),
        searched=bool(positions),
        neighbours=(
            position - 1 if position - 1 in positions else None,
            position + 1 if position + 1 in positions else None,
        ),
        remedies=detail_cards(details, remedies),
        known=known.get(position),
        live=not run.status.ended,
        event=event,
    )

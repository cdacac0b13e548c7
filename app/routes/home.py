"""The first page: upload, gallery and history; the history's parts, and its trends."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlmodel import Session

from app.db import read_scope, session_scope
from app.errors import StagelightError, UploadError
from app.forms import RunForm
from app.history_address import HistoryAddress
from app.history_pages import (
    Deleted,
    FilterForm,
    HistoryPage,
    HomePage,
    TrendsPage,
    TrendsPart,
)
from app.models import Run
from app.pages import Problem
from app.plots import plots_of
from app.routes.moves import go
from app.services.asker import Asker
from app.services.examples import list_examples, read_example
from app.services.facets import read_facets
from app.services.history import list_runs, state_of
from app.services.options import RunOptions
from app.services.quotas import read_usage
from app.services.runs import create_run
from app.services.saved_filters import list_filters
from app.services.trash import deleted_title
from app.services.trends import trends
from app.services.uploads import EXPECTED
from app.services.views import RunList
from app.text import row_id, unix_lines
from app.usage_pages import UsageCard
from app.web import Here, Uploader, Web, Who

RUNS = 30  # on one page of the history
PASTED_NAME = "pasted.py"

router = APIRouter(include_in_schema=False)

Address = Annotated[HistoryAddress, Query()]


class UploadForm(RunForm):
    """The form with its file, or the name of an example instead."""

    script: UploadFile | None = None
    example: str = ""


@router.get("/")
def home(request: Request, web: Here, asker: Who, address: Address) -> Response:
    """Upload form, gallery and history. What a form left empty goes from the address."""
    if any(not value for value in request.query_params.values()):
        return RedirectResponse(address.link(before=address.before, deleted=address.deleted))
    page = _home(web, asker, address, RunForm())
    return web.render(page, page.history.problem.status if page.history.problem else 200)


@router.get("/_history")
def history(web: Here, address: Address) -> Response:
    """The list alone, for a page that keeps itself fresh; 204 while there is nothing new."""
    with read_scope(web.engine) as session:
        if address.state and address.state == state_of(session):
            return Response(status_code=204)
        page = _history(session, web, address)
    return web.render(page, page.problem.status if page.problem else 200)


@router.get("/trends")
def trends_page(web: Here, address: Address) -> HTMLResponse:
    """How the runs of the history came out over time."""
    return web.render(_trends(web, address, TrendsPage))


@router.get("/_trends")
def trends_part(web: Here, address: Address) -> HTMLResponse:
    """The plots alone, for the first page."""
    return web.render(_trends(web, address, TrendsPart))


@router.post("/runs")
def submit(
    request: Request, web: Here, asker: Uploader, form: Annotated[UploadForm, Form()]
) -> Response:
    """Take the form; on an error show it again with what was entered."""
    try:
        run = _submit(web, asker, form)
    except StagelightError as error:
        page = _home(web, asker, HistoryAddress(), form, Problem.of(error))
        return web.render(page, error.status)
    return go(request, f"/runs/{run.id}")


def _submit(web: Web, asker: Asker, form: UploadForm) -> Run:
    if form.example:
        example, upload = read_example(form.example)
        filename, title, options = f"{example.name}.py", example.title, RunOptions()
    else:
        upload, filename = _upload(form)
        title, options = form.title, form.options()
    with session_scope(web.engine) as session:
        return create_run(
            session,
            web.store,
            upload,
            filename,
            title=title,
            entry=form.entry,
            runtime=form.runtime,
            options=options,
            settings=web.settings,
            asker=asker,
        )


def _upload(form: UploadForm) -> tuple[bytes, str]:
    """The script's bytes and name: the chosen file, or the pasted text."""
    pasted = form.pasted.strip()
    if form.script is not None and pasted:
        raise UploadError(
            "There is a chosen file and also pasted text.", "Keep one of them.", code="two_scripts"
        )
    if form.script is not None:
        return form.script.file.read(), form.script.filename or ""
    if not pasted:
        raise UploadError("No script was chosen.", EXPECTED, code="no_script")
    return unix_lines(form.pasted).encode(), PASTED_NAME


def _home(
    web: Web,
    asker: Asker,
    address: HistoryAddress,
    form: RunForm,
    problem: Problem | None = None,
) -> HomePage:
    settings = web.settings
    with read_scope(web.engine) as session:
        return HomePage(
            form=form,
            runtimes=tuple(settings.pythons),
            upload_bytes=settings.upload_bytes,
            script_bytes=settings.script_bytes,
            examples=list_examples(),
            filters=FilterForm(address, read_facets(session), tuple(list_filters(session))),
            history=_history(session, web, address),
            usage=_usage(session, web, asker),
            deleted=_deleted(session, asker, address.deleted),
            problem=problem,
        )


def _usage(session: Session, web: Web, asker: Asker) -> UsageCard | None:
    """What the asker has nearly used up; None where that is nothing."""
    view = read_usage(session, asker, web.settings)
    return None if view is None else UsageCard.nearly_used_up(view)


def _history(session: Session, web: Web, address: HistoryAddress) -> HistoryPage:
    runtimes = len(web.settings.pythons)
    try:
        filters = address.read()
    except StagelightError as error:
        empty = RunList(runs=[], next=None)
        problem = Problem.of(error)
        return HistoryPage.of(empty, address, runtimes=runtimes, state="", problem=problem)
    state = state_of(session)  # before the list: what comes in between is then asked for again
    runs = list_runs(session, filters, RUNS)
    return HistoryPage.of(runs, address, runtimes=runtimes, state=state)


def _deleted(session: Session, asker: Asker, text: str) -> Deleted | None:
    """The run that was deleted right now, while the asker can restore it."""
    run_id = row_id(text)
    title = None if run_id is None else deleted_title(session, run_id, asker)
    return None if run_id is None or title is None else Deleted(run_id, title)


def _trends(web: Web, address: HistoryAddress, kind: type[TrendsPage]) -> TrendsPage:
    with read_scope(web.engine) as session:
        found = trends(session, address.read())
    return kind(address, plots_of(found), found.runs)

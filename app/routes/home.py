"""The first page: upload, gallery and history."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, Response, UploadFile
from fastapi.responses import HTMLResponse

from app.db import read_scope, session_scope
from app.errors import StagelightError, UploadError
from app.forms import RunForm
from app.models import Run, RunStatus, Verdict
from app.pages import HistoryPage, HomePage, Problem
from app.routes.moves import go
from app.services.examples import list_examples, read_example
from app.services.history import Filters, list_runs
from app.services.options import RunOptions
from app.services.runs import create_run
from app.services.uploads import EXPECTED
from app.web import Here, Web, Who

RUNS = 30  # on one page of the history
PASTED_NAME = "pasted.py"

router = APIRouter(include_in_schema=False)


class UploadForm(RunForm):
    """The form with its file, or the name of an example instead."""

    script: UploadFile | None = None
    example: str = ""


def read_filters(
    status: RunStatus | None = None,
    verdict: Verdict | None = None,
    runtime: str = "",
    script: str = "",
    before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> Filters:
    """The filters of the address."""
    return Filters(status, verdict, runtime, script, before)


@router.get("/")
def home(web: Here, filters: Annotated[Filters, Depends(read_filters)]) -> HTMLResponse:
    """Upload form, gallery and history."""
    return web.render(_home(web, filters, RunForm()))


@router.get("/_history")
def history(web: Here, filters: Annotated[Filters, Depends(read_filters)]) -> HTMLResponse:
    """The history alone, for a page that keeps itself fresh."""
    return web.render(_history(web, filters))


@router.post("/runs")
def submit(
    request: Request, web: Here, person: Who, form: Annotated[UploadForm, Form()]
) -> Response:
    """Take the form; on an error show it again with what was entered."""
    try:
        run = _submit(web, person, form)
    except StagelightError as error:
        page = _home(web, Filters(), form, Problem.of(error))
        return web.render(page, error.status)
    return go(request, f"/runs/{run.id}")


def _submit(web: Web, person: str, form: UploadForm) -> Run:
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
            owner=person,
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
    # A browser sends every line of a text field with \r\n.
    return form.pasted.replace("\r\n", "\n").encode(), PASTED_NAME


def _home(web: Web, filters: Filters, form: RunForm, problem: Problem | None = None) -> HomePage:
    settings = web.settings
    return HomePage(
        form=form,
        runtimes=tuple(settings.pythons),
        upload_bytes=settings.upload_bytes,
        script_bytes=settings.script_bytes,
        examples=list_examples(),
        history=_history(web, filters),
        problem=problem,
    )


def _history(web: Web, filters: Filters) -> HistoryPage:
    with read_scope(web.engine) as session:
        return HistoryPage.of(list_runs(session, filters, RUNS), filters, len(web.settings.pythons))

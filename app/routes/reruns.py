"""The form to run a script again: with other options, another plan, or a changed text."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response, UploadFile
from fastapi.responses import HTMLResponse
from sqlmodel import Session

from app.access import find_run, find_run_to_repeat, find_script
from app.db import read_scope, session_scope
from app.errors import StagelightError, UploadError
from app.forms import RunForm
from app.models import Run, Script
from app.pages import Problem, RerunPage
from app.routes.moves import go
from app.services.asker import Asker
from app.services.present import run_view
from app.services.rerun_text import changed_text, editable_text
from app.services.runs import create_run
from app.web import Here, Id, Uploader, Web, Who

router = APIRouter(prefix="/runs", include_in_schema=False)


class RerunForm(RunForm):
    """The form with another file, if one was chosen; `pasted` is the script's text."""

    script: UploadFile | None = None


@router.get("/{run_id}/rerun")
def show(web: Here, asker: Who, run_id: Id) -> HTMLResponse:
    """The form, filled with the run's own script, plan and options."""
    return web.render(_page(web, asker, run_id, None))


@router.post("/{run_id}/rerun")
def rerun(
    request: Request, web: Here, asker: Uploader, run_id: Id, form: Annotated[RerunForm, Form()]
) -> Response:
    """Run it again; on an error show the form with what was entered."""
    try:
        with session_scope(web.engine) as session:
            run = _run(session, web, find_run(session, run_id), form, asker)
    except StagelightError as error:
        page = _page(web, asker, run_id, form, Problem.of(error))
        return web.render(page, error.status)
    return go(request, f"/runs/{run.id}")


def _run(session: Session, web: Web, parent: Run, form: RerunForm, asker: Asker) -> Run:
    """The same script where nothing of it was changed, else a new one."""
    script = find_script(session, parent)
    data = web.store.get(script.sha256)
    changed = _changed(script, data, parent, form)
    if changed is None:
        upload, filename, entry = data, parent.filename, form.entry or parent.entry
    else:
        upload, filename = changed
        # The entry that the form came with is the old file's name.
        kept = form.entry == parent.entry and not filename.lower().endswith(".zip")
        entry = "" if kept else form.entry
    return create_run(
        session,
        web.store,
        upload,
        filename,
        title=form.title or parent.title,
        entry=entry,
        runtime=form.runtime or parent.runtime,
        options=form.options(),
        settings=web.settings,
        asker=asker,
        parent_id=parent.id,
    )


def _changed(script: Script, data: bytes, parent: Run, form: RerunForm) -> tuple[bytes, str] | None:
    """The bytes and the name of another script, from a file or the text; None: it is the same."""
    pasted = changed_text(script, data, form.pasted)
    if form.script is None:
        return None if pasted is None else (pasted, parent.filename)
    if pasted is not None:
        raise UploadError(
            "A file was chosen, and the text was changed too.",
            "Keep one of them.",
            code="two_scripts",
        )
    return form.script.file.read(), form.script.filename or ""


def _page(
    web: Web, asker: Asker, run_id: int, form: RunForm | None, problem: Problem | None = None
) -> RerunPage:
    with read_scope(web.engine) as session:
        run = find_run_to_repeat(session, run_id, asker)
        view = run_view(session, run)
        script = find_script(session, run)
    text = editable_text(script, web.store.get(script.sha256))
    shown = form or RunForm.of_run(view).model_copy(update={"pasted": text or ""})
    return RerunPage(view, shown, tuple(web.settings.pythons), text is not None, problem)

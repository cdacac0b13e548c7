"""Runs as JSON: make, list, read, repeat, annotate, cancel, delete and restore."""

from typing import Annotated

from fastapi import APIRouter, File, Form, Query, Response, UploadFile
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from sqlmodel import Session

from app.access import find_deleted_run, find_own_run, find_run, find_stage
from app.db import read_scope, session_scope
from app.errors import NotFoundError
from app.history_address import RunsQuery
from app.models import Run
from app.services.annotations import annotate
from app.services.blockers import blocker_detail
from app.services.failure_views import BlockerDetail
from app.services.history import list_runs
from app.services.history_filters import FilterWords
from app.services.modules import module_views
from app.services.options import make_options, parse_options
from app.services.present import log_text, run_view, stage_view
from app.services.queue import request_cancel
from app.services.runs import create_run, repeat_run
from app.services.trash import delete_run, restore_run
from app.services.trends import TrendsView, trends
from app.services.views import ModuleList, RunAccepted, RunList, RunView, StageDetail
from app.text import row_id, terminal
from app.web import Here, Id, Uploader, Who

router = APIRouter(prefix="/api/runs", tags=["runs"])
trends_router = APIRouter(tags=["runs"])


class Repeat(BaseModel):
    """What a re-run changes; the rest is its parent's. Options given replace single options."""

    model_config = ConfigDict(extra="forbid")

    title: str = ""
    entry: str = ""
    runtime: str = ""
    options: dict[str, JsonValue] = {}


class Changes(BaseModel):
    """What can be changed of a run; what is not given stays."""

    model_config = ConfigDict(extra="forbid")

    title: Annotated[str, Field(max_length=1_000)] | None = None
    tags: Annotated[list[str], Field(max_length=100)] | None = None
    note: Annotated[str, Field(max_length=10_000)] | None = None
    pin: bool | None = None


def accepted(run: Run) -> RunAccepted:
    """The answer to who started or stopped a run."""
    assert run.id is not None
    return RunAccepted(id=run.id, url=f"/runs/{run.id}", status=run.status)


@router.post("", status_code=201)
def create(
    web: Here,
    asker: Uploader,
    response: Response,
    script: Annotated[UploadFile, File(description="One .py, or a .zip with an entry file.")],
    entry: Annotated[str, Form(description="The file of a .zip that is run.")] = "",
    runtime: Annotated[str, Form(description="One of GET /api/runtimes.")] = "",
    options: Annotated[str, Form(description="RunOptions as JSON.")] = "",
    title: Annotated[str, Form(description="Shown in the history; the file's name if empty.")] = "",
    tag: Annotated[list[str], Form(description="May be repeated.")] = [],  # noqa: B006
    parent: Annotated[str, Form(description="The run that this one repeats, changed.")] = "",
) -> RunAccepted:
    """Upload a script and queue a run of it."""
    chosen = parse_options(options)
    upload = script.file.read()
    with session_scope(web.engine) as session:
        run = create_run(
            session,
            web.store,
            upload,
            script.filename or "",
            title=title,
            entry=entry,
            runtime=runtime,
            options=chosen,
            settings=web.settings,
            asker=asker,
            parent_id=_parent(session, parent),
            tags=filter(None, tag),
        )
    response.headers["Location"] = f"/api/runs/{run.id}"
    return accepted(run)


def _parent(session: Session, text: str) -> int | None:
    """The id of the run that is repeated, if one is named; NotFoundError where there is none."""
    if not text.strip():
        return None
    run_id = row_id(text.strip())
    if run_id is None:
        raise NotFoundError(f"{text[:60]!r} is no run.", "Give the id of the run to repeat.")
    return find_run(session, run_id).id


@router.get("")
def listing(web: Here, query: Annotated[RunsQuery, Query()]) -> RunList:
    """The history, newest first."""
    with read_scope(web.engine) as session:
        return list_runs(session, query.filters(query.cursor), query.limit)


@router.get("/{run_id}")
def show(web: Here, run_id: Id) -> RunView:
    """A run with its plan, stages and failures."""
    with read_scope(web.engine) as session:
        return run_view(session, find_run(session, run_id))


@router.get("/{run_id}/stages/{n}")
def stage(web: Here, run_id: Id, n: Id) -> StageDetail:
    """A stage in full: specs, guards, failure with frames and source, replay."""
    with read_scope(web.engine) as session:
        run = find_run(session, run_id)
        return stage_view(session, run, find_stage(session, run, n))


@router.get("/{run_id}/blockers/{position}")
def blocker(web: Here, run_id: Id, position: Id) -> BlockerDetail:
    """One of what stops the whole model, in full: frames, source, traceback, occurrences."""
    with read_scope(web.engine) as session:
        find_run(session, run_id)
        return blocker_detail(session, run_id, position)


@router.get("/{run_id}/modules")
def modules(web: Here, run_id: Id) -> ModuleList:
    """The modules that the eager run called, in order of their first call, with their fates."""
    with read_scope(web.engine) as session:
        return ModuleList(modules=list(module_views(session, find_run(session, run_id))))


@router.get(
    "/{run_id}/log",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def log(web: Here, run_id: Id) -> Response:
    """What the script printed, without terminal controls; a last line says what was cut."""
    with read_scope(web.engine) as session:
        kept = log_text(session, find_run(session, run_id))
    text = terminal(kept.text)
    if kept.dropped:
        text = f"{text.rstrip()}\n[{kept.dropped:,} more bytes were not kept]\n"
    return Response(text, media_type="text/plain; charset=utf-8")


@router.post("/{run_id}/cancel")
def cancel(web: Here, asker: Who, run_id: Id) -> RunAccepted:
    """End a run: at once when it is queued, within seconds when it runs."""
    with session_scope(web.engine) as session:
        run = find_own_run(session, run_id, asker)
        request_cancel(session, run, asker)
        return accepted(run)


@router.post("/{run_id}/rerun", status_code=201)
def rerun(
    web: Here, asker: Uploader, response: Response, run_id: Id, changes: Repeat | None = None
) -> RunAccepted:
    """Queue a new run of the same script, with other options where given."""
    changes = changes or Repeat()
    with session_scope(web.engine) as session:
        parent = find_run(session, run_id)
        run = repeat_run(
            session,
            web.store,
            parent,
            title=changes.title,
            entry=changes.entry,
            runtime=changes.runtime,
            options=make_options({**parent.options, **changes.options}),
            settings=web.settings,
            asker=asker,
        )
    response.headers["Location"] = f"/api/runs/{run.id}"
    return accepted(run)


@router.patch("/{run_id}")
def change(web: Here, asker: Who, run_id: Id, changes: Changes) -> RunView:
    """Change a run's title, tags, note or star; an empty title is the file's name.

    The title is its owner's and an admin's to change, the rest every member's.
    """
    with session_scope(web.engine) as session:
        renamed = changes.title is not None
        run = find_own_run(session, run_id, asker) if renamed else find_run(session, run_id)
        annotate(session, run, asker, **changes.model_dump())
        session.flush()
        return run_view(session, run)


@router.delete("/{run_id}", status_code=204)
def delete(web: Here, asker: Who, run_id: Id) -> None:
    """Delete an ended run. It can be restored for STAGELIGHT_UNDO_HOURS."""
    with session_scope(web.engine) as session:
        delete_run(session, find_own_run(session, run_id, asker), asker)


@router.post("/{run_id}/restore")
def restore(web: Here, asker: Who, run_id: Id) -> RunView:
    """Bring a deleted run back."""
    with session_scope(web.engine) as session:
        run = find_deleted_run(session, run_id, asker)
        restore_run(session, run, asker)
        return run_view(session, run)


@trends_router.get("/api/trends")
def trends_of(web: Here, query: Annotated[FilterWords, Query()]) -> TrendsView:
    """How the newest runs with these filters came out: by day, and each by itself."""
    with read_scope(web.engine) as session:
        return trends(session, query.filters())

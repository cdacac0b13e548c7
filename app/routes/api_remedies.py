"""Remedies as JSON, their patches as files, and runs made of them."""

from fastapi import APIRouter, Response

from app.access import find_remedy, find_run
from app.db import read_scope, session_scope
from app.errors import NotFoundError
from app.routes.api_runs import accepted
from app.routes.files import file
from app.services.changes import ChangesView, changes_of
from app.services.remedies import RemedyList, remedy_details, run_remedy
from app.services.views import RunAccepted
from app.web import Here, Id, Uploader

router = APIRouter(prefix="/api/runs", tags=["runs"])


@router.get("/{run_id}/remedies")
def listing(web: Here, run_id: Id) -> RemedyList:
    """A run's remedies with their diffs and replays, in the order in which they are tried."""
    with read_scope(web.engine) as session:
        find_run(session, run_id)
        return RemedyList(remedies=remedy_details(session, run_id))


@router.get(
    "/{run_id}/remedies/{position}.patch",
    response_class=Response,
    responses={200: {"content": {"text/x-diff": {"schema": {"type": "string"}}}}},
)
def patch(web: Here, run_id: Id, position: Id) -> Response:
    """What a remedy changes as a unified diff, for `patch -p1` or `git apply`."""
    with read_scope(web.engine) as session:
        text = find_remedy(session, find_run(session, run_id), position).patch
    if not text:
        raise NotFoundError(
            f"Remedy {position} of run {run_id} changes no file.",
            "It changes options, or it could not be tried: its reason says so.",
        )
    return file(text, f"run-{run_id}-{position}.patch", "text/x-diff; charset=utf-8")


@router.post("/{run_id}/remedies/{position}/run", status_code=201)
def run(web: Here, asker: Uploader, response: Response, run_id: Id, position: Id) -> RunAccepted:
    """Queue a run of the script with this remedy applied, and with what it stands on."""
    with session_scope(web.engine) as session:
        parent = find_run(session, run_id)
        remedy = find_remedy(session, parent, position)
        child = run_remedy(session, web.store, parent, remedy, asker=asker, settings=web.settings)
    response.headers["Location"] = f"/api/runs/{child.id}"
    return accepted(child)


@router.get("/{run_id}/changes")
def changes(web: Here, run_id: Id) -> ChangesView:
    """What a run changed of the run that it repeats: the script, the options, the graph."""
    with read_scope(web.engine) as session:
        found = changes_of(session, web.store, find_run(session, run_id))
    if found is None:
        raise NotFoundError(
            f"Run {run_id} changed nothing.",
            "It repeats no run that is still there, or repeats it exactly.",
        )
    return found

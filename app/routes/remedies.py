"""What pages do with remedies: run the script with one, and follow those of a blocker."""

from fastapi import APIRouter, Request, Response

from app.access import find_remedy, find_run
from app.db import session_scope
from app.routes.moves import go
from app.services.remedies import run_remedy
from app.web import Here, Id, Uploader

router = APIRouter(prefix="/runs", include_in_schema=False)


@router.post("/{run_id}/remedies/{position}/run")
def run(request: Request, web: Here, asker: Uploader, run_id: Id, position: Id) -> Response:
    """Run the fixed script, and show it."""
    with session_scope(web.engine) as session:
        parent = find_run(session, run_id)
        remedy = find_remedy(session, parent, position)
        child = run_remedy(session, web.store, parent, remedy, asker=asker, settings=web.settings)
    return go(request, f"/runs/{child.id}")

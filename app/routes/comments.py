"""Comments by the forms of a run's page."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse

from app.access import find_comment_of, find_comment_to_delete, find_run
from app.comment_pages import Thread, ThreadPart, ThreadSection
from app.db import read_scope, session_scope
from app.routes.moves import go
from app.services.comments import add_comment, delete_comment, edit_comment
from app.web import Here, Id, Who

router = APIRouter(prefix="/runs/{run_id}", include_in_schema=False)

Text = Annotated[str, Form()]


@router.get("/_comments")
def part(web: Here, run_id: Id) -> HTMLResponse:
    """The comments that there are, without the form."""
    with read_scope(web.engine) as session:
        return web.render(ThreadPart(Thread.of(session, find_run(session, run_id))))


@router.post("/comments")
def create(request: Request, web: Here, asker: Who, run_id: Id, text: Text = "") -> Response:
    """Write a comment."""
    with session_scope(web.engine) as session:
        run = find_run(session, run_id)
        comment = add_comment(session, run, text, asker)
        thread = Thread.of(session, run)
    if request.headers.get("HX-Request"):
        return web.render(ThreadSection(thread))
    return go(request, f"/runs/{run_id}#comment-{comment.id}")


@router.post("/comments/{comment_id}/edit")
def edit(
    request: Request, web: Here, asker: Who, run_id: Id, comment_id: Id, text: Text = ""
) -> Response:
    """Change one's own comment."""
    with session_scope(web.engine) as session:
        run = find_run(session, run_id)
        edit_comment(session, find_comment_of(session, run, comment_id, asker), text)
    return go(request, f"/runs/{run_id}#comment-{comment_id}")


@router.post("/comments/{comment_id}/delete")
def delete(request: Request, web: Here, asker: Who, run_id: Id, comment_id: Id) -> Response:
    """Delete a comment."""
    with session_scope(web.engine) as session:
        run = find_run(session, run_id)
        comment = find_comment_to_delete(session, run, comment_id, asker)
        delete_comment(session, comment, asker)
    return go(request, f"/runs/{run_id}#comments")

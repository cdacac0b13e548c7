"""Comments as JSON."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from app.access import find_comment_of, find_comment_to_delete, find_run
from app.db import read_scope, session_scope
from app.services.comments import (
    COMMENT_CHARACTERS,
    CommentList,
    CommentView,
    add_comment,
    delete_comment,
    edit_comment,
    list_comments,
)
from app.web import Here, Id, Who

router = APIRouter(prefix="/api/runs/{run_id}/comments", tags=["comments"])


class CommentText(BaseModel):
    """What a comment says: plain text, whose lines are kept."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Field(max_length=COMMENT_CHARACTERS)]


@router.get("")
def listing(web: Here, run_id: Id) -> CommentList:
    """What was said of a run, oldest first."""
    with read_scope(web.engine) as session:
        find_run(session, run_id)
        return CommentList(comments=list_comments(session, run_id))


@router.post("", status_code=201)
def create(web: Here, asker: Who, run_id: Id, said: CommentText) -> CommentView:
    """Write a comment."""
    with session_scope(web.engine) as session:
        comment = add_comment(session, find_run(session, run_id), said.text, asker)
        return CommentView.model_validate(comment)


@router.patch("/{comment_id}")
def change(web: Here, asker: Who, run_id: Id, comment_id: Id, said: CommentText) -> CommentView:
    """Change one's own comment."""
    with session_scope(web.engine) as session:
        comment = find_comment_of(session, find_run(session, run_id), comment_id, asker)
        edit_comment(session, comment, said.text)
        return CommentView.model_validate(comment)


@router.delete("/{comment_id}", status_code=204)
def delete(web: Here, asker: Who, run_id: Id, comment_id: Id) -> Response:
    """Delete one's own comment; an admin may delete any."""
    with session_scope(web.engine) as session:
        run = find_run(session, run_id)
        comment = find_comment_to_delete(session, run, comment_id, asker)
        delete_comment(session, comment, asker)
    return Response(status_code=204)

"""What people say of a run: written, changed, deleted, and told to those who look at it."""

from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session, col

from app.errors import ConflictError, StagelightError
from app.models import Act, Comment, Run
from app.models.columns import utc_now
from app.services.asker import Asker
from app.services.audit import record
from app.services.live import announce
from app.services.view import View
from app.text import visible

COMMENT_CHARACTERS = 10_000
MAX_COMMENTS = 500  # of one run: its page shows all of them


class CommentError(StagelightError):
    """The text of a comment is empty or too long. Nothing was written."""

    code = "bad_comment"
    status = 422


class CommentView(View):
    """A comment, as the page and the API show it."""

    id: int
    author: str
    text: str
    created_at: datetime
    edited_at: datetime | None


class CommentList(View):
    """All comments of a run, oldest first."""

    comments: list[CommentView]


def list_comments(session: Session, run_id: int) -> list[CommentView]:
    """All comments of a run, oldest first."""
    query = select(Comment).where(col(Comment.run_id) == run_id).order_by(col(Comment.id))
    return [CommentView.model_validate(one) for one in session.scalars(query)]


def add_comment(session: Session, run: Run, text: str, author: Asker) -> Comment:
    """Write one; ConflictError where the run has as many as it may."""
    text = clean_comment(text)
    assert run.id is not None
    _hold(session, run.id)
    count = session.scalar(select(func.count()).where(col(Comment.run_id) == run.id)) or 0
    if count >= MAX_COMMENTS:
        raise ConflictError(
            f"Run {run.id} has {count} comments; no run may have more.",
            "Delete some, or write in its note.",
            code="too_many_comments",
        )
    comment = Comment(run_id=run.id, author=author.name, text=text)
    session.add(comment)
    session.flush()
    announce(session, run.id, "comment")
    return comment


def edit_comment(session: Session, comment: Comment, text: str) -> None:
    """Change what a comment says; the same text again leaves it as it is."""
    text = clean_comment(text)
    if text == comment.text:
        return
    _hold(session, comment.run_id)
    comment.text = text
    comment.edited_at = utc_now()
    announce(session, comment.run_id, "comment")


def delete_comment(session: Session, comment: Comment, asker: Asker) -> None:
    """Remove a comment for good."""
    _hold(session, comment.run_id)
    session.delete(comment)
    subject = f"run {comment.run_id}"
    record(session, asker, Act.COMMENT_DELETED, subject, comment=comment.id, author=comment.author)
    announce(session, comment.run_id, "comment")


def clean_comment(text: str) -> str:
    """The text with its lines and nothing hidden; CommentError if there is none, or too much."""
    text = visible(text).strip()
    if not text:
        raise CommentError("The comment says nothing.", "Write something, or leave it.")
    if len(text) > COMMENT_CHARACTERS:
        raise CommentError(
            f"The comment has {len(text):,} characters; it may have {COMMENT_CHARACTERS:,}.",
            "Shorten it, or write two.",
        )
    return text


def _hold(session: Session, run_id: int) -> None:
    """Lock the run: what is announced of it is announced in order."""
    session.execute(select(col(Run.id)).where(col(Run.id) == run_id).with_for_update())

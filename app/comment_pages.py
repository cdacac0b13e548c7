"""What a run's page is given of its comments."""

from dataclasses import dataclass
from typing import ClassVar

from sqlmodel import Session

from app.models import Run
from app.services.comments import COMMENT_CHARACTERS, CommentView, list_comments
from app.templating import Page


@dataclass(frozen=True)
class Thread:
    """The comments of a run, oldest first."""

    run_id: int
    live: bool  # whether the page follows the run; else the comments ask for more by themselves
    comments: tuple[CommentView, ...]

    max_characters: ClassVar[int] = COMMENT_CHARACTERS

    @classmethod
    def of(cls, session: Session, run: Run) -> "Thread":
        """That of a run that was found."""
        assert run.id is not None
        return cls(run.id, not run.status.ended, tuple(list_comments(session, run.id)))


@dataclass(frozen=True)
class ThreadSection(Page):
    """The comments with the form for another."""

    template: ClassVar[str] = "_comments.html"
    thread: Thread


@dataclass(frozen=True)
class ThreadPart(ThreadSection):
    """The comments alone, which come while others write them."""

    template: ClassVar[str] = "_thread.html"

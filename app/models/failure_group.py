"""A failure over all runs: one cause, by its fingerprint, and what people say of it."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field, Index, SQLModel

from app.models.columns import UtcDateTime, Word
from app.models.failure import Category


class GroupState(StrEnum):
    """What is to be done about it."""

    OPEN = "open"  # nobody said more of it, or it was fixed and is back
    FIXED = "fixed"  # the next run that has it opens it again
    IGNORED = "ignored"  # it stays so, however often it is seen


class FailureGroup(SQLModel, table=True):
    """One cause. What the fingerprint is made of stands here as the first run told it.

    The counts and the first and last run are those of its sightings, see
    app/services/sightings.py. A group whose runs were all deleted has none, and is kept only for
    what a person said of it.
    """

    __table_args__ = (
        *(
            Index(f"ix_failuregroup_{name}", *columns, "last_run_id", "fingerprint")
            for name, columns in (("seen", ()), ("state", ("state",)), ("category", ("category",)))
        ),
    )

    fingerprint: str = Field(primary_key=True, max_length=80)
    category: Category = Field(sa_type=Word(Category))
    exception: str
    expression: str | None
    module_class: str
    text: str  # the culprit line's code
    message: str  # its beginning

    runs: int = 0
    scripts: int = 0  # file names
    first_run_id: int | None = None
    last_run_id: int | None = None

    state: GroupState = Field(default=GroupState.OPEN, sa_type=Word(GroupState))
    state_by: str = Field(default="", max_length=80)  # empty: nobody, it came so by itself
    state_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    note: str = ""
    # The run that it is gone in, and the one that it was seen in again after it was fixed.
    fixed_run_id: int | None = Field(
        default=None, foreign_key="run.id", ondelete="SET NULL", index=True
    )
    back_run_id: int | None = Field(
        default=None, foreign_key="run.id", ondelete="SET NULL", index=True
    )

"""A remedy: a fix of one blocker, or of several together, and what came of trying it."""

from enum import StrEnum
from typing import Any

from sqlmodel import Field, SQLModel, UniqueConstraint

from app.models.columns import JSON, Word
from app.models.stage import ReplayStatus


class RemedyStatus(StrEnum):
    """Where the trial of a remedy is. The last three are ends."""

    WAITING = "waiting"
    TRYING = "trying"
    WORKS = "works"  # its culprit is gone, and eager and replay are equal on all inputs
    FAILS = "fails"  # `reason` says what it was not equal in, or what still stops the export
    NOT_TRIED = "not_tried"  # `reason` says why

    @property
    def ended(self) -> bool:
        """Nothing will change any more."""
        return self not in (RemedyStatus.WAITING, RemedyStatus.TRYING)


class RemedyKind(StrEnum):
    """What a remedy costs the one who takes it."""

    REWRITE = "rewrite"  # other code that computes the same
    WRAP = "wrap"  # a call is hidden from export behind an opaque operator
    REQUEST = "request"  # something else is asked of export: bounds, static, strict mode
    PIN = "pin"  # what the example did is kept: other inputs are refused, or differ
    COMBINED = "combined"  # several together


class Remedy(SQLModel, table=True):
    """One fix, tried or not. `position` is the order in which a run's are tried, from 1."""

    __table_args__ = (UniqueConstraint("run_id", "position"),)

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="run.id", ondelete="CASCADE", index=True)
    position: int
    blocker: int | None = None  # its position; None: of the whole model, as a combined one is
    name: str = Field(max_length=80)  # in the catalogue, `where_for_branch`
    title: str = Field(max_length=200)
    kind: RemedyKind = Field(sa_type=Word(RemedyKind))
    status: RemedyStatus = Field(default=RemedyStatus.WAITING, sa_type=Word(RemedyStatus))
    reason: str = ""
    patch: str = ""  # unified diff of what it changes, on top of its parts
    files: dict[str, str] = Field(default_factory=dict, sa_type=JSON)  # path → whole new text
    options: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)  # of the run, changed
    parts: list[int] = Field(default_factory=list, sa_type=JSON)  # positions of those it stands on
    seconds: float | None = None  # of its trial
    # What stops it still, a FailureReport.
    failure: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    replay: ReplayStatus = Field(default=ReplayStatus.NOT_RUN, sa_type=Word(ReplayStatus))
    replay_detail: dict[str, Any] | None = Field(default=None, sa_type=JSON)  # a ReplayReport

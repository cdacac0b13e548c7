"""A blocker: one distinct cause, in one place, that stops the whole model."""

from enum import StrEnum
from typing import Any

from sqlmodel import Field, UniqueConstraint

from app.models.columns import JSON
from app.models.failure import Cause


class Search(StrEnum):
    """How the search for a model's blockers ended."""

    CLEAN = "clean"  # with all of them bypassed, the model exports
    STUCK = "stuck"  # the last one could not be bypassed: what comes after it is not known
    CAPPED = "capped"  # as many were found as are looked for


class Blocker(Cause, table=True):
    """One cause of a run. `position` is its place in the order of execution, from 1."""

    __table_args__ = (UniqueConstraint("run_id", "position"),)

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="run.id", ondelete="CASCADE", index=True)
    position: int
    # Where the line was reached from, in the shape of workers/events.py.
    occurrences: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    behind: bool = False  # met only after another one was bypassed with recorded values
    bypass: str = ""  # how export went on past it; empty where it could not
    jumped: str | None = None  # path of the module whose call was replaced
    # The smallest script that fails alike, in the shape of workers/answers/repro.py.
    repro: dict[str, Any] | None = Field(default=None, sa_type=JSON)

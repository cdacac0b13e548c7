"""A run: one diagnosis of one script in one runtime with one set of options.

The row is also the queue (see app/services/queue.py) and is never overwritten by another run.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Index, false, text
from sqlmodel import Field, SQLModel

from app.models.columns import JSON, UtcDateTime, Word, utc_now
from app.models.failure import Category


class RunStatus(StrEnum):
    """Where a run is. The last three are ends."""

    QUEUED = "queued"  # waits for a worker that has its runtime
    RUNNING = "running"  # a worker holds its lease
    FINISHED = "finished"  # it has a verdict
    FAILED = "failed"  # our fault or a limit; `reason` says which
    CANCELLED = "cancelled"  # somebody asked for it

    @property
    def ended(self) -> bool:
        """Nothing will change any more."""
        return self not in (RunStatus.QUEUED, RunStatus.RUNNING)


class Verdict(StrEnum):
    """What plain torch.export.export says of the model."""

    EXPORTED = "exported"  # the whole model passed
    PARTLY = "partly"  # the whole failed, at least one component passed
    BLOCKED = "blocked"  # the whole failed, no component passed
    SCRIPT_ERROR = "script_error"  # the script, its inputs or its eager run fail


def _empty(max_length: int | None = None) -> Any:
    """A text that older rows do not have."""
    given = {"server_default": text("''")}
    return Field(default="", max_length=max_length, sa_column_kwargs=given)


def _zero() -> dict[str, Any]:
    """A number that older rows do not have."""
    return {"server_default": text("0")}


# What the history is filtered by. It is read from the newest run on, so each index ends with the
# id: one filter alone then reads no more rows than it shows.
FILTERED = (
    *("status", "verdict", "runtime", "owner", "filename", "model_class", "category"),
    *("script_id", "created_at"),
)


class Run(SQLModel, table=True):
    """One diagnosis, from queued to its end."""

    __table_args__ = (
        Index("ix_run_queue", "status", "runtime", "owner", "priority", "id"),
        # What each owner has and had of the workers, and which scripts they use.
        Index("ix_run_owner_status", "owner", "status", "id"),
        Index("ix_run_owner_started", "owner", "started_at", "used_seconds"),
        Index("ix_run_script_owner", "script_id", "owner"),
        *(Index(f"ix_run_{name}", name, "id") for name in FILTERED),
        # Few runs have these.
        Index("ix_run_pin", "id", sqlite_where=text("pin"), postgresql_where=text("pin")),
        Index(
            "ix_run_deleted_at",
            "deleted_at",
            sqlite_where=text("deleted_at IS NOT NULL"),
            postgresql_where=text("deleted_at IS NOT NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    script_id: int = Field(foreign_key="script.id")
    parent_id: int | None = Field(  # the run this one repeats
        default=None, foreign_key="run.id", index=True
    )
    title: str = Field(max_length=200)
    filename: str = Field(max_length=200)  # as uploaded; shown, never used as a path
    entry: str = Field(max_length=400)  # the file of the script that is run
    runtime: str = Field(max_length=80)
    options: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)

    # What people say of it.
    owner: str = _empty(max_length=80)  # the name of who uploaded it
    note: str = _empty()
    pin: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    deleted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # it can be undone

    status: RunStatus = Field(default=RunStatus.QUEUED, sa_type=Word(RunStatus))
    verdict: Verdict | None = Field(default=None, nullable=True, sa_type=Word(Verdict))
    reason: str = ""  # why it failed, in a sentence
    model_class: str = _empty(max_length=200)  # its own name, without its module
    # Of its own failure, else of the whole model's.
    category: Category | None = Field(default=None, nullable=True, sa_type=Word(Category))
    # The probes' tier: full, filters, reduced or off; null until a worker has started the run.
    sandbox: str | None = Field(default=None, max_length=20)

    # The queue's columns. Times are seconds since 1970 by the database's clock.
    priority: int = 0  # lower goes first
    attempt: int = 0  # the fence: a write with another attempt changes nothing
    lost: int = 0  # how many workers were lost on it; one that hands it back is not
    worker: str | None = Field(default=None, max_length=120)
    lease: float | None = None
    cancel_requested: bool = False

    # What it took: a worker's time over all attempts, and the room of what its stages left.
    used_seconds: float = Field(default=0.0, sa_column_kwargs=_zero())
    stored_bytes: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs=_zero())

    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    whole_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    # What the probe said of the run as a whole; the shapes are in workers/events.py.
    loaded: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    eager: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    coverage: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    search: dict[str, Any] | None = Field(default=None, sa_type=JSON)  # how it ended, and why
    notes: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    # What each input dimension can be, in the shape of workers/answers/contract.py.
    contract: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    # The course that is followed after the verdict; empty before and after.
    following: str = _empty(max_length=40)

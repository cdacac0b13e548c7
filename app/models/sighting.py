"""Where a failure was seen: in which run, and in runs of which scripts and runtimes."""

from sqlmodel import Field, Index, SQLModel


class Sighting(SQLModel, table=True):
    """One failure in one run: its first blocker, and the stage that failed of it, if any.

    Where it has neither, the run itself failed of it.
    """

    __table_args__ = (
        Index("ix_sighting_place", "fingerprint", "filename", "runtime", "run_id"),
        Index("ix_sighting_run_id", "run_id"),
    )

    fingerprint: str = Field(
        primary_key=True, max_length=80, foreign_key="failuregroup.fingerprint"
    )
    run_id: int = Field(primary_key=True, foreign_key="run.id", ondelete="CASCADE")
    filename: str = Field(max_length=200)  # of the run's script
    runtime: str = Field(max_length=80)
    blocker: int | None = None  # its position
    stage: int | None = None  # its number


class FailurePlace(SQLModel, table=True):
    """The sightings of one failure in one script and runtime, counted."""

    __table_args__ = (
        Index("ix_failureplace_seen", "fingerprint", "last_run_id"),
        Index("ix_failureplace_script", "filename", "runtime", "fingerprint"),
        Index("ix_failureplace_runtime", "runtime", "fingerprint"),
    )

    fingerprint: str = Field(
        primary_key=True, max_length=80, foreign_key="failuregroup.fingerprint"
    )
    filename: str = Field(primary_key=True, max_length=200)
    runtime: str = Field(primary_key=True, max_length=80)
    runs: int = 0
    first_run_id: int | None = None
    last_run_id: int | None = None

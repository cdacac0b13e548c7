"""What the script wrote to stdout and stderr."""

from sqlmodel import Field, SQLModel


class RunLog(SQLModel, table=True):
    """A run's log, capped at STAGELIGHT_LOG_BYTES; `dropped` counts the bytes past the cap."""

    run_id: int = Field(primary_key=True, foreign_key="run.id", ondelete="CASCADE")
    text: str = ""
    dropped: int = 0

"""A worker that is there: what it serves, and how well it can seal a script."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from app.models.columns import JSON, UtcDateTime, utc_now


class Worker(SQLModel, table=True):
    """What one worker says of itself. `seen_at` moves on while it lives."""

    name: str = Field(primary_key=True, max_length=120)
    host: str
    pid: int
    runtimes: list[str] = Field(default_factory=list, sa_type=JSON)  # names
    tier: str = Field(max_length=20)  # full, filters, reduced, off; empty: it refuses every run
    reason: str = ""  # why it refuses, or why it has no better tier, and what to do
    # What holds on its host, layer by layer: {"landlock": "ABI 7", "bwrap": "0.8.0"}.
    layers: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    started_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    seen_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)

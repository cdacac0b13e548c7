"""What changed on a run, in order: the source of its server-sent events."""

from typing import Any

from sqlmodel import Field, SQLModel

from app.models.columns import JSON


class RunEvent(SQLModel, table=True):
    """One change. `id` is what a browser sends back to resume."""

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="run.id", ondelete="CASCADE", index=True)
    type: str = Field(max_length=20)  # run, stage
    data: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)

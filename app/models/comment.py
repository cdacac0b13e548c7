"""What people say of a run, one after the other."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from app.models.columns import UtcDateTime, utc_now
from app.models.person import NAME_CHARACTERS


class Comment(SQLModel, table=True):
    """One comment. It is gone with its run, or when somebody deletes it."""

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="run.id", ondelete="CASCADE", index=True)
    author: str = Field(max_length=NAME_CHARACTERS)  # the name of who wrote it
    text: str  # plain, with its lines' ends
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    edited_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

"""A login: one browser of one person."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from app.models.columns import UtcDateTime, utc_now


class Login(SQLModel, table=True):
    """One session. Its row is all that makes it valid: without it the cookie opens nothing."""

    id: int | None = Field(default=None, primary_key=True)
    token_sha256: str = Field(unique=True, min_length=64, max_length=64)
    person_id: int = Field(foreign_key="person.id", ondelete="CASCADE", index=True)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    seen_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    address: str = Field(default="", max_length=80)  # it was made from
    agent: str = Field(default="", max_length=200)  # what the browser says it is

"""A token that a program shows instead of a login."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from app.models.columns import UtcDateTime, Word, utc_now


class Scope(StrEnum):
    """What a token is for. It never allows more than its person may."""

    READ = "read"  # read
    WRITE = "write"  # upload, run, review, share
    ADMIN = "admin"  # what an admin does


class ApiToken(SQLModel, table=True):
    """One token of one person. It is shown once; what is kept of it cannot be used."""

    id: int | None = Field(default=None, primary_key=True)
    token_sha256: str = Field(unique=True, min_length=64, max_length=64)
    person_id: int = Field(foreign_key="person.id", ondelete="CASCADE", index=True)
    name: str = Field(max_length=80)  # what it is for
    scope: Scope = Field(sa_type=Word(Scope))
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

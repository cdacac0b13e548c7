"""A person with an account, and what the role of one may do."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from app.models.columns import UtcDateTime, Word, utc_now

NAME_CHARACTERS = 80


class PersonRole(StrEnum):
    """What somebody may do; each may what those before it may."""

    VIEWER = "viewer"  # read everything that the team has
    MEMBER = "member"  # upload, run, review, share; change and delete what is their own
    ADMIN = "admin"  # all of it, for everybody's; people, quotas, webhooks, settings


class Person(SQLModel, table=True):
    """One account. It is never deleted, so that its name never becomes somebody else's."""

    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=NAME_CHARACTERS)  # as runs, shares and the audit log name them
    name_key: str = Field(unique=True, max_length=NAME_CHARACTERS * 3)  # the same, case folded
    role: PersonRole = Field(sa_type=Word(PersonRole))
    password_hash: str | None = None  # argon2; null: they log in elsewhere, or cannot yet
    issuer: str | None = None  # of OpenID Connect, with `subject`: who they are there
    subject: str | None = None
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    disabled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # they may not log in

    # Their own limits, in place of the settings'; 0: none. See app/services/quotas.py.
    quota_runs: int | None = None
    quota_minutes: int | None = None
    quota_storage_mb: int | None = None

"""The audit log: who did what to what, and from where. Rows are only added."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from app.models.columns import JSON, UtcDateTime, Word, utc_now
from app.models.person import NAME_CHARACTERS


class Act(StrEnum):
    """What was done. The first part of a word is what it was done to."""

    LOGIN = "login"
    LOGIN_FAILED = "login.failed"
    LOGOUT = "logout"
    LOGIN_REVOKED = "login.revoked"
    PASSWORD_CHANGED = "password.changed"  # noqa: S105 - no password
    PERSON_INVITED = "person.invited"
    PERSON_INVITE_REVOKED = "person.invite_revoked"
    PERSON_JOINED = "person.joined"
    PERSON_RESET = "person.reset"  # a link that sets a password was made
    PERSON_ROLE = "person.role"
    PERSON_DISABLED = "person.disabled"
    PERSON_ENABLED = "person.enabled"
    PERSON_QUOTA = "person.quota"
    TOKEN_MADE = "token.made"  # noqa: S105
    TOKEN_REVOKED = "token.revoked"  # noqa: S105
    RUN_UPLOADED = "run.uploaded"
    RUN_REPEATED = "run.repeated"
    RUN_CHANGED = "run.changed"
    RUN_CANCELLED = "run.cancelled"
    RUN_DELETED = "run.deleted"
    RUN_RESTORED = "run.restored"
    COMMENT_DELETED = "comment.deleted"
    FAILURE_STATE = "failure.state"
    FILTER_SAVED = "filter.saved"
    FILTER_DELETED = "filter.deleted"
    SHARE_MADE = "share.made"
    SHARE_REVOKED = "share.revoked"
    WEBHOOK_MADE = "webhook.made"
    WEBHOOK_CHANGED = "webhook.changed"
    WEBHOOK_DELETED = "webhook.deleted"


class Audit(SQLModel, table=True):
    """One thing that somebody did. Written in the transaction that does it."""

    __table_args__ = (
        Index("ix_audit_actor", "actor", "id"),
        Index("ix_audit_act", "act", "id"),
        Index("ix_audit_subject", "subject", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    actor: str = Field(max_length=NAME_CHARACTERS)  # a person's name; empty: nobody known
    via: str = Field(max_length=20)  # local, login, token, nobody, console
    act: Act = Field(sa_type=Word(Act))
    subject: str = Field(default="", max_length=200)  # run 12, share 3, a person's name
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)  # never a secret
    address: str = Field(default="", max_length=80)  # the network address it came from

"""A share: a link that shows one report to whoever has it, until it ends."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from app.models.columns import UtcDateTime, Word, utc_now


class ShareKind(StrEnum):
    """What a report is about."""

    RUN = "run"  # all of a run
    STAGE = "stage"  # one stage of it; `position` is its number
    FAILURE = "failure"  # one blocker of it, by `position`
    COMPARE = "compare"  # a run, the base, against another one, the head


class ShareState(StrEnum):
    """Whether a link still opens."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


class Share(SQLModel, table=True):
    """One link. Its token is shown once; what is kept of it cannot open anything."""

    id: int | None = Field(default=None, primary_key=True)
    token_sha256: str = Field(unique=True, min_length=64, max_length=64)
    kind: ShareKind = Field(sa_type=Word(ShareKind))
    run_id: int = Field(foreign_key="run.id", ondelete="CASCADE", index=True)
    head_run_id: int | None = Field(
        default=None, foreign_key="run.id", ondelete="CASCADE", index=True
    )
    position: int | None = None
    with_source: bool
    created_by: str = Field(max_length=80)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # null: never
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    views: int = 0
    last_viewed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    def state(self, now: datetime) -> ShareState:
        """Whether it opens at this time."""
        if self.revoked_at is not None:
            return ShareState.REVOKED
        if self.expires_at is not None and self.expires_at <= now:
            return ShareState.EXPIRED
        return ShareState.ACTIVE

"""A login with OpenID Connect that is under way."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from app.models.columns import UtcDateTime, utc_now


class OidcFlow(SQLModel, table=True):
    """One browser that was sent to the provider and is awaited back, once."""

    id: int | None = Field(default=None, primary_key=True)
    cookie_sha256: str = Field(unique=True, min_length=64, max_length=64)  # of this browser alone
    state_sha256: str = Field(min_length=64, max_length=64)  # what the provider sends back
    nonce: str  # what the ID token must hold
    code_verifier: str  # what the code is worth nothing without
    next: str = Field(max_length=2048)  # the page that was asked for
    invite_id: int | None = Field(
        default=None, foreign_key="invite.id", ondelete="CASCADE", index=True
    )
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)

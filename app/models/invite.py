"""An invite: a link that makes an account, or sets the password of one, once."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from app.models.columns import UtcDateTime, Word, utc_now
from app.models.person import NAME_CHARACTERS, PersonRole


class Invite(SQLModel, table=True):
    """One link. With a `person_id` it sets that person's password, else it makes an account."""

    id: int | None = Field(default=None, primary_key=True)
    token_sha256: str = Field(unique=True, min_length=64, max_length=64)
    person_id: int | None = Field(
        default=None, foreign_key="person.id", ondelete="CASCADE", index=True
    )
    role: PersonRole = Field(sa_type=Word(PersonRole))  # of the account that it makes
    name: str = Field(default="", max_length=NAME_CHARACTERS)  # empty: theirs to choose
    created_by: str = Field(max_length=NAME_CHARACTERS)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

"""A script: the upload, stored by SHA-256 and never changed."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from app.models.columns import UtcDateTime, Word, utc_now


class ScriptKind(StrEnum):
    """What was uploaded."""

    PY = "py"  # one file
    ZIP = "zip"  # an archive with an entry file


class Script(SQLModel, table=True):
    """One upload. Its bytes lie in the store under `sha256`; the same bytes are kept once."""

    id: int | None = Field(default=None, primary_key=True)
    sha256: str = Field(unique=True, min_length=64, max_length=64)
    kind: ScriptKind = Field(sa_type=Word(ScriptKind))
    size: int  # bytes
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)

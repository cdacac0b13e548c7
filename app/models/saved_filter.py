"""A filter of the history that somebody gave a name and an address."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from app.models.columns import UtcDateTime, utc_now


class SavedFilter(SQLModel, table=True):
    """One filter. `query` is the history's query string without its cursor."""

    slug: str = Field(primary_key=True, max_length=80)  # its address
    name: str = Field(max_length=80)
    query: str
    owner: str = Field(default="", max_length=80)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)

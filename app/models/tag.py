"""A tag of a run: a word that people find it by."""

from sqlmodel import Field, Index, SQLModel


class RunTag(SQLModel, table=True):
    """One tag of one run."""

    __table_args__ = (Index("ix_runtag_tag", "tag", "run_id"),)

    run_id: int = Field(primary_key=True, foreign_key="run.id", ondelete="CASCADE")
    tag: str = Field(primary_key=True, max_length=40)

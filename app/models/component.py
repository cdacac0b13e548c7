"""A component: a submodule that the plan picked, with its role."""

from enum import StrEnum

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel, UniqueConstraint

from app.models.columns import Word


class Role(StrEnum):
    """What a component does for the model."""

    BACKBONE = "backbone"
    NECK = "neck"
    HEAD = "head"
    POSTPROCESS = "postprocess"
    OTHER = "other"


class Component(SQLModel, table=True):
    """One row of a run's plan, in order of execution."""

    __table_args__ = (UniqueConstraint("run_id", "position"),)

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="run.id", ondelete="CASCADE", index=True)
    position: int
    path: str  # module path, `backbone.body`
    class_name: str
    role: Role = Field(sa_type=Word(Role))
    why: str  # why it was picked and why it has this role, in a sentence
    parameters: int = Field(sa_type=BigInteger)
    calls: int  # how often the eager run called it

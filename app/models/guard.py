"""A guard, range constraint or runtime assertion of a stage, and where it came from."""

from enum import StrEnum

from sqlmodel import Field, SQLModel

from app.models.columns import Word


class GuardKind(StrEnum):
    """How torch.export came to assume something."""

    GUARD = "guard"  # decided while tracing; holds for every later input
    RANGE = "range"  # the bounds of a dynamic dimension
    RUNTIME_ASSERT = "runtime_assert"  # checked by the graph when it runs
    SPECIALISATION = "specialisation"  # a dimension asked dynamic and fixed by the code


class Guard(SQLModel, table=True):
    """One assumption of one stage."""

    id: int | None = Field(default=None, primary_key=True)
    stage_id: int = Field(foreign_key="stage.id", ondelete="CASCADE", index=True)
    position: int
    kind: GuardKind = Field(sa_type=Word(GuardKind))
    expression: str  # in torch's symbols, `Eq(s0, 8)`
    meaning: str  # in terms of the inputs, `video.shape[2] == 8`; empty when not known
    file: str | None = None  # the user's line
    line: int | None = None
    text: str = ""
    framework: str = ""  # the line inside torch that asked, `file:line in function`
    silent: bool = False  # a dimension asked AUTO that became static without a word

"""A stage: one export attempt of a run."""

from enum import StrEnum
from typing import Any

from sqlmodel import Field, SQLModel, UniqueConstraint

from app.models.columns import JSON, Word
from app.models.component import Role


class StageKind(StrEnum):
    """What a stage exports."""

    COMPONENT = "component"  # one component alone, with the inputs it really got
    ASSEMBLED = "assembled"  # the model, run until a component returned
    WHOLE = "whole"  # exactly the user's call
    BYPASS = "bypass"  # the whole model again, past the blockers that are known
    DECOMPOSED = "decomposed"  # the whole model's program, decomposed to core ATen operators
    PART = "part"  # a child of a component that failed, alone
    SERIALIZED = "serialized"  # the whole model's program, saved and loaded in a fresh process
    STRICT = "strict"  # the user's call in the other mode: strict where it is not
    DRAFT = "draft"  # torch's draft_export, which proves nothing
    ONNX = "onnx"  # torch.onnx.export of the whole model


class StageStatus(StrEnum):
    """What export said. Whether the graph also computes the same is in `replay`."""

    PENDING = "pending"  # planned, not begun
    RUNNING = "running"  # the probe is at it
    PASSED = "passed"  # torch.export.export returned, or the decomposition did
    FAILED = "failed"  # it raised, or a limit or a crash ended it
    SKIPPED = "skipped"  # not tried; `reason` says why


class ReplayStatus(StrEnum):
    """The exported program against eager, on the run's inputs and on other sizes."""

    EQUAL = "equal"  # every output within the tolerance of its dtype
    DIFFERENT = "different"  # an output differs; the differences are recorded
    NOT_RUN = "not_run"  # nothing to replay, or it could not be run


class Stage(SQLModel, table=True):
    """One export attempt. `n` is its place in the run's plan, from 1."""

    __table_args__ = (UniqueConstraint("run_id", "n"), UniqueConstraint("run_id", "key"))

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="run.id", ondelete="CASCADE", index=True)
    n: int
    key: str  # how the probe names it, `component:backbone`
    kind: StageKind = Field(sa_type=Word(StageKind))
    name: str  # how a page names it, `backbone + neck`
    component: str | None = None  # module path
    role: Role | None = Field(default=None, nullable=True, sa_type=Word(Role))
    status: StageStatus = Field(default=StageStatus.PENDING, sa_type=Word(StageStatus))
    reason: str = ""  # why it was skipped or cut short
    seconds: float | None = None  # of torch.export.export alone, or of the decomposition
    graph_id: int | None = Field(default=None, foreign_key="graph.id", index=True)
    replay: ReplayStatus = Field(default=ReplayStatus.NOT_RUN, sa_type=Word(ReplayStatus))

    # Shapes in workers/events.py: specs of what went in and came out, and the replay in full.
    inputs: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    outputs: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    replay_detail: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    # What only this kind of stage has to say; operators outside core ATen, untranslated ones.
    detail: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    # The saved program, in the store of programs; null where there is none.
    file_sha256: str | None = Field(default=None, max_length=64)
    file_bytes: int | None = None

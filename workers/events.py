"""What the probe may say, and no more: one JSON object a line, each with a cap.

The probe runs next to hostile code. A line that is no event, an event out of order and one past
its cap end the probe; nothing else of what it says is ever evaluated, opened or followed.
"""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from app.graphs.document import GraphDocument, Record, Short, SourceFrame, TensorSpec, Text
from app.models import Category, GuardKind, ReplayStatus, Role, StageKind, StageStatus

Long = Annotated[str, Field(max_length=200_000)]
Message = Annotated[str, Field(max_length=20_000)]
Specs = Annotated[list[TensorSpec], Field(max_length=2_000)]


class ProbeKind(StrEnum):
    """The two children of a run."""

    STAGED = "staged"  # eager, plan, components, assembled
    WHOLE = "whole"  # exactly the user's call, with nothing run before it


class Frame(SourceFrame):
    """A frame of a traceback, outermost first."""

    where: Literal["upload", "library", "torch", "python", "probe"]


class SourceLines(Record):
    """Lines of one file around a culprit."""

    file: Short
    first: Annotated[int, Field(ge=1)]
    lines: Annotated[list[Text], Field(max_length=80)]


class FailureReport(Record):
    """A typed failure. `culprit` is the innermost user frame, `upload` the upload's innermost."""

    category: Category
    exception: Short
    message: Message
    hint: Text = ""
    culprit: Frame | None = None
    upload: Frame | None = None
    frames: Annotated[list[Frame], Field(max_length=400)] = []
    source: SourceLines | None = None
    module: Short | None = None
    expression: Text | None = None
    stack: Long = ""


class GuardReport(Record):
    """One guard, range or assertion; the fields of app/models/guard.py."""

    kind: GuardKind
    expression: Text
    meaning: Text = ""
    frame: Frame | None = None
    framework: Text = ""
    silent: bool = False


class OutputDifference(Record):
    """One output of a replay. The numbers are text where they are not finite."""

    name: Short
    max_abs: float | Short
    max_rel: float | Short
    equal: bool
    why: Text = ""  # shapes or dtypes that differ, in words


class ReplayCase(Record):
    """One set of inputs. `sizes` says what the dynamic dimensions were; empty: the run's own."""

    sizes: dict[Short, int] = {}
    status: ReplayStatus
    why: Text = ""
    outputs: Annotated[list[OutputDifference], Field(max_length=2_000)] = []


class ReplayReport(Record):
    """The exported program against eager. `status` is the worst of its cases."""

    status: ReplayStatus
    why: Text = ""
    max_abs: float | Short | None = None
    max_rel: float | Short | None = None
    cases: Annotated[list[ReplayCase], Field(max_length=16)] = []


class Note(Record):
    """Something the person should know of the run that is no failure."""

    type: Literal["note"]
    code: Short  # cuda_mapped, weights_missing, …
    message: Text


class ExportCall(Record):
    """A call of an export function. `index` counts from 1 in the order they are made."""

    function: Short
    file: Short
    line: int
    index: int | None = None  # None: in the source, and not reached before the chosen one
    chosen: bool = False


class Loaded(Record):
    """The script ran and gave a model. Sizes count elements, not bytes."""

    type: Literal["loaded"]
    form: Literal["exports_itself", "names", "class"]
    model_class: Short
    parameters: int
    buffers: int
    dtypes: list[Short]
    devices: list[Short]
    training: bool
    strict: bool
    dynamic_shapes: Text = ""  # as Python prints it
    calls: Annotated[list[ExportCall], Field(max_length=200)] = []
    environment: dict[Short, Any]  # python, torch, platform, packages
    seconds: float


class ModuleCall(Record):
    """One module of the eager run, in order of its first call."""

    path: Short
    class_name: Short
    calls: int
    parameters: int


class Eager(Record):
    """The one real forward."""

    type: Literal["eager"]
    seconds: float
    peak_rss_bytes: int
    inputs: Specs
    outputs: Specs
    modules: Annotated[list[ModuleCall], Field(max_length=20_000)]


class PlannedComponent(Record):
    """One component of the plan, in order of execution."""

    path: Short
    class_name: Short
    role: Role
    why: Text
    parameters: int
    calls: int


class PlannedStage(Record):
    """One stage to come. Their order is the page's."""

    key: Short
    kind: StageKind
    name: Short
    component: Short | None = None
    role: Role | None = None


class Planned(Record):
    """Components and stages; the whole stage is the worker's to add."""

    type: Literal["planned"]
    components: Annotated[list[PlannedComponent], Field(max_length=64)]
    stages: Annotated[list[PlannedStage], Field(max_length=200)]


class StageStarted(Record):
    """The probe is at this stage."""

    type: Literal["stage_started"]
    key: Short


class StageFinished(Record):
    """All that a stage leaves, in one event: a stage is stored whole or not at all."""

    type: Literal["stage_finished"]
    key: Short
    status: StageStatus
    reason: Text = ""
    seconds: float | None = None  # of torch.export.export alone
    graph: GraphDocument | None = None
    code: Annotated[str, Field(max_length=32_000_000)] = ""
    guards: Annotated[list[GuardReport], Field(max_length=20_000)] = []
    inputs: Specs = []
    outputs: Specs = []
    replay: ReplayReport | None = None
    failure: FailureReport | None = None


class Failed(Record):
    """The script or its eager run failed: no export is blamed."""

    type: Literal["failed"]
    failure: FailureReport


class Coverage(Record):
    """What was exported in some stage that passed, out of what there is."""

    modules: int
    modules_exported: int
    parameters: int
    parameters_exported: int
    calls: int
    calls_exported: int


class Finished(Record):
    """The last event. A probe that ends without it crashed."""

    type: Literal["finished"]
    coverage: Coverage | None = None  # of the staged child


Event = Note | Loaded | Eager | Planned | StageStarted | StageFinished | Failed | Finished


EVENTS: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="type")])
"""Validates one parsed line."""

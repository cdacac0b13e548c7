"""What the probe may say, and no more: one JSON object a line, each with a cap.

The probe runs next to hostile code. A line that is no event, an event out of order and one past
its cap end the probe; nothing else of what it says is ever evaluated, opened or followed.
"""

import base64
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator, Field, PlainSerializer, Strict, WithJsonSchema

from app.graphs.document import (
    Count,
    GraphDocument,
    Items,
    Line,
    Record,
    Short,
    SourceFrame,
    TensorSpec,
    Text,
)
from app.models import Category, GuardKind, ReplayStatus, Role, Search, StageKind, StageStatus

Long = Annotated[str, Field(max_length=200_000)]
Message = Annotated[str, Field(max_length=20_000)]
Specs = Annotated[Items[TensorSpec], Field(max_length=2_000)]
Names = Annotated[Items[Short], Field(max_length=100)]
Seconds = Annotated[float, Field(ge=0, le=1e9)]
Difference = Annotated[float, Field(ge=0)] | Short  # text where it is not finite
Calls = Annotated[int, Field(ge=0, lt=2**31)]  # PostgreSQL keeps it in 32 bits

Word = TypeVar("Word", bound=StrEnum)
OneOf = Annotated[Word, Strict(False)]  # a word in JSON, a member here


class ProbeKind(StrEnum):
    """What a probe process is for: one of a run's two children, or an errand after the verdict."""

    STAGED = "staged"  # eager, plan, components, assembled
    WHOLE = "whole"  # exactly the user's call, with nothing run before it
    SAVER = "saver"  # exports again, and gives the program as a file
    LOADER = "loader"  # loads such a file; it has no script
    STRICT = "strict"  # the user's call in the other mode
    DRAFT = "draft"  # torch's draft_export
    ONNX = "onnx"  # torch.onnx.export
    REFERENCE = "reference"  # what eager gives on several inputs
    TRIAL = "trial"  # a remedy's script, compared with the reference
    CONTRACT = "contract"  # what each input dimension can be
    REPRO = "repro"  # a small script that fails as the whole does


PAIR = (ProbeKind.STAGED, ProbeKind.WHOLE)
"""The two children of a run, side by side. The other kinds come one at a time, after them."""


class Frame(SourceFrame):
    """A frame of a traceback, outermost first."""

    where: Literal["upload", "library", "torch", "python", "probe"]


class SourceLines(Record):
    """Lines of one file around a culprit."""

    file: Short
    first: Annotated[Line, Field(ge=1)]
    lines: Annotated[Items[Text], Field(max_length=80)]


class Birth(Record):
    """Where an unbacked symbol of an expression came from."""

    symbol: Short  # u0
    operation: Short  # nonzero
    frame: Frame | None = None


class FailureReport(Record):
    """A typed failure. `culprit` is the innermost user frame, `upload` the upload's innermost.

    `expression` is what could not be decided, in terms of the inputs and of `births`; `value` is
    what it was in the eager run, empty where that is not known.
    """

    category: OneOf[Category]
    exception: Short
    message: Message
    hint: Text = ""
    culprit: Frame | None = None
    upload: Frame | None = None
    frames: Annotated[Items[Frame], Field(max_length=400)] = []
    source: SourceLines | None = None
    module: Short | None = None
    module_class: Short = ""  # of that module; the script's own without `__main__`
    expression: Text | None = None
    births: Annotated[Items[Birth], Field(max_length=32)] = []
    value: Text = ""
    stack: Long = ""


class Occurrence(Record):
    """One place from which a blocker's line was reached: the upload's innermost line."""

    module: Short | None = None
    file: Short = ""
    line: Line = 0
    calls: Calls = 1


class BlockerReport(Record):
    """One distinct cause, category and line, that stops the whole model."""

    failure: FailureReport
    occurrences: Annotated[Items[Occurrence], Field(max_length=200)]
    behind: bool = False  # met only after another one was bypassed with recorded values
    bypass: Text = ""  # how export went on, in words; empty where it could not
    jumped: Short | None = None  # path of the module whose call was replaced


class GuardReport(Record):
    """One guard, range or assertion; the fields of app/models/guard.py."""

    kind: OneOf[GuardKind]
    expression: Text
    meaning: Text = ""
    frame: Frame | None = None
    framework: Text = ""
    silent: bool = False


class OutputDifference(Record):
    """One output of a replay."""

    name: Short
    max_abs: Difference
    max_rel: Difference
    equal: bool
    why: Text = ""  # shapes or dtypes that differ, in words


class ReplayCase(Record):
    """One set of inputs. `sizes` says what the dynamic dimensions were; empty: the run's own."""

    sizes: Annotated[dict[Short, Count], Field(max_length=64)] = {}
    status: OneOf[ReplayStatus]
    why: Text = ""
    outputs: Annotated[Items[OutputDifference], Field(max_length=2_000)] = []


class ReplayReport(Record):
    """The exported program against eager. `status` is the worst of its cases."""

    status: OneOf[ReplayStatus]
    why: Text = ""
    max_abs: Difference | None = None
    max_rel: Difference | None = None
    cases: Annotated[Items[ReplayCase], Field(max_length=16)] = []


class Note(Record):
    """Something the person should know of the run that is no failure."""

    type: Literal["note"]
    code: Short  # cuda_mapped, weights_missing, …
    message: Text


class ExportCall(Record):
    """A call of an export function. `index` counts from 1 in the order they are made."""

    function: Short
    file: Short
    line: Line
    index: Count | None = None  # None: in the source, and not reached before the chosen one
    chosen: bool = False


class Environment(Record):
    """What the probe ran on."""

    python: Short = ""
    torch: Short = ""
    platform: Short = ""
    threads: Count = 0
    packages: Annotated[dict[Short, Short], Field(max_length=5_000)] = {}  # name → version


class Loaded(Record):
    """The script ran and gave a model. Sizes count elements, not bytes."""

    type: Literal["loaded"]
    form: Literal["exports_itself", "names", "class"]
    model_class: Short
    parameters: Count
    buffers: Count
    dtypes: Names
    devices: Names
    training: bool
    strict: bool
    dynamic_shapes: Text = ""  # as Python prints it
    calls: Annotated[Items[ExportCall], Field(max_length=200)] = []
    environment: Environment
    seconds: Seconds


class ModuleCall(Record):
    """One module of the eager run, in order of its first call."""

    path: Short
    class_name: Short
    calls: Calls
    parameters: Count
    own: Count = 0  # elements that it owns itself and no module before it


class Eager(Record):
    """The one real forward."""

    type: Literal["eager"]
    seconds: Seconds
    peak_rss_bytes: Count
    inputs: Specs
    outputs: Specs
    modules: Annotated[Items[ModuleCall], Field(max_length=20_000)]


class PlannedComponent(Record):
    """One component of the plan, in order of execution."""

    path: Short
    class_name: Short
    role: OneOf[Role]
    why: Text
    parameters: Count
    calls: Calls


class PlannedStage(Record):
    """One stage to come. Their order is the page's."""

    key: Short
    kind: OneOf[StageKind]
    name: Short
    component: Short | None = None
    role: OneOf[Role] | None = None


class Planned(Record):
    """Components and stages; the whole stage is the worker's to add."""

    type: Literal["planned"]
    components: Annotated[Items[PlannedComponent], Field(max_length=64)]
    stages: Annotated[Items[PlannedStage], Field(max_length=200)]


class StageStarted(Record):
    """The probe is at this stage. `stage` tells of one that the plan could not know of."""

    type: Literal["stage_started"]
    key: Short
    stage: PlannedStage | None = None


class OperatorCount(Record):
    """An operator and how often a graph calls it."""

    name: Short  # aten.silu.default
    count: Count
    why: Text = ""  # what is missing for it


class Guess(Record):
    """Something that draft_export decided by itself, to go on."""

    kind: Short  # data_dependent_error
    text: Text
    frame: Frame | None = None


class Detail(Record):
    """What only stages of one kind have to say: decomposed and onnx of operators, draft of guesses.

    `outside` are those that the kind's set of operators does not hold, of so many in all.
    """

    operators: Count = 0
    outside: Annotated[Items[OperatorCount], Field(max_length=2_000)] = []
    guesses: Annotated[Items[Guess], Field(max_length=200)] = []


class StageFinished(Record):
    """All that a stage leaves, in one event: a stage is stored whole or not at all."""

    type: Literal["stage_finished"]
    key: Short
    status: OneOf[StageStatus]
    reason: Text = ""
    seconds: Seconds | None = None  # of torch.export.export alone, or of the decomposition
    graph: GraphDocument | None = None
    code: Annotated[str, Field(max_length=32_000_000)] = ""
    guards: Annotated[Items[GuardReport], Field(max_length=20_000)] = []
    inputs: Specs = []
    outputs: Specs = []
    replay: ReplayReport | None = None
    failure: FailureReport | None = None
    detail: Detail | None = None


class Blockers(Record):
    """All that stops the whole model, in order of execution. A later one replaces this one."""

    type: Literal["blockers"]
    blockers: Annotated[Items[BlockerReport], Field(max_length=64)]
    complete: OneOf[Search]
    reason: Text = ""


def _from_base64(value: Any) -> bytes:
    """The bytes that this text is. A ValueError is pydantic's to tell of."""
    if not isinstance(value, str):
        raise ValueError("a piece is text in base64")
    return base64.b64decode(value, validate=True)


Base64 = Annotated[
    bytes,
    BeforeValidator(_from_base64),
    PlainSerializer(lambda data: base64.b64encode(data).decode(), when_used="json"),
    WithJsonSchema({"type": "string", "contentEncoding": "base64"}),
]


class Piece(Record):
    """A piece of a file, in order; the worker puts them together and never looks inside."""

    type: Literal["piece"]
    name: Short
    data: Annotated[Base64, Field(max_length=2**20)]


class Failed(Record):
    """The script or its eager run failed: no export is blamed."""

    type: Literal["failed"]
    failure: FailureReport


class Finished(Record):
    """The last event. A probe that ends without it crashed."""

    type: Literal["finished"]

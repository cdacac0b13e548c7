"""What the API answers with, and what pages are made of: one pydantic class an object."""

from datetime import datetime
from typing import Any

from app.graphs.document import TensorSpec
from app.models import (
    Category,
    Fate,
    GuardKind,
    ReplayStatus,
    Role,
    RunStatus,
    ScriptKind,
    StageKind,
    StageStatus,
    Verdict,
)
from app.services.excerpts import MatchView
from app.services.failure_views import (
    BlockerView,
    FailureDetail,
    FailureView,
    FrameView,
    SearchView,
)
from app.services.remedy_views import RemedyView
from app.services.view import View


class ScriptView(View):
    """The upload of a run."""

    sha256: str
    kind: ScriptKind
    size: int  # bytes
    filename: str  # as uploaded
    entry: str  # the file that is run


class FileView(View):
    """A file that a stage offers. It deserves the trust that the script deserves, and no more."""

    bytes: int
    sha256: str
    url: str


class OperatorView(View):
    """An operator and how often a graph calls it."""

    name: str
    count: int
    why: str = ""  # what is missing for it


class GuessView(View):
    """Something that draft_export decided by itself, to go on."""

    kind: str
    text: str
    frame: FrameView | None = None


class DetailView(View):
    """What only stages of one kind have to say: decomposed and onnx of operators, draft of guesses.

    `outside` are those that core ATen, or ONNX, does not hold, of so many kinds in all.
    """

    operators: int = 0
    outside: list[OperatorView] = []
    guesses: list[GuessView] = []


class StageHead(View):
    """What a run's list says of one stage."""

    n: int
    name: str
    kind: StageKind
    component: str | None
    role: Role | None
    status: StageStatus
    reason: str
    seconds: float | None  # of torch.export.export alone
    graph: int | None  # its id
    nodes: int | None
    replay: ReplayStatus
    max_abs: float | str | None  # largest differences of the replay; text where not finite
    max_rel: float | str | None
    replay_why: str | None  # why it differs, or was not run
    file: FileView | None  # the saved program


class StageView(StageHead):
    """A stage in its run. `guards` counts them."""

    guards: int
    failure: FailureView | None


class GuardView(View):
    """One assumption of a stage, with the user's line it came from."""

    kind: GuardKind
    expression: str
    meaning: str
    file: str | None
    line: int | None
    text: str
    framework: str
    silent: bool


class OutputDifferenceView(View):
    """One output of a replay."""

    name: str
    max_abs: float | str
    max_rel: float | str
    equal: bool
    why: str = ""


class ReplayCaseView(View):
    """A replay on one set of inputs. `sizes` of the dynamic dimensions; empty: the run's own.
    `inputs` tells in words what a remedy was compared on.
    """

    inputs: str = ""
    sizes: dict[str, int] = {}
    status: ReplayStatus
    why: str = ""
    outputs: list[OutputDifferenceView] = []


class ReplayView(View):
    """The exported program against eager."""

    status: ReplayStatus
    why: str = ""
    max_abs: float | str | None = None
    max_rel: float | str | None = None
    cases: list[ReplayCaseView] = []


class StageDetail(StageHead):
    """A stage in full."""

    run: int
    guards: list[GuardView]
    failure: FailureDetail | None
    inputs: list[TensorSpec]
    outputs: list[TensorSpec]
    replay_detail: ReplayView | None
    detail: DetailView | None


class StageLinkView(View):
    """A stage to go to."""

    n: int
    name: str


class ComponentView(View):
    """A submodule that the plan picked."""

    path: str
    class_name: str
    role: Role
    why: str
    parameters: int
    calls: int


class CoverageView(View):
    """What was exported in some stage that passed, out of what there is."""

    modules: int
    modules_exported: int
    parameters: int
    parameters_exported: int
    calls: int
    calls_exported: int


class ModuleView(View):
    """A module that the eager run called. `own` counts what no module before it owns.

    `fate` is null until a child of the run has ended.
    """

    path: str
    class_name: str
    calls: int
    parameters: int
    own: int = 0
    fate: Fate | None = None


class ModuleList(View):
    """All modules that the eager run called, in order of their first call."""

    modules: list[ModuleView]


class NoteView(View):
    """Something to know of the run that is no failure."""

    code: str
    message: str


class ExportCallView(View):
    """A call of an export function in the script."""

    function: str
    file: str
    line: int
    index: int | None = None
    chosen: bool = False


class LoadedView(View):
    """What the script gave. Sizes count elements."""

    form: str
    model_class: str
    parameters: int
    buffers: int
    dtypes: list[str]
    devices: list[str]
    training: bool
    strict: bool
    dynamic_shapes: str = ""
    calls: list[ExportCallView] = []
    environment: dict[str, Any]
    seconds: float


class EagerView(View):
    """The one real forward."""

    seconds: float
    peak_rss_bytes: int
    inputs: list[TensorSpec]
    outputs: list[TensorSpec]


class RunView(View):
    """A run with its plan and stages."""

    id: int
    url: str
    title: str
    status: RunStatus
    verdict: Verdict | None
    reason: str
    script: ScriptView
    runtime: str
    options: dict[str, Any]
    sandbox: str | None  # null until a worker has started it
    parent: int | None
    owner: str | None
    tags: list[str]
    pin: bool  # a person gave it a star
    note: str
    created_at: datetime
    started_at: datetime | None
    whole_at: datetime | None
    finished_at: datetime | None
    cancel_requested: bool
    coverage: CoverageView | None
    loaded: LoadedView | None
    eager: EagerView | None
    plan: list[ComponentView]
    stages: list[StageView]
    blockers: list[BlockerView]
    remedies: list[RemedyView]  # of the whole model; those of one blocker stand with it
    following: str  # what is tried after the verdict; empty before and after
    search: SearchView | None
    failure: FailureDetail | None
    notes: list[NoteView]

    def settled(self, *, follow: bool) -> bool:
        """Whether its verdict is known; with `follow`, all that is tried after it as well."""
        return self.status.ended or (bool(self.following) and not follow)

    @property
    def every_remedy(self) -> list[RemedyView]:
        """Those of the blockers and of the whole model, in the order in which they are tried."""
        found = [*self.remedies, *(one for blocker in self.blockers for one in blocker.remedies)]
        return sorted(found, key=lambda remedy: remedy.position)


class StageCounts(View):
    """How far a run came."""

    total: int = 0
    done: int = 0
    passed: int = 0
    failed: int = 0


class RunHead(View):
    """A run in the history. `blocker` is what stops it, if anything."""

    id: int
    url: str
    title: str
    status: RunStatus
    verdict: Verdict | None
    category: Category | None  # of what stops it
    reason: str
    script: ScriptView
    model_class: str  # empty until it was loaded
    runtime: str
    sandbox: str | None
    parent: int | None
    owner: str | None
    tags: list[str]
    pin: bool
    note: str
    created_at: datetime
    started_at: datetime | None
    whole_at: datetime | None
    finished_at: datetime | None
    stages: StageCounts
    replay: ReplayStatus | None  # of the whole model
    failure: FailureView | None
    match: MatchView | None = None  # where it has the words that were searched for


class RunList(View):
    """A page of the history, newest first. `next` is the cursor of the page after it."""

    runs: list[RunHead]
    next: str | None


class RunAccepted(View):
    """A run that was queued, or asked to end."""

    id: int
    url: str
    status: RunStatus


class RuntimeView(View):
    """A runtime that runs may name."""

    name: str
    default: bool


class RuntimeList(View):
    """All runtimes."""

    runtimes: list[RuntimeView]


class ExampleView(View):
    """A script of the gallery, with the verdict it promises."""

    name: str
    title: str
    description: str
    verdict: Verdict | None
    category: Category | None
    size: int
    url: str


class ExampleList(View):
    """The gallery."""

    examples: list[ExampleView]


class ErrorInfo(View):
    """What happened, for programs and for people, and what to do next."""

    code: str
    message: str
    hint: str


class ErrorBody(View):
    """The one shape of every error."""

    error: ErrorInfo

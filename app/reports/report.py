"""A report: all that one who was not there needs to know of a run, a stage, a failure, a pair.

Its JSON is just this. Nothing in it leads back into the application.
"""

from datetime import datetime
from typing import Any

from app.graphs.document import TensorSpec
from app.models import (
    Category,
    GuardKind,
    RemedyKind,
    ReplayStatus,
    Role,
    RunStatus,
    ShareKind,
    StageKind,
    StageStatus,
    Verdict,
)
from app.reports.comparison import ComparisonReport
from app.services.failure_views import FailureTrace, OccurrenceView
from app.services.summary import Tone
from app.services.view import View
from app.services.views import CoverageView


class EnvironmentReport(View):
    """Where it ran. `runtime` is what the server calls it."""

    runtime: str
    python: str = ""
    torch: str = ""
    platform: str = ""
    packages: dict[str, str] = {}


class ModelReport(View):
    """What was exported. Sizes count elements; `seconds` is one eager forward."""

    class_name: str
    parameters: int
    buffers: int
    dtypes: list[str]
    devices: list[str]
    training: bool
    strict: bool
    dynamic_shapes: str
    seconds: float | None = None
    inputs: list[TensorSpec] = []
    outputs: list[TensorSpec] = []


class StopReport(View):
    """A failure in short: what it is and the line."""

    category: Category
    file: str | None
    line: int | None


class RemedyReport(View):
    """A fix and what came of trying it: `outcome`, `cost` and `proof` are in words.

    `patch` is a unified diff; empty where nothing of the script changes. `next_stop` is what stops
    the model still.
    """

    position: int
    blocker: int | None
    title: str
    kind: RemedyKind
    tone: Tone
    outcome: str
    cost: str
    proof: str
    reason: str
    options: dict[str, Any]
    patch: str
    next_stop: StopReport | None


class ReproReport(View):
    """The smallest script found that fails alike, or why there is none."""

    text: str
    why: str


class BlockerReport(FailureTrace):
    """One distinct cause that stops the whole model, with what was tried against it."""

    position: int
    occurrences: list[OccurrenceView] = []
    behind: bool = False
    bypass: str = ""
    jumped: str | None = None
    fingerprint: str | None = None
    remedies: list[RemedyReport] = []
    repro: ReproReport | None = None


class StageRow(View):
    """A stage in the list of all."""

    n: int
    name: str
    kind: StageKind
    component: str | None
    role: Role | None
    status: StageStatus
    reason: str
    seconds: float | None
    nodes: int | None
    replay: ReplayStatus
    max_abs: float | str | None
    guards: int
    stop: StopReport | None = None


class GuardReport(View):
    """One assumption of a stage, with the line that made it."""

    kind: GuardKind
    expression: str
    meaning: str
    file: str | None
    line: int | None
    text: str
    silent: bool


class StageReport(StageRow):
    """A stage in full: the first of its guards, and the beginning of its code."""

    replay_why: str
    inputs: list[TensorSpec]
    outputs: list[TensorSpec]
    shown_guards: list[GuardReport]
    failure: FailureTrace | None
    code: str


class DimensionReport(View):
    """What one dimension of the inputs can be, and what fixed it."""

    name: str
    size: int
    asked: str
    obtained: str
    range: str
    causes: list[str]


class ContractReport(View):
    """What the dimensions can be, in a sentence, as rows, and as code to paste."""

    words: str
    dimensions: list[DimensionReport]
    code: str


class RunReport(View):
    """What is said of the run in each of its reports."""

    id: int
    title: str
    status: RunStatus
    verdict: Verdict | None
    script: str  # the file that was run
    environment: EnvironmentReport
    options: dict[str, Any]
    model: ModelReport | None
    created_at: datetime
    finished_at: datetime | None
    coverage: CoverageView | None


class Report(View):
    """What leaves the server. `subject` names it, `headline` says in plain words what came out."""

    kind: ShareKind
    subject: str
    headline: str
    tone: Tone
    with_source: bool
    made_at: datetime
    run: RunReport  # of a comparison: the head
    failure: FailureTrace | None = None  # the run's own, where it came to no stage
    blockers: list[BlockerReport] = []
    search: str = ""  # how the search for them ended
    remedies: list[RemedyReport] = []  # of the whole model
    stages: list[StageRow] = []
    stage: StageReport | None = None
    contract: ContractReport | None = None
    notes: list[str] = []
    comparison: ComparisonReport | None = None

    @property
    def reproducible(self) -> BlockerReport | None:
        """The first blocker with a small script that fails alike."""
        return next((one for one in self.blockers if one.repro and one.repro.text), None)

"""The comparison of two runs, as the API answers with it and the page shows it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from app.models import (
    Category,
    GuardKind,
    ReplayStatus,
    RunStatus,
    Search,
    StageKind,
    StageStatus,
    Verdict,
)
from app.services.summary import Tone
from app.services.view import View
from app.services.views import ScriptView


class Change(StrEnum):
    """What became of one row, from base to head."""

    SAME = "same"
    CHANGED = "changed"
    ADDED = "added"  # only the head has it
    REMOVED = "removed"  # only the base has it
    NOT_KNOWN = "not_known"  # one of the runs has not told, or could not


class CauseChange(StrEnum):
    """What became of something that stops a run."""

    GONE = "gone"  # the head got past where it would have been met
    NEW = "new"  # the base got past where it would have been met
    STILL = "still"  # both have it
    MAYBE_GONE = "maybe_gone"  # the head does not name it, and may not have come to it
    MAYBE_NEW = "maybe_new"  # the base does not name it, and may not have come to it


class RunSide(View):
    """One of the two runs. `words` are its verdict or status in short, `tone` how to read them."""

    id: int
    url: str
    title: str
    status: RunStatus
    verdict: Verdict | None
    reason: str
    replay: ReplayStatus | None  # of the whole model
    search: Search | None  # how the search for all that stops it ended
    script: ScriptView
    runtime: str
    sandbox: str | None
    parent: int | None
    created_at: datetime
    live: bool  # whether it may still change
    tone: Tone
    words: str


class CauseSide(View):
    """What stops a run, in short. `position` is null where it is no blocker that was searched."""

    position: int | None
    url: str
    category: Category
    exception: str
    message: str  # its beginning
    file: str | None
    line: int | None
    text: str
    module: str | None
    expression: str | None
    fingerprint: str | None


class CauseRow(View):
    """One cause. At least one of the sides is there."""

    change: CauseChange
    base: CauseSide | None
    head: CauseSide | None

    @property
    def shown(self) -> CauseSide:
        """The side to describe it by: the head's, where it is still there."""
        side = self.head or self.base
        assert side is not None
        return side


class StageFailure(View):
    """Why a stage failed, in short."""

    category: Category
    file: str | None
    line: int | None
    text: str
    module: str | None
    fingerprint: str | None


class StageSide(View):
    """A stage in one of the runs."""

    n: int
    url: str
    status: StageStatus
    reason: str
    replay: ReplayStatus
    max_abs: float | str | None
    seconds: float | None
    graph: int | None
    nodes: int | None
    guards: int
    failure: StageFailure | None


class StageRow(View):
    """One stage, paired by its key. `changes` names what differs: status, replay, failure, graph,
    guards, seconds. `graph_diff` is the address of the diff of the two graphs; empty without one.
    `same_graph` is null where that is not known.
    """

    key: str
    name: str
    kind: StageKind
    base: StageSide | None
    head: StageSide | None
    change: Change
    changes: list[str]
    same_graph: bool | None
    guards_differ: int  # how many guards are not the same
    graph_diff: str


class GuardRow(View):
    """One assumption of a stage that both runs have; `base` and `head` say how often it is there.

    The place is the head's, where it has one.
    """

    stage: str  # its key
    name: str  # of the stage
    kind: GuardKind
    meaning: str
    expression: str
    silent: bool
    file: str | None
    line: int | None
    text: str
    base: int
    head: int
    change: Change


class GuardDiff(View):
    """The guards of the stages that both runs have: those that differ come first."""

    rows: list[GuardRow]
    same: int  # of all, not of the rows alone
    differ: int
    not_known: int
    left_out: int  # how many of all are not in the rows
    cut: bool  # whether a run has more guards than are compared


class ValueRow(View):
    """An option, a part of the environment or a time; null: that run has none, or not yet."""

    name: str
    base: Any
    head: Any
    change: Change


class Share(View):
    """So many of so many."""

    part: int
    of: int


class CoverageRow(View):
    """How much of the modules, parameters or call sites was exported somewhere."""

    name: str
    base: Share | None
    head: Share | None
    change: Change


class CompareView(View):
    """Two runs, side by side.

    `sentence` says how both ended, `differs` what differs in words, `not_known` what cannot be said
    and why; `equal`: both are empty, so that nothing but times may differ. `verdict_changed` is
    null while a run has no verdict. `diff` is the unified diff of the scripts, empty where they are
    the same; why it is not there is in `diff_missing`.
    """

    base: RunSide
    head: RunSide
    sentence: str
    differs: list[str]
    not_known: list[str]
    equal: bool
    same_script: bool
    verdict_changed: bool | None
    causes: list[CauseRow]
    stages: list[StageRow]
    stages_cut: bool  # whether a run has more stages than these
    guards: GuardDiff
    diff: str
    diff_missing: str
    options: list[ValueRow]
    model: list[ValueRow]
    environment: list[ValueRow]
    times: list[ValueRow]  # seconds; peak memory in bytes
    coverage: list[CoverageRow]

"""A run in one sentence of plain words: whether it exported, how far, and what stops it. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from app.models import (
    Category,
    ReplayStatus,
    RunStatus,
    Search,
    StageKind,
    StageStatus,
    Verdict,
)
from app.services.failure_views import SearchView

# What a category means, as the subject of "… stops it".
CAUSES: dict[Category, str] = {
    Category.EAGER_ERROR: "an error of the model itself",
    Category.SCRIPT_ERROR: "an error of the script itself",
    Category.DATA_DEPENDENT_BRANCH: "a Python branch on a tensor's value",
    Category.DATA_DEPENDENT_SHAPE: "a shape that depends on a tensor's value",
    Category.TENSOR_TO_PYTHON: "a tensor's value taken into Python",
    Category.DYNAMIC_SHAPE_VIOLATION: "code that fixes a dimension asked to be dynamic",
    Category.UNSUPPORTED_INPUT: "an input that export cannot take",
    Category.UNSUPPORTED_OUTPUT: "an output that export cannot return",
    Category.MISSING_FAKE_KERNEL: "a custom operator without shape inference",
    Category.MISMATCHED_FAKE_KERNEL: "a custom operator whose shape inference is wrong",
    Category.UNSUPPORTED_PYTHON: "a Python construct that cannot be traced",
    Category.NUMPY_CONVERSION: "a tensor that leaves through NumPy",
    Category.MUTATION: "state kept on the module while it runs",
    Category.CUSTOM_OP: "a custom operator that cannot be traced",
    Category.SERIALIZATION: "a program that cannot be saved and loaded",
    Category.NUMERIC_MISMATCH: "a result that differs from eager",
    Category.TIMEOUT: "the time limit",
    Category.OUT_OF_MEMORY: "the memory limit",
    Category.OUTPUT_LIMIT: "a limit on its output",
    Category.CRASH: "a crash of the process",
    Category.SANDBOX: "something the sandbox forbids",
    Category.INTERNAL: "an error of Stagelight",
    Category.UNKNOWN: "an error of a kind not known yet",
}


def cause_words(category: Category) -> str:
    """What a category means, as a heading or the beginning of a sentence."""
    words = CAUSES[category]
    return f"{words[0].upper()}{words[1:]}"


# What is tried once the verdict is known, by the name of its course.
FOLLOWING: dict[str, str] = {
    "serialized": "the program is saved, and loaded again in a fresh process",
    "strict": "the export is tried in the other mode, strict or not",
    "remedies": "fixes are tried",
    "contract": "it is found out what each input dimension can be",
    "repros": "what stops it is cut down to the smallest scripts that fail alike",
    "draft": "draft_export is run",
    "onnx": "it is exported to ONNX",
}

# Stages that do not count beside a whole model that passed; of two a sentence tells their failure.
APART = frozenset(
    {StageKind.PART, StageKind.DECOMPOSED, StageKind.SERIALIZED}
    | {StageKind.STRICT, StageKind.DRAFT, StageKind.ONNX}
)
TOLD = {StageKind.DECOMPOSED: "decomposition", StageKind.SERIALIZED: "serialization"}

NAMES_CHARACTERS = 60  # of component names that a sentence bears


class Tone(StrEnum):
    """How a sentence is to be read; pages choose icon and colour by it."""

    WAIT = "wait"  # nothing happened yet
    WORK = "work"  # it is being done
    GOOD = "good"  # exported, and it computes the same
    DOUBT = "doubt"  # exported, but not all is well
    PART = "part"  # some of it exports
    BAD = "bad"  # export fails
    SCRIPT = "script"  # not export's fault
    BROKEN = "broken"  # a limit, or our fault
    OFF = "off"  # somebody ended it


@dataclass(frozen=True)
class Cause:
    """What failed, in short, and the line."""

    category: Category
    exception: str = ""
    file: str | None = None
    line: int | None = None

    @property
    def place(self) -> str:
        """`decode.py:88`, or nothing."""
        return f"{self.file}:{self.line}" if self.file and self.line else ""

    @property
    def words(self) -> str:
        """The cause with its place, to be followed by a verb."""
        return CAUSES[self.category] + (f" at {self.place}" if self.place else "")


@dataclass(frozen=True)
class StageFact:
    """What the sentence needs of a stage."""

    kind: StageKind
    name: str
    status: StageStatus
    replay: ReplayStatus = ReplayStatus.NOT_RUN
    max_abs: float | str | None = None
    why: str = ""  # why the replay differs or was not run

    @property
    def done(self) -> bool:
        """It will not change any more."""
        return self.status not in (StageStatus.PENDING, StageStatus.RUNNING)


@dataclass(frozen=True)
class RunFacts:
    """What the sentence needs of a run. `cause` is its own failure, else the whole stage's."""

    status: RunStatus
    verdict: Verdict | None = None
    reason: str = ""
    runtime: str = ""
    ahead: int = 0  # queued runs that come first
    loaded: bool = False
    eager: bool = False
    cancelling: bool = False
    following: bool = False  # the verdict is final, and more is tried
    stages: tuple[StageFact, ...] = ()
    cause: Cause | None = None
    more: int = 0  # blockers beside that cause

    @property
    def whole(self) -> StageFact | None:
        """The stage of the whole model."""
        return next((s for s in self.stages if s.kind is StageKind.WHOLE), None)


@dataclass(frozen=True)
class Summary:
    """The sentence, and how it is meant."""

    tone: Tone
    text: str


def summarise(run: RunFacts) -> Summary:
    """Say it in one sentence."""
    match run.status:
        case RunStatus.QUEUED:
            return Summary(Tone.WAIT, _queued(run))
        case RunStatus.RUNNING:
            return _ended(run) if run.following else Summary(Tone.WORK, _running(run))
        case RunStatus.CANCELLED:
            return _cancelled(run)
        case RunStatus.FAILED:
            reason = run.reason.rstrip(".") or "no reason was recorded"
            return Summary(Tone.BROKEN, f"The run failed{_after(run)}: {reason}.")
        case RunStatus.FINISHED:
            return _ended(run)


def follow_words(course: str) -> str:
    """What is going on after the verdict, as a sentence; empty where nothing is."""
    if not course:
        return ""
    return f"Going on in the background: {FOLLOWING.get(course, 'more is tried')}."


def headline(verdict: Verdict | None, replay: ReplayStatus | None) -> str:
    """The verdict in at most three words, for a list."""
    if verdict is Verdict.EXPORTED and replay is ReplayStatus.DIFFERENT:
        return "exported, differs"
    return "no verdict" if verdict is None else verdict.value.replace("_", " ")


def run_words(status: RunStatus, verdict: Verdict | None, replay: ReplayStatus | None) -> str:
    """A run in a list: its verdict, else its status."""
    is_known = verdict is not None or status is RunStatus.FINISHED
    return headline(verdict, replay) if is_known else status.value


def tone_of(status: RunStatus, verdict: Verdict | None, replay: ReplayStatus | None) -> Tone:
    """The tone of a run in a list."""
    fixed = {
        RunStatus.QUEUED: Tone.WAIT,
        RunStatus.RUNNING: Tone.WORK,
        RunStatus.FAILED: Tone.BROKEN,
        RunStatus.CANCELLED: Tone.OFF,
    }
    if status in fixed:
        return fixed[status]
    if verdict is Verdict.EXPORTED:
        return Tone.GOOD if replay is ReplayStatus.EQUAL else Tone.DOUBT
    tones = {
        Verdict.PARTLY: Tone.PART,
        Verdict.BLOCKED: Tone.BAD,
        Verdict.SCRIPT_ERROR: Tone.SCRIPT,
    }
    return Tone.BROKEN if verdict is None else tones[verdict]


def _queued(run: RunFacts) -> str:
    if run.ahead:
        verb = "comes" if run.ahead == 1 else "come"
        return f"Waiting: {_count(run.ahead, 'run')} of runtime {run.runtime} {verb} first."
    return f"Waiting for a worker that serves the runtime {run.runtime}."


def _running(run: RunFacts) -> str:
    if run.cancelling:
        return f"Being cancelled{_after(run)}."
    if run.stages:
        return f"{_so_far(run)}{_progress(run)} done."
    if run.eager:
        return "Running: planning the stages."
    if run.loaded:
        return "Running: one real forward of the model, before any export."
    return "Running: loading the script."


def _so_far(run: RunFacts) -> str:
    """What is known of the whole model while other stages go on."""
    whole = run.whole
    if whole is None or not whole.done:
        return "Running: "
    if whole.status is StageStatus.PASSED:
        return "The whole model exports; "
    return f"The whole model does not export{_because(run)}; "


def _cancelled(run: RunFacts) -> Summary:
    """A verdict stands, however much was left undone."""
    if run.verdict is None:
        return Summary(Tone.OFF, f"Cancelled{_after(run) or ' before any stage'}.")
    known = _ended(run)
    return Summary(known.tone, f"{known.text} Cancelled before all was tried.")


def _ended(run: RunFacts) -> Summary:
    match run.verdict:
        case Verdict.EXPORTED:
            return _exported(run)
        case Verdict.PARTLY:
            text = f"The whole model does not export{_because(run)}; {_components(run)}."
            return Summary(Tone.PART, text)
        case Verdict.BLOCKED:
            tail = "; no component exports on its own either" if _of_kind(run) else ""
            return Summary(Tone.BAD, f"The model does not export{_because(run)}{tail}.")
        case Verdict.SCRIPT_ERROR:
            return Summary(Tone.SCRIPT, _script_error(run))
        case None:
            return Summary(Tone.BROKEN, "The run ended without a verdict.")


def _exported(run: RunFacts) -> Summary:
    whole = run.whole
    alone = _alone(run)
    if whole is None or whole.replay is ReplayStatus.NOT_RUN:
        why = f" ({whole.why.rstrip('.')})" if whole and whole.why else ""
        return Summary(Tone.DOUBT, f"The whole model exports; it was not replayed{why}{alone}.")
    if whole.replay is ReplayStatus.DIFFERENT:
        size = "" if whole.max_abs is None else f", by up to {_number(whole.max_abs)}"
        text = f"The whole model exports, but the exported program differs from eager{size}{alone}."
        return Summary(Tone.DOUBT, text)
    return Summary(Tone.GOOD, f"The whole model exports and replays equal to eager{alone}.")


def _alone(run: RunFacts) -> str:
    """What failed beside a whole model that passed."""
    failed = [s.kind for s in run.stages if s.status is StageStatus.FAILED]
    others = sum(kind not in APART for kind in failed)
    words = [f"{_count(others, 'other stage')} failed"] if others else []
    words += [f"its {noun} failed" for kind, noun in TOLD.items() if kind in failed]
    if not words:
        return ""
    return f", though {', '.join(words[:-1])}{' and ' if words[1:] else ''}{words[-1]}"


def _script_error(run: RunFacts) -> str:
    cause = run.cause
    name = cause.exception.rpartition(".")[2] if cause else ""
    if name == "ScriptError":  # the probe's own: its message, right below, says it all
        return "The script gives nothing to export."
    what = f": {name or 'an error'}{f' at {cause.place}' if cause.place else ''}" if cause else ""
    if cause and cause.category is Category.SANDBOX:
        at = f" at {cause.place}" if cause.place else ""
        return f"The script needs what the sandbox forbids{at}; export is not to blame."
    if cause and cause.category is Category.EAGER_ERROR:
        return f"The model fails without any export{what}; export is not to blame."
    return f"The script fails before there is anything to export{what}."


def _because(run: RunFacts) -> str:
    if run.cause is None:
        return ""
    more = f", and by {run.more} more" if run.more else ""
    return f", stopped by {run.cause.words}{more}"


def _of_kind(run: RunFacts, kind: StageKind = StageKind.COMPONENT) -> list[StageFact]:
    return [s for s in run.stages if s.kind is kind]


def _components(run: RunFacts) -> str:
    stages = _of_kind(run)
    passed = [s.name for s in stages if s.status is StageStatus.PASSED]
    verb = "does" if len(passed) == 1 else "do"
    names = ", ".join(passed)
    listed = f" ({names})" if passed and len(names) <= NAMES_CHARACTERS else ""
    return f"{len(passed)} of {_count(len(stages), 'component')} {verb}{listed}"


def _progress(run: RunFacts) -> str:
    done = sum(s.done for s in run.stages)
    verb = "is" if done == 1 else "are"
    return f"{done} of {_count(len(run.stages), 'stage')} {verb}"


def _after(run: RunFacts) -> str:
    """How far it came before it was ended."""
    tried = sum(s.status in (StageStatus.PASSED, StageStatus.FAILED) for s in run.stages)
    return f" after {tried} of {_count(len(run.stages), 'stage')}" if run.stages else ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _number(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.3g}"


def search_words(search: SearchView | None, found: int, *, live: bool) -> str:
    """How the search for blockers ended, below the list of those that it found."""
    if search is None:
        return "The search for more goes on." if live else "Nothing more was looked for."
    reason = f": {search.reason[0].lower()}{search.reason[1:]}" if search.reason else "."
    match search.complete:
        case Search.CLEAN:
            past = "it" if found == 1 else f"these {found}"
            return f"With {past} bypassed, the model exports."
        case Search.STUCK:
            return f"There may be more, which export could not get to{reason}"
        case Search.CAPPED:
            return f"There may be more{reason}"

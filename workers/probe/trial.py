"""The kind `trial`: whether a changed copy of the script computes the same, and exports.

First the changed code in eager against what the upload gave; then plain torch.export.export, and
the search for all that stops it where it fails; then the exported program against the upload.
"""

import io
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn

import torch

from .blockers import Search
from .call import Call
from .cases import Case, Start, called
from .diagnose import report
from .emit import SHORT, TEXT, Emitter, cap
from .frames import Places
from .job import Job
from .leaves import Leaf, Stored
from .reference import state_digests, state_of
from .snapshot import Snapshot
from .stages import Attempt, Bench, Outcome, Program
from .trial_values import differences
from .variations import SIZES

MOST_OUTPUTS = 100  # of one case that are told one by one
KEY = "trial"


class NotComparableError(Exception):
    """The changed script does not make the model that the upload made; the text says how."""


@dataclass(frozen=True)
class Reference:
    """What the upload gave, as workers/probe/reference.py wrote it."""

    state: dict[str, str]
    values: dict[str, torch.Tensor]
    inputs: dict[str, list[Stored]]
    cases: list[Case]


@dataclass
class Answer:
    """What a trial says; the fields of workers/answers/trial.py."""

    why: str = ""  # nothing could be compared
    eager: list[dict[str, Any]] = field(default_factory=list)
    changed: str = ""
    exported: bool = False
    seconds: float | None = None
    failure: dict[str, Any] | None = None
    blockers: list[dict[str, Any]] = field(default_factory=list)
    complete: str | None = None
    reason: str = ""
    replay: list[dict[str, Any]] = field(default_factory=list)


def run_trial(job: Job, places: Places, emitter: Emitter, call: Call) -> NoReturn:
    """Try the script as it is in the job against the reference in it, and end the process.

    `job.work`: `reference`, its path in the upload's folder, and `lenient`: whether inputs other
    than the run's own may be refused.
    """
    data = (job.root / job.work["reference"]).read_bytes()
    trial = _Trial(call, places, read_reference(data), lenient=job.work["lenient"])
    emitter.emit("trial", **vars(trial.run()))
    emitter.finish()


def read_reference(data: bytes) -> Reference:
    """What the process of the reference wrote."""
    content = torch.load(io.BytesIO(data), weights_only=True)
    cases = [
        Case(tuple(case["inputs"]), [Leaf(*leaf) for leaf in case["outputs"]])
        for case in content["cases"]
    ]
    return Reference(content["state"], content["values"], content["inputs"], cases)


def _modules(program: Program) -> Callable[[], Callable[..., Any]]:
    """Gives a program's module: a new one each time where its calls leave something behind."""
    if program.graph_signature.buffers_to_mutate:
        return program.module
    module = program.module()
    return lambda: module


class _Quiet(Emitter):
    """Keeps the last list of blockers instead of writing events."""

    def __init__(self) -> None:
        super().__init__(-1)
        self.last: dict[str, Any] = {}

    def emit(self, type_: str, **fields: Any) -> None:
        """Keep what a search found; the rest is told by the trial's own answer."""
        if type_ == "blockers":
            self.last = fields


class _QuietBench(Bench):
    """Exports without a picture of what came of it."""

    def _passed(self, *_: Any) -> None:
        pass

    def _failed(self, *_: Any) -> None:
        pass


class _Trial:
    def __init__(self, call: Call, places: Places, reference: Reference, *, lenient: bool) -> None:
        self._call = call
        self._places = places
        self._reference = reference
        self._lenient = lenient
        self._answer = Answer()

    def run(self) -> Answer:
        """Compare, export, compare again."""
        answer, call = self._answer, self._call
        try:
            self._take_state()
        except NotComparableError as error:
            answer.why = cap(error, TEXT)
            return answer
        snapshot = Snapshot(call.model)
        start = Start(call.model, snapshot)
        answer.eager = self._compared(lambda: call.model, start)
        if not self._goes_on():
            return answer
        outcome = self._export(snapshot)
        if outcome.program is not None:
            answer.exported = True
            answer.replay = self._compared(_modules(outcome.program), start)
        return answer

    def _take_state(self) -> None:
        """Have the upload's weights and buffers.

        Raises:
            NotComparableError: they are not there, or others, and were not given along.
        """
        known, values = self._reference.state, self._reference.values
        tensors, digests = state_of(self._call), state_digests(self._call)
        for name, digest in known.items():
            if name not in tensors:
                raise NotComparableError(f"The changed model has no {name}.")
            if digest and digests[name] == digest:
                continue
            if name not in values or values[name].shape != tensors[name].shape:
                raise NotComparableError(
                    f"{name} is another each time the script is run, from the same seed."
                )
            with torch.no_grad():
                tensors[name].copy_(values[name])

    def _goes_on(self) -> bool:
        """Whether the changed code computes the same, as far as it has to."""
        own, *others = [case["status"] for case in self._answer.eager]
        borne = {"equal", "refused"} if self._lenient else {"equal"}
        return own == "equal" and borne.issuperset(others)

    def _export(self, snapshot: Snapshot) -> Outcome:
        call, answer, quiet = self._call, self._answer, _Quiet()
        bench = _QuietBench(call, self._places, quiet, snapshot)
        attempt = Attempt(KEY, call.export, call.model, call.model, call.args, call.kwargs)
        started = time.perf_counter()
        outcome = bench.run(attempt)
        answer.seconds = time.perf_counter() - started
        if outcome.program is None:
            answer.failure = report(outcome.findings[0], self._places)
            Search(bench, outcome).run()
            answer.blockers = quiet.last["blockers"]
            answer.complete = quiet.last["complete"]
            answer.reason = quiet.last["reason"]
        return outcome

    def _compared(
        self, make: Callable[[], Callable[..., Any]], start: Start
    ) -> list[dict[str, Any]]:
        """Each case of the reference, by what `make` gives; the first says what changed in kind."""
        reports = []
        for case in self._reference.cases:
            report_, changed = self._case(make, start, case)
            self._answer.changed = self._answer.changed or cap(changed, TEXT)
            reports.append(report_)
            if reports[0]["status"] != "equal":
                break
        return reports

    def _case(
        self, make: Callable[[], Callable[..., Any]], start: Start, case: Case
    ) -> tuple[dict[str, Any], str]:
        fields: dict[str, Any] = {"inputs": cap(case.name, SHORT), "why": "", "outputs": []}
        fields["other_sizes"] = SIZES in case.inputs
        inputs = [self._reference.inputs[name] for name in case.inputs]
        try:
            start.restore()
            actual = called(make(), self._call, start, inputs)
        except BaseException as error:  # sys.exit() in a forward, too
            text = self._places.shortened(f"{type(error).__name__}: {error}")
            why = cap(text.partition("\n")[0], TEXT)
            return fields | {"status": "refused", "why": why}, ""
        finally:
            start.restore()
        outputs, changed = differences(case.outputs, actual)
        unequal = [one for one in outputs if not one["equal"]]
        shown = (unequal + [one for one in outputs if one["equal"]])[:MOST_OUTPUTS]
        status = "different" if unequal else "equal"
        why = unequal[0]["why"] if unequal else ""
        return fields | {"status": status, "why": why, "outputs": shown}, changed

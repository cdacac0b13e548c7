"""All that stops the whole model: exports that go past each blocker, until nothing is left."""

import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from types import CodeType
from typing import Any, Literal

from .boundary import can_be_wrapped
from .diagnose import Finding, report
from .emit import SHORT, TEXT, cap
from .frames import Places
from .met import Met, Path
from .owners import class_at
from .passes import FILE, Pass, Widened, record
from .recording import Recording, key_of_code
from .stages import Attempt, Bench, Outcome

MOST_BLOCKERS = 20
MOST_PASSES = 20
MOST_OCCURRENCES = 200

# A limit, or what the sandbox refuses: nothing is learnt by going past it.
NOT_BYPASSED = frozenset({"out_of_memory", "sandbox", "internal"})
# What export says before or after forward, with what keeps it from saying so.
_AROUND_FORWARD: dict[str, dict[str, Any]] = {
    "unsupported_input": {"plain_inputs": True},
    "unsupported_output": {"plain_outputs": True},
    "dynamic_shape_violation": {"static": True},
    "mutation": {"as_made": True},
}

STUCK = "Nothing that could be bypassed is left around the last one."
GOES_ON = "The search had not come to its end."

Complete = Literal["clean", "stuck", "capped"]


class _NoRecordingError(Exception):
    """The eager run fails; the text says how."""


@dataclass
class Blocker:
    """One distinct cause, with every place that it was met from."""

    first: Met
    occurrences: dict[tuple[str | None, str, int], int] = field(default_factory=dict)

    def add(self, met: Met) -> None:
        """Count one more meeting, and those that were not tried for being the same."""
        finding = met.finding
        upload = finding.upload
        place = (finding.module, upload.file if upload else "", upload.line if upload else 0)
        self.occurrences[place] = self.occurrences.get(place, 0) + 1 + met.again

    def as_event(self, places: Places) -> dict[str, Any]:
        """The blocker as workers/events.py has it."""
        met = self.first
        return {
            "failure": report(met.finding, places),
            "occurrences": [
                {
                    "module": None if module is None else cap(module, SHORT),
                    "file": cap(file, SHORT),
                    "line": line,
                    "calls": calls,
                }
                for (module, file, line), calls in [*self.occurrences.items()][:MOST_OCCURRENCES]
            ],
            "behind": met.behind,
            "bypass": cap(met.bypass, TEXT),
            "jumped": None if met.jumped is None else cap(met.jumped, SHORT),
        }


def grouped(path: Sequence[Met]) -> list[Blocker]:
    """The distinct causes among what was met, in the order in which they were first met."""
    found: dict[tuple[str, str, int], Blocker] = {}
    for met in path:
        found.setdefault(met.finding.cause, Blocker(met)).add(met)
    return list(found.values())


class Search:
    """The search in the whole model of one call, after its plain export has failed.

    `handed` is another process's recording of an eager run; without it, or where it lacks
    something, the search makes its own.
    """

    def __init__(self, bench: Bench, failed: Outcome, handed: Recording | None = None) -> None:
        self._bench = bench
        self._failed = failed
        self._handed = handed
        self._widened = Widened()
        self._ended: list[Met] = []  # what ended an earlier export, and is kept from ending more

    def tell_first(self) -> None:
        """Emit what stopped the export itself, and search for nothing behind it."""
        self._emit(self._first(), "capped", "Nothing else was asked for.")

    def run(self) -> None:
        """Search, and emit what is found after every export."""
        first = self._first()
        if why_not := self._why_not(first[0].finding):
            self._emit(first, "stuck", why_not)
            return
        kind = first[0].finding.category
        if kind in _AROUND_FORWARD and kind != "mutation":  # that may come from within as well
            self._widened = replace(self._widened, **_AROUND_FORWARD[kind])
            self._keep_told(self._failed.findings)
        try:
            recording = self._handed or self._record()
            self._emit(first, "capped", GOES_ON)  # should an export kill the process
            for number in range(1, MOST_PASSES + 1):
                attempt = Pass(
                    self._bench.call,
                    self._bench.snapshot,
                    recording,
                    self._widened,
                    after_forward=lambda path: self._emit(
                        self._in_order(first, path.met, self._ended), "capped", GOES_ON
                    ),
                )
                outcome = self._export(number, attempt)
                path, complete, reason = self._judged(first, attempt, outcome)
                if complete == "stuck" and recording.lacks:
                    self._emit(path, "capped", GOES_ON)
                    recording = self._record()
                    continue
                self._emit(path, complete, reason)
                if reason != GOES_ON:
                    return
        except _NoRecordingError as error:
            self._emit(first, "stuck", str(error))

    def _first(self) -> list[Met]:
        return [Met(finding, "", behind=False) for finding in self._failed.findings]

    def _record(self) -> Recording:
        try:
            return record(self._bench.call, self._bench.places, self._bench.snapshot)
        except BaseException as error:  # sys.exit() in a forward, too
            raise _NoRecordingError(
                f"The eager run that it starts from fails: {error!r}"
            ) from error

    def _judged(
        self, first: list[Met], attempt: Pass, outcome: Outcome
    ) -> tuple[list[Met], Complete, str]:
        """What was met, and whether the search is over. GOES_ON: it is not."""
        strayed = self._strayed(attempt, outcome)
        path = self._path(first, attempt, outcome, strayed)
        if outcome.program is not None:
            return path, "clean", ""
        if len(grouped(path)) >= MOST_BLOCKERS:
            return path, "capped", f"No more than {MOST_BLOCKERS} are looked for."
        if not self._widen(outcome, strayed, attempt.path):
            return path, "stuck", strayed or STUCK
        return path, "capped", GOES_ON

    def _why_not(self, finding: Finding) -> str:
        if self._bench.call.strict:
            return "In strict export the first blocker alone is looked for."
        if finding.category in NOT_BYPASSED:
            return "What stopped the export is no matter of the model's code."
        return ""

    def _export(self, number: int, attempt: Pass) -> Outcome:
        call = self._bench.call
        key = f"bypass:{number}"
        stage = {"key": key, "kind": "bypass", "name": f"past its blockers, {_nth(number)} export"}
        return self._bench.run(
            Attempt(
                key,
                attempt.export,
                call.model,
                call.model,
                call.args,
                call.kwargs,
                attempt.around,
                "Some of its calls are replaced by what they gave in the eager run.",
            ),
            stage,
        )

    def _path(self, first: list[Met], attempt: Pass, outcome: Outcome, strayed: str) -> list[Met]:
        """What was met in order, by this export and by those before it."""
        met = [*attempt.path.met]
        ended = [*self._ended]
        if outcome.program is None and not strayed:
            for finding in outcome.findings:
                if finding.category == "mutation" and not self._tells_line(finding):
                    finding.culprit, finding.module = attempt.path.assigned
                    finding.module_class = class_at(self._bench.call.model, finding.module)
            behind = bool(met or ended)
            told = {one.finding.place for one in ended}  # that it was not kept from ending this
            ended += [
                Met(finding, "", behind)
                for finding in outcome.findings
                if finding.place not in told and _is_sound(finding, attempt.path)
            ]
        return self._in_order(first, met, ended)

    def _in_order(self, first: list[Met], met: list[Met], ended: list[Met]) -> list[Met]:
        """What was met by one export, with what plain export said where it did not meet it."""
        known = {one.finding.place for one in (*met, *ended)}
        kinds = {one.finding.category for one in ended}
        before = [
            one
            for one in first
            if one.finding.place not in known
            and (self._tells_line(one.finding) or one.finding.category not in kinds)
        ]
        return [*before, *met, *ended]

    def _tells_line(self, finding: Finding) -> bool:
        """Whether its line is the model's: of a mutation, torch may know the export call alone."""
        at = finding.culprit
        if at is None or finding.category != "mutation":
            return at is not None
        stack = self._bench.call.stack
        return (at.path, at.line) not in {(frame.path, frame.line) for frame in stack}

    def _strayed(self, attempt: Pass, outcome: Outcome) -> str:
        """Why an error that ended an export is none of the model's; or nothing.

        Where the eager run never came to its function, it is a bypass's doing.
        """
        if outcome.program is not None:
            return ""
        evidence = outcome.findings[0].evidence
        if evidence.frames and evidence.frames[-1].where == "probe":
            traceback.print_exception(evidence.error)
            return "An error of Stagelight's own ended the search; the log has it."
        if not attempt.path.met:
            return ""
        if evidence.culprit is None and outcome.findings[0].category == "unknown":
            return f"Behind the bypasses, once forward was done: {evidence.error!r}"
        at = evidence.culprit_running
        if at is None or attempt.recording.has_come_to(key_of_code(at.f_code)):
            return ""
        where = outcome.findings[0].culprit
        place = f"{where.file}:{where.line}" if where else "a line"
        return f"Behind a bypass, export came to {place}, where the eager run did not come."

    def _widen(self, outcome: Outcome, strayed: str, path: Path) -> bool:
        """Let the next export bypass more; returns whether there is anything."""
        functions = self._widened.functions
        for code in self._codes(outcome.findings[0]):
            if code not in functions and can_be_wrapped(code):
                self._widened = replace(self._widened, functions=(*functions, code))
                return True
        change = _AROUND_FORWARD.get(outcome.findings[0].category, {})
        if strayed and outcome.findings[0].culprit is None:
            change = {"without_grad": True}  # a stand-in is no leaf, or one where none was
        widened = replace(self._widened, **change)
        if widened == self._widened:
            return False
        self._widened = widened
        if not strayed:
            self._keep_told([one for one in outcome.findings if _is_sound(one, path)])
        return True

    def _keep_told(self, findings: Sequence[Finding]) -> None:
        """Remember what ended an export: no later one will end at it, and say it again."""
        how = "export was kept from looking at it"
        self._ended += [Met(one, how, bool(self._ended)) for one in findings]

    def _codes(self, finding: Finding) -> list[CodeType]:
        """What was running inside the model and could be bypassed, innermost first.

        The user's functions, and forwards of torch's own modules; not the model's own forward.
        """
        running = [frame.f_code for frame in finding.evidence.running if frame is not None]
        entered = [at for at, code in enumerate(running) if code.co_filename == FILE]
        if not entered or running[entered[-1]].co_name != "forward":
            return []
        own = _codes_of(self._bench.call.model.forward)
        return [
            code
            for code in reversed(running[entered[-1] + 1 :])
            if code not in own
            and (self._bench.places.is_user(code.co_filename) or code.co_name == "forward")
        ]

    def _emit(self, path: Sequence[Met], complete: Complete, reason: str = "") -> None:
        self._bench.emitter.emit(
            "blockers",
            blockers=[
                blocker.as_event(self._bench.places) for blocker in grouped(path)[:MOST_BLOCKERS]
            ],
            complete=complete,
            reason=cap(reason, TEXT),
        )


def _is_sound(finding: Finding, path: Path) -> bool:
    """Whether a dimension was fixed before any value stood in for another."""
    if finding.guard is None or path.sound_guards is None:
        return True
    return finding.guard < path.sound_guards


def _codes_of(forward: Any) -> set[CodeType]:
    """The code of a forward and of what its decorators wrap."""
    found = set()
    while forward is not None:
        function = getattr(forward, "__func__", forward)
        if code := getattr(function, "__code__", None):
            found.add(code)
        forward = getattr(function, "__wrapped__", None)
    return found


def _nth(number: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(number, f"{number}th")

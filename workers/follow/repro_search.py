"""The search for repros: scripts are proposed, cut down, and run once more by themselves.

It asks for errands and needs nothing else: benchmarks and tests run it without a worker.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.models import Blocker, Category
from app.services.options import RunOptions
from workers.answers.repro import Repro
from workers.events import Blockers, FailureReport, ProbeKind, StageFinished
from workers.fingerprints import fingerprint_of
from workers.follow.model import Answer, Errand
from workers.follow.repro_text import heading

NAME = "repro.py"
RATIO = 10  # of the time until the verdict, that all repros of a run may take together
LEAST_SECONDS = 60.0  # that they may take, of a run of any length
ONE_SECONDS = 60.0  # that the reduction of one may take
SETTLING_SECONDS = 20.0  # of a reduction's process, beside the reduction
ONLY_EXPORT = {"only": "export"}  # of a proof: a loop that export stops in may have no end in eager
RAW = 3  # unreduced scripts that are run where the reduced one fails otherwise

# A limit, or what the sandbox refuses: no script says more of it than the report.
_NOT_SHOWN = frozenset((Category.OUT_OF_MEMORY, Category.SANDBOX, Category.TIMEOUT))

# Which line, or which kernel, is to blame the search tells, and no message of torch's.
_BY_SEARCH = frozenset((Category.MUTATION, Category.MISMATCHED_FAKE_KERNEL))


# What came of it: `status`, `text`, `why`, as app/services/repro_views.py reads them.
Found = dict[str, Any]
Searching = Generator[Errand, Answer, Found]


@dataclass
class Budget:
    """Seconds for all repros of a run, and for one process of theirs."""

    seconds: float
    wall: float
    spent: float = 0.0  # by processes: waiting for other runs costs nothing

    @classmethod
    def of(cls, run_seconds: float, wall: float) -> "Budget":
        """Of a run that took so long until its verdict."""
        return cls(max(LEAST_SECONDS, RATIO * run_seconds), wall)

    @property
    def left(self) -> float:
        """Seconds that are left; less than 0 when it is over."""
        return self.seconds - self.spent

    def ask(self, errand: Errand) -> Generator[Errand, Answer, Answer]:
        """Have an errand run, and count what it took."""
        answer = yield errand
        self.spent += answer.seconds
        return answer


def search(
    blockers: Sequence[Blocker],
    environment: Mapping[str, Any],
    budget: Budget,
    keep: Callable[[Blocker, Found], None],
) -> Generator[Errand, Answer, None]:
    """Propose scripts for all blockers, then reduce and prove one for each.

    Args:
        blockers: the run's, in order of execution.
        environment: what the run ran on, as workers/events.py's Environment.
        keep: called once for each blocker that has a fingerprint, as soon as its repro is known.
    """
    wanted = []
    for one in blockers:
        if one.category in _NOT_SHOWN:
            keep(one, _none("What stopped it is no matter of the model's code."))
        elif one.fingerprint:
            wanted.append(one)
    if not wanted:
        return
    work = {"do": "propose", "causes": [_cause(one) for one in wanted]}
    answer = yield from budget.ask(Errand(ProbeKind.REPRO, budget.wall, work))
    proposed = answer.first(Repro)
    if proposed is None:
        for one in wanted:
            keep(one, _none(f"What a repro is made of could not be recorded: {answer.why_not}"))
        return
    for one, scripts, name in zip(wanted, proposed.scripts, proposed.classes, strict=False):
        before = budget.spent
        found = yield from _repro_of(one, scripts, name, environment, budget)
        keep(one, found | {"seconds": round(budget.spent - before, 2)})


def _repro_of(
    blocker: Blocker,
    scripts: Sequence[str],
    module_class: str,
    environment: Mapping[str, Any],
    budget: Budget,
) -> Searching:
    """One blocker's: reduced, and run once more by itself."""
    if not scripts:
        return _none("Neither its line, its function nor its module could be put into one script.")
    if budget.left <= 1:
        return _none(f"The time for repros, {budget.seconds:.0f} s, was over.")
    seconds = min(ONE_SECONDS, budget.left)
    cause = {
        "category": blocker.category.value,
        "text": blocker.text,
        "module_class": module_class,
        "expression": blocker.expression or "",
    }
    work = {"do": "reduce", "cause": cause, "scripts": [*scripts], "seconds": seconds}
    errand = _errand(ProbeKind.REPRO, seconds + SETTLING_SECONDS, "", work)
    answer = yield from budget.ask(errand)
    reduced = answer.first(Repro)
    asked = {} if blocker.category in _BY_SEARCH else ONLY_EXPORT
    for script in (*_reduced(reduced), *_raw(reduced, scripts)):
        text = f"{heading(blocker, environment, script)}\n{script}"
        proof = yield from budget.ask(_errand(ProbeKind.WHOLE, budget.wall, text, asked))
        if any(fingerprint_of(one) == blocker.fingerprint for one in _failures(proof)):
            return {"status": "reproduces", "text": text, "why": ""}
    if reduced is None:
        return _none(answer.why_not)
    return _none(f"None of {len(scripts)} scripts that were made of it stops at the same cause.")


def _errand(kind: ProbeKind, seconds: float, text: str, work: dict[str, Any]) -> Errand:
    """One that knows nothing of the upload."""
    return Errand(kind, seconds, work, [(NAME, text.encode())], NAME, RunOptions())


def _reduced(answer: Repro | None) -> Iterator[str]:
    if answer is not None:
        yield from (text for scripts in answer.scripts for text in scripts)


def _raw(answer: Repro | None, scripts: Sequence[str]) -> Sequence[str]:
    """Some that are not cut down: the one that was, and those after it."""
    first = answer.tried - 1 if answer is not None and answer.scripts else 0
    return scripts[first:][:RAW]


def _failures(answer: Answer) -> Iterator[FailureReport]:
    """What stopped a script's export, in the words of the stage and of the blockers."""
    for event in answer.events:
        if isinstance(event, StageFinished) and event.failure is not None:
            yield event.failure
        elif isinstance(event, Blockers):  # of several dimensions torch tells at once
            yield from (one.failure for one in event.blockers if not one.behind)


def _cause(blocker: Blocker) -> dict[str, Any]:
    """What the probe is told of a blocker."""
    at = (blocker.file, blocker.line)
    frames = [frame for frame in blocker.frames if (frame["file"], frame["line"]) == at]
    return {
        "category": blocker.category.value,
        "text": blocker.text,
        "module": blocker.module,
        "file": blocker.file or "",
        "line": blocker.line or 0,
        "where": frames[-1]["where"] if frames else "upload",
        "function": blocker.function,
        "expression": blocker.expression or "",
    }


def _none(why: str) -> dict[str, Any]:
    return {"status": "does_not", "text": "", "why": why}

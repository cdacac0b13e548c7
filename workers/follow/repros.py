"""The course `repros`: for each blocker the smallest script found that fails alike."""

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import col, select

from app.models import Blocker, Category, Run
from app.services.options import RunOptions
from app.services.record import save_repro
from workers.answers.repro import Repro
from workers.events import Blockers, FailureReport, ProbeKind, StageFinished
from workers.fingerprints import fingerprint_of
from workers.follow.context import Context
from workers.follow.model import Answer, Errand
from workers.follow.repro_text import heading

NAME = "repro.py"
RATIO = 10  # of the time until the verdict, that all repros of a run may take together
LEAST_SECONDS = 60.0  # that they may take, of a run of any length
ONE_SECONDS = 60.0  # that the reduction of one may take
SETTLING_SECONDS = 20.0  # of a reduction's process, beside the reduction
RAW = 3  # unreduced scripts that are run where the reduced one fails otherwise

# A limit, or what the sandbox refuses: no script says more of it than the report.
_NOT_SHOWN = frozenset((Category.OUT_OF_MEMORY, Category.SANDBOX, Category.TIMEOUT))


@dataclass
class _Budget:
    """Seconds for all repros of a run."""

    seconds: float
    began: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> float:
        return self.began + self.seconds - time.monotonic()


def repros(context: Context) -> Generator[Errand, Answer, None]:
    """Propose scripts for all blockers, then reduce and prove one for each."""
    blockers = [one for one in context.blockers() if one.fingerprint]
    if not blockers:
        return
    budget = _Budget(max(LEAST_SECONDS, RATIO * context.run_seconds))
    wanted = [one for one in blockers if one.category not in _NOT_SHOWN]
    for one in blockers:
        if one.category in _NOT_SHOWN:
            _save(context, one, _none("What stopped it is no matter of the model's code."))
    if not wanted:
        return
    work = {"do": "propose", "causes": [_cause(one) for one in wanted]}
    answer = yield Errand(ProbeKind.REPRO, context.settings.wall_seconds, work)
    proposed = answer.first(Repro)
    if proposed is None:
        for one in wanted:
            _save(context, one, _none(f"The script could not be taken apart: {answer.why_not}"))
        return
    for one, scripts, name in zip(wanted, proposed.scripts, proposed.classes, strict=False):
        started = time.monotonic()
        found = yield from _repro_of(context, one, scripts, name, budget)
        _save(context, one, found | {"seconds": round(time.monotonic() - started, 2)})


def _repro_of(
    context: Context, blocker: Blocker, scripts: Sequence[str], module_class: str, budget: _Budget
) -> Generator[Errand, Answer, dict[str, Any]]:
    """One blocker's: reduced, and run once more by itself."""
    if not scripts:
        return _none("Neither its line, its function nor its module could be put into one script.")
    if budget.left <= 1:
        return _none(f"The time for repros, {budget.seconds:.0f} s, was over.")
    seconds = min(ONE_SECONDS, budget.left)
    cause = {"category": blocker.category.value, "text": blocker.text, "module_class": module_class}
    work = {"do": "reduce", "cause": cause, "scripts": [*scripts], "seconds": seconds}
    answer = yield Errand(
        ProbeKind.REPRO, seconds + SETTLING_SECONDS, work, [(NAME, b"")], NAME, RunOptions()
    )
    reduced = answer.first(Repro)
    for text in (*_reduced(reduced), *scripts[:RAW]):
        whole = f"{heading(blocker, _environment(context), text)}\n{text}"
        files = [(NAME, whole.encode())]
        wall = context.settings.wall_seconds
        proof = yield Errand(ProbeKind.WHOLE, wall, {}, files, NAME, RunOptions())
        if any(fingerprint_of(one) == blocker.fingerprint for one in _failures(proof)):
            return {"status": "reproduces", "text": whole, "why": ""}
    if reduced is None:
        return _none(answer.why_not)
    return _none(f"None of {len(scripts)} scripts that were made of it stops at the same cause.")


def _reduced(answer: Repro | None) -> Iterator[str]:
    if answer is not None:
        yield from (text for scripts in answer.scripts for text in scripts)


def _failures(answer: Answer) -> Iterator[FailureReport]:
    """What stopped a script's export, by the export itself and by the search that followed."""
    for event in answer.events:
        if isinstance(event, StageFinished) and event.failure is not None:
            yield event.failure
        elif isinstance(event, Blockers) and event.blockers:
            yield event.blockers[0].failure


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
    }


def _none(why: str) -> dict[str, Any]:
    return {"status": "does_not", "text": "", "why": why}


def _environment(context: Context) -> dict[str, Any]:
    with context.reading() as session:
        loaded = session.scalar(select(Run.loaded).where(col(Run.id) == context.run_id))
    return dict((loaded or {}).get("environment", {}))


def _save(context: Context, blocker: Blocker, repro: dict[str, Any]) -> None:
    with context.writing() as session:
        save_repro(session, context.run_id, blocker.position, repro)

"""The kind `repro`: small scripts that may fail as the whole does, and one of them cut down.

`job.work` says which of two: `{"do": "propose", "causes": [...]}` loads the upload, runs it in
eager and answers with scripts for each blocker; `{"do": "reduce", "cause": …, "scripts": [...]}`
runs such scripts, in a process that knows nothing of the upload, and answers with the first that
fails alike, reduced. The worker then has it run once more by the kind `whole`.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NoReturn

from .call import Call
from .catch import Catcher
from .devices import map_missing_cuda
from .diagnose import script_failure
from .emit import Emitter
from .explain import script_hint
from .frames import Places
from .job import Job
from .load import apply_options, load_call
from .owners import class_at
from .repro_clear import cleared
from .repro_code import Coder, recorded_constructions
from .repro_propose import Wanted, scripts
from .repro_reduce import reduced
from .repro_scene import material_of, spot_of
from .repro_try import Cause, Tries
from .weights import tolerate_missing_weights

MOST_SCRIPTS = 16  # for one blocker
MOST_TEXT = 4_000_000  # characters of all scripts of a run
MOST_SCRIPT = 200_000  # of one
CLEARING_SECONDS = 3.0  # of CPU time, for a script with a question answered


def run_repro(job: Job, places: Places, emitter: Emitter) -> NoReturn:
    """Do what the job asks, and end the process."""
    tolerate_missing_weights(emitter)
    map_missing_cuda(job, emitter)
    if job.work["do"] == "reduce":
        text, tried = _reduce(job, places)
        emitter.emit("repro", scripts=[] if text is None else [[text]], tried=tried)
        emitter.finish()
    _Proposal(job, places, emitter).run()


def _reduce(job: Job, places: Places) -> tuple[str | None, int]:
    """The first script that fails alike, cut down; None where none does. And how many were run."""
    until = time.monotonic() + job.work["seconds"]
    tries = Tries(job, places)
    cause = Cause(**job.work["cause"])

    def has_time() -> bool:
        return bool(time.monotonic() < until)

    given = job.work["scripts"]
    for at, text in enumerate(given, start=1):
        if has_time() and tries.stops(text, cause):
            return reduced(text, lambda one: tries.stops(one, cause), has_time), at
    tries.seconds = CLEARING_SECONDS  # a loop whose question is answered may have no end
    for text in given:
        if has_time() and (free := cleared(text, cause, tries)) is not None:
            return reduced(free, lambda one: tries.stops(one, cause), has_time), len(given)
    return None, len(given)


@dataclass(frozen=True)
class _Proposal:
    """The upload's part of the work: it is loaded here, and in no process that runs a repro."""

    job: Job
    places: Places
    emitter: Emitter

    def run(self) -> NoReturn:
        """Load the script, and answer from within its export call."""
        with recorded_constructions() as made:
            coder = Coder(made, self.job.root)

            def work(call: Call) -> NoReturn:
                self._answer(call, coder)

            try:
                call, _ = load_call(self.job, Catcher(self.job, self.places, work))
            except BaseException as error:  # sys.exit() in the script, too
                self._fail(error, "script_error")
        self._answer(call, coder)

    def _answer(self, call: Call, coder: Coder) -> NoReturn:
        call = apply_options(call, self.job)
        wanted = [_wanted(cause, call, self.places) for cause in self.job.work["causes"]]
        try:
            material = material_of(self.job, self.places, call, coder, wanted)
        except BaseException as error:  # the eager run: it failed in no other child of this run
            self._fail(error, "eager_error")
        room = MOST_TEXT // len(wanted)
        chosen = [_fitting(scripts(one, material), room) for one in wanted]
        self.emitter.emit("repro", scripts=chosen, classes=[one.module_class for one in wanted])
        self.emitter.finish()

    def _fail(self, error: BaseException, category: str) -> NoReturn:
        failure = script_failure(error, self.places, category, script_hint(error))
        self.emitter.emit("failed", failure=failure)
        self.emitter.finish()


def _fitting(texts: Iterable[str], room: int) -> list[str]:
    """The first of them that go into so many characters."""
    chosen: dict[str, None] = {}
    for text in texts:
        if len(text) <= min(room, MOST_SCRIPT) and text not in chosen:
            chosen[text] = None
            room -= len(text)
        if len(chosen) == MOST_SCRIPTS:
            break
    return [*chosen]


def _wanted(cause: dict[str, Any], call: Call, places: Places) -> Wanted:
    return Wanted(
        category=cause["category"],
        text=cause["text"],
        module=cause["module"],
        module_class=class_at(call.model, cause["module"]),
        expression=cause["expression"],
        spot=spot_of(cause, places),
    )

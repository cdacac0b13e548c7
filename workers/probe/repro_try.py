"""One export of a candidate script in this process: what stops it, without a word to the worker."""

import gc
import linecache
import re
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from .call import Call
from .catch import Catcher
from .diagnose import Finding, Scene, findings_of
from .frames import Frame, Places
from .job import Job
from .load import apply_options, load_call
from .repro_source import bare_line
from .returns import return_of
from .torch_guards import recorded_guards
from .torch_noise import no_partial_graphs
from .torch_symbols import recorded_births

NAME = "repro.py"
_SYMBOL = re.compile(r"\b([suz]u?f?)\d+\b")
_INPUT = re.compile(r"[\w.\[\]]+?(?=\.shape\b)")
_NUMBER = re.compile(r"(?<![\[\w.])(?![01]\b(?!\.))[0-9][\w.]*")
MOST_SECONDS = 20.0  # of CPU time, that a script may take of which nothing is known
LEAST_SECONDS = 2.0
TIMES = 4.0


class _DoneError(BaseException):
    """The export is over: unwinds the script from within its call."""


class _TooLongError(BaseException):
    """A candidate takes longer than it may."""


@dataclass
class Tries:
    """Runs candidates, one after another, each as a script of its own."""

    job: Job
    places: Places
    seconds: float = MOST_SECONDS  # that one of them may take

    def findings(self, text: str) -> list[Finding]:
        """What stops the export of a script; nothing where it exports, or never comes to it."""
        job = replace(self.job, entry=NAME, call=1, strict=None, dynamic_shapes=None, stages=None)
        job.script.write_text(text)
        linecache.cache.pop(str(job.script), None)
        found: list[Finding] = []
        path = [*sys.path]

        def work(call: Call) -> Any:
            found.extend(_exported(apply_options(call, job), self.places))
            raise _DoneError

        catcher = Catcher(job, self.places, work)
        try:
            with _limited(self.seconds):
                call, _ = load_call(job, catcher)
                work(call)
        except BaseException:  # sys.exit() in a script as well: it does not fail as the whole does
            return found
        finally:
            catcher.restore()
            sys.path[:] = path
            if "Library(" in text or ".define(" in text:
                gc.collect()  # a library of operators is gone with its script
        return found

    def stops(self, text: str, wanted: "Cause") -> bool:
        """Whether a script is stopped by this cause. Those after one that is may not take much
        longer than it: without its condition a loop may never end.
        """
        if wanted.category == "mutation" and bare_line(wanted.text) not in text:
            return False  # torch does not say which line it was
        started = time.process_time()
        is_stopped = any(wanted.is_of(finding) for finding in self.findings(text))
        if is_stopped:
            took = time.process_time() - started
            self.seconds = min(self.seconds, max(LEAST_SECONDS, TIMES * took))
        return is_stopped


@dataclass(frozen=True)
class Cause:
    """What makes two failures one, nearly as app/fingerprint.py has it; the worker decides."""

    category: str
    text: str
    module_class: str
    expression: str

    def is_of(self, finding: Finding) -> bool:
        """Whether this is what was found."""
        if finding.category != self.category:
            return False
        if self.category in ("unsupported_input", "mutation") or finding.culprit is None:
            return True  # the line is the export call's, or known later
        own = finding.module_class.rpartition(".")[2]
        return (
            bare_line(finding.culprit.text) == bare_line(self.text)
            and own == self.module_class.rpartition(".")[2]
            and _shape_of(finding.expression) == _shape_of(self.expression)
        )


def _shape_of(expression: str) -> str:
    """An expression without the numbers of its symbols, the names of inputs, and other numbers."""
    known: dict[str, str] = {}
    text = _SYMBOL.sub(lambda m: known.setdefault(m[0], f"{m[1]}.{len(known)}"), expression)
    return _NUMBER.sub("0..", _INPUT.sub("", text))


def _exported(call: Call, places: Places) -> list[Finding]:
    with (
        no_partial_graphs(),
        recorded_guards(places) as guards,
        recorded_births(places) as births,
    ):
        try:
            call.export()
        except _TooLongError:
            raise
        except BaseException as error:  # whatever the model raises is what is looked for
            found = findings_of(error, Scene(call, guards, births))
            if found[0].category == "unsupported_output":
                found[0].culprit = _return_of(call, places) or found[0].culprit
            return found
    return []


def _return_of(call: Call, places: Places) -> Frame | None:
    return return_of(type(call.model).forward, call.model, call.args, call.kwargs, places)


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Within the block no more CPU time than this is spent in Python."""

    def stop(*_: Any) -> None:
        raise _TooLongError

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)

"""Errands, their answers, and the courses that ask for them."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from app.services.options import RunOptions
from workers.events import Failed, ProbeKind
from workers.verdict import Trouble
from workers.vocabulary import Event

if TYPE_CHECKING:
    from workers.follow.context import Context

AnyEvent = TypeVar("AnyEvent")


@dataclass(frozen=True)
class Errand:
    """One probe process that a course wants to have run."""

    kind: ProbeKind
    seconds: float  # its wall-clock limit; what is left for the run's follow-ups if that is less
    work: dict[str, Any] = field(default_factory=dict)  # JSON for the probe, as its job's `work`
    files: Sequence[tuple[str, bytes]] | None = None  # None: the upload as it is
    entry: str = ""  # empty: the run's
    options: RunOptions | None = None  # None: the run's


@dataclass
class Purse:
    """Seconds that processes may still take. Waiting for other runs' verdicts costs nothing."""

    left: float


@dataclass(frozen=True)
class Answer:
    """What came of an errand."""

    events: list[Event]  # all that it said but pieces, in order
    trouble: Trouble | None  # a limit, a crash, a breach; None: it said its last word
    seconds: float
    files: dict[str, Path] = field(default_factory=dict)  # that it sent, gone with the next errand
    output: str = ""  # the last of what it printed

    def first(self, wanted: type[AnyEvent]) -> AnyEvent | None:
        """The first event of this type."""
        return next((event for event in self.events if isinstance(event, wanted)), None)

    @property
    def why_not(self) -> str:
        """Why it did not come to its answer, in a sentence; empty where it did."""
        if self.trouble is not None:
            return self.trouble.message
        failed = self.first(Failed)
        return "" if failed is None else failed.failure.message


Course = Callable[["Context"], Generator[Errand, Answer, None]]
"""Asks for errands one by one, writes what comes of them, and returns when it has nothing left."""

"""What got worse from one run to another: the verdict, or a cause that is new. Pure."""

from dataclasses import dataclass

from app.cli.verdicts import whole_replay
from app.models import ReplayStatus, Search, Verdict
from app.services.cause_pairs import pair_by_cause
from app.services.compare_views import CauseSide
from app.services.failure_views import BlockerView
from app.services.summary import Cause, headline
from app.services.views import RunView

NO_BASELINE = "The baseline has no verdict: whether anything got worse is not known."

_ORDER = (Verdict.EXPORTED, Verdict.PARTLY, Verdict.BLOCKED, Verdict.SCRIPT_ERROR)


@dataclass(frozen=True)
class Ending:
    """How a run ended, as far as getting worse goes."""

    verdict: Verdict | None
    replay: ReplayStatus | None  # of the whole model

    @property
    def rank(self) -> tuple[int, bool] | None:
        """The larger, the worse; None for no verdict, which is neither."""
        if self.verdict is None:
            return None
        return _ORDER.index(self.verdict), self.replay is ReplayStatus.DIFFERENT


@dataclass(frozen=True)
class Regression:
    """What got worse, a sentence each; and of how many causes it is not known whether they are new,
    for the base did not come so far. `unjudged` says why nothing can be said of the verdict."""

    worse: tuple[str, ...] = ()
    unsure: int = 0
    unjudged: str = ""


def worse_verdict(base: Ending, head: Ending) -> tuple[str, ...]:
    """A sentence where the head's verdict is worse than the base's."""
    if base.rank is None or head.rank is None or head.rank <= base.rank:
        return ()
    words = [headline(ending.verdict, ending.replay) for ending in (base, head)]
    return (f"The verdict was {words[0]!r}, and is {words[1]!r}.",)


def told_new(cause: BlockerView | CauseSide) -> str:
    """A sentence of a cause that is new."""
    words = Cause(cause.category, file=cause.file, line=cause.line).words
    return f"Something new stops it: {words}."


def regression(base: RunView, head: RunView) -> Regression:
    """What got worse from `base` to `head`. A blocker is new where the base knew all of its own."""
    pairs = pair_by_cause(base.blockers, head.blockers)
    unknown = [other for one, other in pairs if one is None and other is not None]
    verdict = worse_verdict(_ending(base), _ending(head))
    if base.verdict is None:
        return Regression(unsure=len(unknown), unjudged=NO_BASELINE)
    if not _knows_all(base):
        return Regression(verdict, len(unknown))
    return Regression((*verdict, *map(told_new, unknown)))


def _ending(run: RunView) -> Ending:
    return Ending(run.verdict, whole_replay(run))


def _knows_all(run: RunView) -> bool:
    """Whether all that stops it is known: it exports, or the search for it ended clean."""
    searched = run.search is not None and run.search.complete is Search.CLEAN
    return searched or run.verdict is Verdict.EXPORTED

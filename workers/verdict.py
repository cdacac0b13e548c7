"""The verdict of a run and how it ends: pure functions of what is known so far."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.models import Category, RunStatus, StageStatus, Verdict


@dataclass(frozen=True)
class Trouble:
    """Why a probe process did not come to its end by itself."""

    category: Category
    message: str  # a sentence
    hint: str = ""  # what to do next
    exception: str = ""  # the signal's name, where it was one

    @classmethod
    def no_time(cls) -> "Trouble":
        """It was not begun: the time of what follows a verdict is over."""
        return cls(
            Category.TIMEOUT,
            "There was no time left for it.",
            "Raise STAGELIGHT_FOLLOW_SECONDS.",
        )


@dataclass(frozen=True)
class Facts:
    """What the verdict depends on. A stage that a limit or a crash cut short says nothing."""

    script_failed: bool = False  # the script or its inputs: there is nothing to export
    eager_failed: bool = False  # the model itself: plain export may still say something of it
    eager: bool = False  # the eager run is done
    whole: StageStatus | None = None  # what export said of the whole model
    component_passed: bool = False
    staged_ended: bool = False  # no more components will come


def judge(facts: Facts) -> Verdict | None:
    """The verdict, as soon as nothing that may still come can change it but a script error."""
    if facts.script_failed or facts.eager_failed:
        return Verdict.SCRIPT_ERROR
    if facts.whole is None or not (facts.eager or facts.staged_ended):
        return None
    if facts.whole == StageStatus.PASSED:
        return Verdict.EXPORTED
    if facts.component_passed:
        return Verdict.PARTLY
    return Verdict.BLOCKED if facts.staged_ended else None


def ending(facts: Facts, troubles: Sequence[Trouble]) -> tuple[RunStatus, str]:
    """How the run ends when both children have: a trouble fails it only if it cost the whole."""
    if judge(facts) is not None:
        return RunStatus.FINISHED, ""
    reason = troubles[0].message if troubles else "The probe ended without a word on the model."
    return RunStatus.FAILED, reason

"""The one sentence on top of a run, and the one below its blockers."""

from dataclasses import replace

import pytest

from app.models import Category, ReplayStatus, RunStatus, Search, StageKind, StageStatus, Verdict
from app.services.failure_views import SearchView
from app.services.summary import (
    APART,
    CAUSES,
    Cause,
    RunFacts,
    StageFact,
    Tone,
    follow_words,
    headline,
    search_words,
    summarise,
    tone_of,
)
from workers.follow.courses import COURSES

PASSED, FAILED, PENDING, RUNNING, SKIPPED = (
    StageStatus.PASSED,
    StageStatus.FAILED,
    StageStatus.PENDING,
    StageStatus.RUNNING,
    StageStatus.SKIPPED,
)
BRANCH = Cause(Category.DATA_DEPENDENT_BRANCH, "torch.GuardOnDataDependentSymNode", "pose.py", 88)


def part(status: StageStatus, name: str = "backbone") -> StageFact:
    """A component stage."""
    return StageFact(StageKind.COMPONENT, name, status, ReplayStatus.EQUAL)


def whole(
    status: StageStatus,
    replay: ReplayStatus = ReplayStatus.EQUAL,
    max_abs: float | str | None = None,
    why: str = "",
) -> StageFact:
    """The stage of the whole model."""
    return StageFact(StageKind.WHOLE, "whole model", status, replay, max_abs, why)


def finished(verdict: Verdict | None, *stages: StageFact, cause: Cause | None = None) -> RunFacts:
    """A run with a verdict."""
    return RunFacts(RunStatus.FINISHED, verdict, stages=stages, cause=cause)


@pytest.mark.parametrize(
    ("facts", "tone", "text"),
    [
        (
            RunFacts(RunStatus.QUEUED, runtime="torch-2.13"),
            Tone.WAIT,
            "Waiting for a worker that serves the runtime torch-2.13.",
        ),
        (
            RunFacts(RunStatus.QUEUED, runtime="torch-2.13", ahead=1),
            Tone.WAIT,
            "Waiting: 1 run of runtime torch-2.13 comes first.",
        ),
        (
            RunFacts(RunStatus.QUEUED, runtime="torch-2.13", ahead=3),
            Tone.WAIT,
            "Waiting: 3 runs of runtime torch-2.13 come first.",
        ),
        (RunFacts(RunStatus.RUNNING), Tone.WORK, "Running: loading the script."),
        (
            RunFacts(RunStatus.RUNNING, loaded=True),
            Tone.WORK,
            "Running: one real forward of the model, before any export.",
        ),
        (
            RunFacts(RunStatus.RUNNING, loaded=True, eager=True),
            Tone.WORK,
            "Running: planning the stages.",
        ),
        (
            RunFacts(
                RunStatus.RUNNING,
                stages=(part(PASSED), part(FAILED), part(SKIPPED), part(RUNNING), whole(PENDING)),
            ),
            Tone.WORK,
            "Running: 3 of 5 stages are done.",
        ),
        (
            RunFacts(RunStatus.RUNNING, stages=(part(PASSED), whole(RUNNING))),
            Tone.WORK,
            "Running: 1 of 2 stages is done.",
        ),
        (
            RunFacts(RunStatus.RUNNING, stages=(part(RUNNING), whole(PASSED))),
            Tone.WORK,
            "The whole model exports; 1 of 2 stages is done.",
        ),
        (
            RunFacts(RunStatus.RUNNING, stages=(part(RUNNING), whole(FAILED)), cause=BRANCH),
            Tone.WORK,
            "The whole model does not export, stopped by a Python branch on a tensor's value at "
            "pose.py:88; 1 of 2 stages is done.",
        ),
        (
            RunFacts(RunStatus.RUNNING, cancelling=True, stages=(part(PASSED), whole(PENDING))),
            Tone.WORK,
            "Being cancelled after 1 of 2 stages.",
        ),
        (
            finished(Verdict.EXPORTED, part(PASSED), whole(PASSED)),
            Tone.GOOD,
            "The whole model exports and replays equal to eager.",
        ),
        (
            finished(Verdict.EXPORTED, part(FAILED), whole(PASSED)),
            Tone.GOOD,
            "The whole model exports and replays equal to eager, though 1 other stage failed.",
        ),
        (
            finished(Verdict.EXPORTED, whole(PASSED, ReplayStatus.DIFFERENT, 0.03125)),
            Tone.DOUBT,
            "The whole model exports, but the exported program differs from eager, by up to "
            "0.0312.",
        ),
        (
            finished(Verdict.EXPORTED, part(FAILED), whole(PASSED, ReplayStatus.DIFFERENT, "nan")),
            Tone.DOUBT,
            "The whole model exports, but the exported program differs from eager, by up to nan, "
            "though 1 other stage failed.",
        ),
        (
            finished(
                Verdict.EXPORTED, whole(PASSED, ReplayStatus.NOT_RUN, why="outputs are no tensors.")
            ),
            Tone.DOUBT,
            "The whole model exports; it was not replayed (outputs are no tensors).",
        ),
        (
            finished(Verdict.EXPORTED),
            Tone.DOUBT,
            "The whole model exports; it was not replayed.",
        ),
        (
            finished(
                Verdict.PARTLY,
                part(PASSED, "backbone"),
                part(PASSED, "neck"),
                part(FAILED, "decode"),
                whole(FAILED),
                cause=BRANCH,
            ),
            Tone.PART,
            "The whole model does not export, stopped by a Python branch on a tensor's value at "
            "pose.py:88; 2 of 3 components do (backbone, neck).",
        ),
        (
            finished(Verdict.PARTLY, part(PASSED, "x" * 70), part(FAILED), whole(FAILED)),
            Tone.PART,
            "The whole model does not export; 1 of 2 components does.",
        ),
        (
            finished(Verdict.BLOCKED, part(FAILED), whole(FAILED), cause=BRANCH),
            Tone.BAD,
            "The model does not export, stopped by a Python branch on a tensor's value at "
            "pose.py:88; no component exports on its own either.",
        ),
        (
            replace(finished(Verdict.PARTLY, part(PASSED), whole(FAILED), cause=BRANCH), more=3),
            Tone.PART,
            "The whole model does not export, stopped by a Python branch on a tensor's value at "
            "pose.py:88, and by 3 more; 1 of 1 component does (backbone).",
        ),
        (
            finished(
                Verdict.EXPORTED,
                part(FAILED),
                StageFact(StageKind.PART, "backbone.conv", FAILED),
                whole(PASSED),
            ),
            Tone.GOOD,
            "The whole model exports and replays equal to eager, though 1 other stage failed.",
        ),
        (
            finished(
                Verdict.EXPORTED,
                whole(PASSED),
                StageFact(StageKind.DECOMPOSED, "the whole model", FAILED),
            ),
            Tone.GOOD,
            "The whole model exports and replays equal to eager, though its decomposition failed.",
        ),
        (
            finished(
                Verdict.EXPORTED,
                part(FAILED),
                whole(PASSED),
                StageFact(StageKind.DECOMPOSED, "the whole model", FAILED),
            ),
            Tone.GOOD,
            "The whole model exports and replays equal to eager, though 1 other stage failed and "
            "its decomposition failed.",
        ),
        (
            finished(Verdict.BLOCKED, whole(FAILED), cause=Cause(Category.UNKNOWN)),
            Tone.BAD,
            "The model does not export, stopped by an error of a kind not known yet.",
        ),
        (
            finished(
                Verdict.SCRIPT_ERROR,
                cause=Cause(Category.SCRIPT_ERROR, "ModuleNotFoundError", "pose.py", 3),
            ),
            Tone.SCRIPT,
            "The script fails before there is anything to export: ModuleNotFoundError at "
            "pose.py:3.",
        ),
        (
            finished(
                Verdict.SCRIPT_ERROR,
                cause=Cause(Category.EAGER_ERROR, "torch.cuda.OutOfMemoryError", "pose.py", 9),
            ),
            Tone.SCRIPT,
            "The model fails without any export: OutOfMemoryError at pose.py:9; export is not to "
            "blame.",
        ),
        (
            finished(Verdict.SCRIPT_ERROR, cause=Cause(Category.SANDBOX, "OSError", "pose.py", 14)),
            Tone.SCRIPT,
            "The script needs what the sandbox forbids at pose.py:14; export is not to blame.",
        ),
        (
            finished(Verdict.SCRIPT_ERROR),
            Tone.SCRIPT,
            "The script fails before there is anything to export.",
        ),
        (
            RunFacts(
                RunStatus.FAILED,
                reason="worker lost twice.",
                stages=(part(PASSED), part(SKIPPED), whole(SKIPPED)),
            ),
            Tone.BROKEN,
            "The run failed after 1 of 3 stages: worker lost twice.",
        ),
        (
            RunFacts(RunStatus.FAILED),
            Tone.BROKEN,
            "The run failed: no reason was recorded.",
        ),
        (RunFacts(RunStatus.CANCELLED), Tone.OFF, "Cancelled before any stage."),
        (
            RunFacts(RunStatus.CANCELLED, stages=(part(PASSED), whole(SKIPPED))),
            Tone.OFF,
            "Cancelled after 1 of 2 stages.",
        ),
        (
            RunFacts(
                RunStatus.RUNNING,
                Verdict.EXPORTED,
                following=True,
                stages=(part(PASSED), whole(PASSED)),
            ),
            Tone.GOOD,
            "The whole model exports and replays equal to eager.",
        ),
        (
            RunFacts(
                RunStatus.CANCELLED,
                Verdict.BLOCKED,
                stages=(part(FAILED), whole(FAILED)),
                cause=BRANCH,
            ),
            Tone.BAD,
            "The model does not export, stopped by a Python branch on a tensor's value at "
            "pose.py:88; no component exports on its own either. Cancelled before all was tried.",
        ),
        (
            finished(
                Verdict.EXPORTED,
                part(FAILED),
                whole(PASSED),
                *(StageFact(kind, kind.value, FAILED) for kind in APART),
            ),
            Tone.GOOD,
            "The whole model exports and replays equal to eager, though 1 other stage failed, its "
            "decomposition failed and its serialization failed.",
        ),
        (finished(None), Tone.BROKEN, "The run ended without a verdict."),
    ],
)
def test_the_sentence(facts: RunFacts, tone: Tone, text: str) -> None:
    summary = summarise(facts)
    assert summary.text == text
    assert summary.tone is tone


def test_every_category_has_plain_words() -> None:
    assert CAUSES.keys() == set(Category)
    for words in CAUSES.values():
        assert words.startswith(("a ", "an ", "the ", "code ", "something ", "state "))


@pytest.mark.parametrize("category", Category)
def test_every_cause_reads_as_one_sentence(category: Category) -> None:
    text = summarise(finished(Verdict.BLOCKED, cause=Cause(category, "E", "a.py", 1))).text
    assert text.startswith("The model does not export, stopped by ")
    assert text.endswith(" at a.py:1.")


@pytest.mark.parametrize(
    ("status", "verdict", "replay", "tone", "words"),
    [
        (RunStatus.QUEUED, None, None, Tone.WAIT, "no verdict"),
        (RunStatus.RUNNING, Verdict.EXPORTED, None, Tone.WORK, "exported"),
        (RunStatus.FAILED, None, None, Tone.BROKEN, "no verdict"),
        (RunStatus.CANCELLED, Verdict.PARTLY, None, Tone.OFF, "partly"),
        (RunStatus.FINISHED, Verdict.EXPORTED, ReplayStatus.EQUAL, Tone.GOOD, "exported"),
        (
            RunStatus.FINISHED,
            Verdict.EXPORTED,
            ReplayStatus.DIFFERENT,
            Tone.DOUBT,
            "exported, differs",
        ),
        (RunStatus.FINISHED, Verdict.EXPORTED, ReplayStatus.NOT_RUN, Tone.DOUBT, "exported"),
        (RunStatus.FINISHED, Verdict.PARTLY, None, Tone.PART, "partly"),
        (RunStatus.FINISHED, Verdict.BLOCKED, None, Tone.BAD, "blocked"),
        (RunStatus.FINISHED, Verdict.SCRIPT_ERROR, None, Tone.SCRIPT, "script error"),
        (RunStatus.FINISHED, None, None, Tone.BROKEN, "no verdict"),
    ],
)
def test_a_run_in_a_list(
    status: RunStatus,
    verdict: Verdict | None,
    replay: ReplayStatus | None,
    tone: Tone,
    words: str,
) -> None:
    assert tone_of(status, verdict, replay) is tone
    assert headline(verdict, replay) == words


@pytest.mark.parametrize(
    ("search", "found", "live", "text"),
    [
        (None, 1, True, "The search for more goes on."),
        (None, 1, False, "Nothing more was looked for."),
        (Search.CLEAN, 1, False, "With it bypassed, the model exports."),
        (Search.CLEAN, 4, False, "With these 4 bypassed, the model exports."),
        (Search.STUCK, 1, False, "There may be more, which export could not get to: no way."),
        (Search.CAPPED, 20, False, "There may be more: no way."),
    ],
)
def test_how_the_search_ended(search: Search | None, found: int, live: bool, text: str) -> None:
    view = None if search is None else SearchView(complete=search, reason="No way.")
    assert search_words(view, found, live=live) == text


def test_what_goes_on_after_the_verdict_is_a_sentence() -> None:
    assert follow_words("") == ""
    assert follow_words("remedies") == "Going on in the background: fixes are tried."
    for course in COURSES:
        assert follow_words(course) != follow_words("a course that nobody named"), course


def test_a_search_may_end_without_a_reason() -> None:
    view = SearchView(complete=Search.CAPPED)
    assert search_words(view, 2, live=False) == "There may be more."

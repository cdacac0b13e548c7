"""The verdict, how a run ends, and why a process did: pure functions, case by case."""

import signal
from itertools import product

import pytest

from app.models import Category, RunStatus, StageStatus, Verdict
from workers.diagnose import Exit, diagnose, signal_name
from workers.verdict import Facts, Trouble, ending, judge

PASSED, FAILED = StageStatus.PASSED, StageStatus.FAILED
CRASH = Trouble(Category.CRASH, "It crashed.")


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (Facts(), None),
        (Facts(eager=True), None),
        (Facts(whole=PASSED), None),
        (Facts(whole=PASSED, eager=True), Verdict.EXPORTED),
        (Facts(whole=PASSED, staged_ended=True), Verdict.EXPORTED),
        (Facts(whole=FAILED, eager=True), None),
        (Facts(whole=FAILED, eager=True, component_passed=True), Verdict.PARTLY),
        (Facts(whole=FAILED, eager=True, staged_ended=True), Verdict.BLOCKED),
        (
            Facts(whole=FAILED, eager=True, component_passed=True, staged_ended=True),
            Verdict.PARTLY,
        ),
        (Facts(eager=True, component_passed=True, staged_ended=True), None),
        (Facts(script_failed=True), Verdict.SCRIPT_ERROR),
        (Facts(eager_failed=True), Verdict.SCRIPT_ERROR),
        (Facts(eager_failed=True, whole=PASSED), Verdict.SCRIPT_ERROR),
        (Facts(script_failed=True, whole=PASSED, eager=True), Verdict.SCRIPT_ERROR),
    ],
)
def test_the_verdict(facts: Facts, verdict: Verdict | None) -> None:
    assert judge(facts) == verdict


def test_once_known_the_verdict_stays_but_for_a_script_error() -> None:
    for eager, passed, whole in product([False, True], [False, True], [PASSED, FAILED]):
        early = judge(Facts(eager=eager, component_passed=passed, whole=whole))
        late = judge(Facts(eager=eager, component_passed=passed, whole=whole, staged_ended=True))
        assert early in (None, late)
        assert late is not None


def test_a_trouble_fails_the_run_only_if_it_cost_the_whole() -> None:
    assert ending(Facts(whole=PASSED, staged_ended=True), [CRASH]) == (RunStatus.FINISHED, "")
    assert ending(Facts(script_failed=True), [CRASH]) == (RunStatus.FINISHED, "")
    assert ending(Facts(eager=True, staged_ended=True), [CRASH]) == (
        RunStatus.FAILED,
        "It crashed.",
    )


def test_a_run_never_ends_failed_without_a_reason() -> None:
    status, reason = ending(Facts(), [])
    assert status == RunStatus.FAILED
    assert reason


@pytest.mark.parametrize(
    ("end", "peak", "category", "words"),
    [
        (Exit(0, 11, 0), 10, Category.CRASH, "was killed by SIGSEGV."),
        (Exit(0, 9, 0), 10, Category.CRASH, "SIGKILL (not by Stagelight)"),
        (Exit(3, 0, 0), 10, Category.CRASH, "exited with code 3 before it was done"),
        (Exit(0, 0, 0), 10, Category.CRASH, "exited with code 0 before it was done"),
        (Exit(1, 0, 0), 95, Category.OUT_OF_MEMORY, "exited with code 1"),
        (Exit(0, 6, 95), 0, Category.OUT_OF_MEMORY, "was killed by SIGABRT"),
        (Exit(0, 9, 95), 10, Category.OUT_OF_MEMORY, "SIGKILL (not by Stagelight)"),
        (Exit(0, 0, 95), 10, Category.CRASH, "exited with code 0"),
        (Exit(70, 0, 0), 10, Category.INTERNAL, "The probe itself failed"),
        (Exit(70, 0, 95), 10, Category.OUT_OF_MEMORY, "exited with code 70"),
        (
            Exit(71, 0, 0, launch_error="a child could fork"),
            0,
            Category.INTERNAL,
            "so the script was not read: a child could fork",
        ),
        (Exit(0, 9, 0, lost=True), 0, Category.INTERNAL, "forked from is gone"),
        (Exit(0, 9, 0, cpu_seconds=7.9), 0, Category.TIMEOUT, "used up its 8 s of CPU time"),
        (Exit(0, 9, 0, cpu_seconds=6.6), 0, Category.TIMEOUT, "used up its 8 s of CPU time"),
        (Exit(0, 9, 0, cpu_seconds=6.4), 0, Category.CRASH, "SIGKILL (not by Stagelight)"),
        (Exit(0, 31, 0), 0, Category.SANDBOX, "another kind of program"),
    ],
)
def test_why_a_process_ended(end: Exit, peak: int, category: Category, words: str) -> None:
    trouble = diagnose(end, resident_peak=peak, resident_limit=100, cpu_limit=8)
    assert trouble.category == category
    assert words in trouble.message
    assert trouble.hint, "it says what to do next"


def test_a_small_limit_of_cpu_time_is_no_reason_for_every_kill() -> None:
    killed = diagnose(Exit(0, 9, 0, cpu_seconds=0.1), 0, 100, cpu_limit=1)
    assert killed.category == Category.CRASH


def test_every_signal_has_a_name() -> None:
    assert signal_name(0) == ""
    assert signal_name(signal.SIGSEGV) == "SIGSEGV"
    assert signal_name(signal.SIGRTMIN + 3) == f"signal {signal.SIGRTMIN + 3}"

"""A run from claim to end, with probes that behave, crash, hang, hog, lie and talk nonsense."""

import textwrap
import time
from pathlib import Path

import pytest
from sqlmodel import col, update

from app.db import session_scope
from app.models import Category, Run, RunStatus, Verdict
from app.services import queue
from tests.worker_support import (
    GOOD,
    STAGED_ONLY,
    Story,
    claim_next,
    database,
    drive_fake,
    make_settings,
    submit,
    write_probe,
)
from workers.drive import Ended, drive
from workers.sandbox.box import Sandbox
from workers.wish import Wish

# Staged waits in its first stage until whole passed and ended.
WHOLE_FIRST = """
begin("backbone", "head")
if not STAGED:
    whole()
    tell()
    finish()
component("backbone")
say(started("component:head"))
wait()
"""


def test_a_good_run_stores_all_that_was_said(tmp_path: Path) -> None:
    story = drive_fake(tmp_path, GOOD)

    assert (story.run.status, story.run.verdict) == (RunStatus.FINISHED, Verdict.EXPORTED)
    assert story.outline == {
        "component:backbone": "passed",
        "component:head": "failed",
        "whole": "passed",
    }
    assert [stage.n for stage in story.stages] == [1, 2, 3]
    assert story.failure("component:head").file == "model.py"
    assert story.run.loaded is not None
    assert story.run.loaded["model_class"] == "Net"
    assert story.run.eager is not None
    assert story.run.whole_at is not None
    assert story.log == "hello from the script\n", "both children say it; it stands once"
    assert {guard.expression for guard in story.guards} == {"Eq(s0, 8)"}
    assert len(story.graphs) == 1, "the same graph is kept once"


def test_events_tell_each_change_in_order(tmp_path: Path) -> None:
    story = drive_fake(tmp_path, GOOD)

    told = [
        (event.data["n"], event.data["status"]) for event in story.events if event.type == "stage"
    ]
    assert [status for n, status in told if n == 1] == ["pending", "running", "passed"]
    assert [status for n, status in told if n == 2] == ["pending", "running", "failed"]
    last = story.events[-1]
    assert (last.type, last.data) == ("run", {"status": "finished", "verdict": "exported"})


def test_a_crash_after_the_whole_stage_fails_its_stage_alone(tmp_path: Path) -> None:
    story = drive_fake(tmp_path, WHOLE_FIRST + "os.kill(os.getpid(), signal.SIGSEGV)")

    assert (story.run.status, story.run.verdict) == (RunStatus.FINISHED, Verdict.EXPORTED)
    assert story.outline == {
        "component:backbone": "passed",
        "component:head": "failed",
        "whole": "passed",
    }
    failure = story.failure("component:head")
    assert (failure.category, failure.exception) == (Category.CRASH, "SIGSEGV")
    assert failure.message == "The probe was killed by SIGSEGV."


def test_a_kill_in_the_middle_of_a_stage_fails_the_run_and_keeps_what_was_done(
    tmp_path: Path,
) -> None:
    story = drive_fake(tmp_path, STAGED_ONLY + "os.kill(os.getpid(), signal.SIGKILL)")

    assert (story.run.status, story.run.verdict) == (RunStatus.FAILED, None)
    assert story.run.reason == "The probe was killed by SIGKILL (not by Stagelight)."
    assert story.outline == {
        "component:backbone": "passed",
        "component:neck": "failed",
        "component:head": "skipped",
        "whole": "skipped",
    }
    assert story.failure("component:neck").category == Category.CRASH
    assert story.stages[2].reason == story.run.reason
    assert "other process was lost" in story.stages[3].reason


def test_after_a_crash_of_the_whole_child_the_staged_one_goes_on(tmp_path: Path) -> None:
    body = """
    begin("backbone")
    if not STAGED:
        say(started("whole"))
        tell()
        os.abort()
    wait()
    component("backbone")
    finish()
    """
    story = drive_fake(tmp_path, body)

    assert (story.run.status, story.run.verdict) == (RunStatus.FAILED, None)
    assert story.run.reason == "The probe was killed by SIGABRT."
    assert story.outline == {"component:backbone": "passed", "whole": "failed"}
    assert story.failure("whole").exception == "SIGABRT"


def test_exit_without_finished_is_a_crash(tmp_path: Path) -> None:
    story = drive_fake(tmp_path, STAGED_ONLY + "os._exit(0)")

    assert story.run.status == RunStatus.FAILED
    assert story.run.reason == "The probe exited with code 0 before it was done."
    assert story.failure("component:neck").category == Category.CRASH


def test_a_probe_that_never_loads_fails_the_run_with_its_own_failure(tmp_path: Path) -> None:
    story = drive_fake(tmp_path, "print('native trouble', flush=True); os._exit(7)")

    assert story.run.status == RunStatus.FAILED
    assert story.run.reason == "The probe exited with code 7 before it was done."
    assert story.outline == {}
    assert story.failure().category == Category.CRASH
    assert "native trouble" in story.log


def test_what_was_said_before_the_limit_counts(tmp_path: Path) -> None:
    flag = tmp_path / "scratch" / "flag"

    def slow_wish() -> Wish:  # as if writing to the database took until after the limit
        while not flag.exists():
            time.sleep(0.01)
        time.sleep(max(0, started + 1.5 - time.monotonic()))
        return Wish.GO_ON

    body = """
    begin("backbone")
    if not STAGED:
        whole()
        tell()
        time.sleep(60)
    component("backbone")
    finish()
    """
    started = time.monotonic()
    story = drive_fake(tmp_path, body, wish=slow_wish, wall_seconds=1)

    assert (story.run.status, story.run.verdict) == (RunStatus.FINISHED, Verdict.EXPORTED)
    assert story.outline == {"component:backbone": "passed", "whole": "passed"}


@pytest.mark.parametrize(
    ("speech", "reason"),
    [
        pytest.param("raw(b'hello\\n')", "what is not JSON", id="rubbish"),
        pytest.param("say({'type': 'shell'})", "what is no event", id="unknown"),
        pytest.param("say(EAGER)", "'eager' came inside a stage", id="out of order"),
        pytest.param("say(passed('component:head'))", "ended while", id="another stage"),
        pytest.param("for _ in range(300): say(note('n'))", "more than 200 notes", id="notes"),
    ],
)
def test_what_may_not_be_said_ends_the_run(tmp_path: Path, speech: str, reason: str) -> None:
    story = drive_fake(tmp_path, f"{STAGED_ONLY}\n{speech}\ntime.sleep(60)")

    assert story.run.status == RunStatus.FAILED
    assert reason in story.run.reason
    assert story.outline["component:backbone"] == "passed"
    assert story.failure("component:neck").category == Category.INTERNAL


def test_a_script_error_ends_both_children(tmp_path: Path) -> None:
    body = """
    say(LOADED)
    if not STAGED:
        say(started("whole"))
        tell()
        time.sleep(60)
    wait()
    say({"type": "failed", "failure": failure("script_error")})
    finish()
    """
    story = drive_fake(tmp_path, body)

    assert (story.run.status, story.run.verdict) == (RunStatus.FINISHED, Verdict.SCRIPT_ERROR)
    assert story.failure().category == Category.SCRIPT_ERROR
    assert story.outline == {"whole": "skipped"}
    assert story.stages[0].reason == "The script itself failed."


@pytest.mark.parametrize("status", ["passed", "failed"])
def test_after_an_eager_error_plain_export_still_has_its_say(tmp_path: Path, status: str) -> None:
    body = f"""
    say(LOADED)
    if STAGED:
        say({{"type": "failed", "failure": failure("eager_error")}})
        tell()
        finish()
    wait()
    whole({status})
    time.sleep(60)  # a search for blockers, which has nothing to start from
    """
    story = drive_fake(tmp_path, body)

    assert (story.run.status, story.run.verdict) == (RunStatus.FINISHED, Verdict.SCRIPT_ERROR)
    assert story.failure().category == Category.EAGER_ERROR
    assert story.outline == {"whole": status}


def test_a_script_out_of_memory_is_no_script_error(tmp_path: Path) -> None:
    body = 'say({"type": "failed", "failure": failure("out_of_memory")})\nfinish()'
    story = drive_fake(tmp_path, body)

    assert (story.run.status, story.run.verdict) == (RunStatus.FAILED, None)
    assert story.run.reason == "no out_of_memory"
    assert story.failure().category == Category.OUT_OF_MEMORY


def test_without_a_plan_the_whole_stage_is_the_first(tmp_path: Path) -> None:
    body = """
    say(LOADED)
    if not STAGED:
        whole()
        tell()
        finish()
    wait()
    os._exit(3)
    """
    story = drive_fake(tmp_path, body)

    assert (story.run.status, story.run.verdict) == (RunStatus.FINISHED, Verdict.EXPORTED)
    assert [(stage.n, stage.key) for stage in story.stages] == [(1, "whole")]
    assert story.failure().category == Category.CRASH


@pytest.mark.parametrize(
    ("component_end", "verdict"), [("passed", Verdict.PARTLY), ("failed", Verdict.BLOCKED)]
)
def test_a_failed_whole_is_partly_or_blocked(
    tmp_path: Path, component_end: str, verdict: Verdict
) -> None:
    body = f"""
    begin("backbone")
    if STAGED:
        component("backbone", {component_end})
    else:
        whole(failed)
    finish()
    """
    story = drive_fake(tmp_path, body)

    assert (story.run.status, story.run.verdict) == (RunStatus.FINISHED, verdict)


def test_notes_of_both_children_stand_once(tmp_path: Path) -> None:
    body = "say(note('both'))\nsay(note(job['probe']))\n" + GOOD
    story = drive_fake(tmp_path, body)

    assert sorted(note["message"] for note in story.run.notes) == ["both", "staged", "whole"]


def test_no_child_sees_what_the_other_wrote(tmp_path: Path) -> None:
    body = """
    for folder in (os.getcwd(), os.environ["HOME"], os.environ["TMPDIR"]):
        with open(os.path.join(folder, job["probe"]), "w"): pass
    tell()
    wait()
    time.sleep(0.2)
    seen = [os.listdir(f) for f in (os.getcwd(), os.environ["HOME"], os.environ["TMPDIR"])]
    print(job["probe"], sorted(sum(seen, [])), flush=True)
    """
    story = drive_fake(tmp_path, textwrap.dedent(body) + GOOD)

    assert "staged ['model.py', 'staged', 'staged', 'staged', 'tmp']" in story.log
    assert "whole ['model.py', 'tmp', 'whole', 'whole', 'whole']" in story.log


def test_a_probe_that_does_not_exit_after_its_last_word_costs_two_seconds(tmp_path: Path) -> None:
    started = time.monotonic()
    story = drive_fake(tmp_path, GOOD.replace("finish()", "say(FINISHED); time.sleep(60)"))

    assert story.run.verdict == Verdict.EXPORTED
    assert time.monotonic() - started < 6


def test_cancel_ends_the_run_and_keeps_finished_stages(tmp_path: Path) -> None:
    flag = tmp_path / "scratch" / "flag"
    story = drive_fake(
        tmp_path,
        STAGED_ONLY + "tell2 = open(FLAG + '2', 'w'); time.sleep(60)",
        wish=lambda: Wish.CANCEL if flag.with_name("flag2").exists() else Wish.GO_ON,
    )

    assert story.run.status == RunStatus.CANCELLED
    assert story.outline == {
        "component:backbone": "passed",
        "component:neck": "skipped",
        "component:head": "skipped",
        "whole": "skipped",
    }
    assert {stage.reason for stage in story.stages[1:]} == {"The run was cancelled."}
    assert story.failures == []


def test_a_stop_leaves_the_run_as_it_is(tmp_path: Path) -> None:
    started = time.monotonic()
    story = drive_fake(tmp_path, "time.sleep(60)", wish=lambda: Wish.STOP)

    assert story.result is Wish.STOP
    assert story.run.status == RunStatus.RUNNING
    assert time.monotonic() - started < 3


def test_a_run_that_went_to_another_worker_is_left_to_it(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    with database(settings) as engine:
        run_id = submit(engine, settings)
        claim = claim_next(engine)
        with session_scope(engine) as session:
            session.execute(update(Run).where(col(Run.id) == run_id).values(attempt=2))
        base = tmp_path / "scratch"
        base.mkdir()
        probe = write_probe(tmp_path, GOOD)
        with Sandbox(settings, probe) as sandbox:
            result = drive(engine, claim, settings, lambda: Wish.GO_ON, base, sandbox)
        assert result is Wish.LOST
        assert not queue.finish(engine, claim, status=RunStatus.FAILED)
        story = Story(engine, run_id)
    assert story.stages == []
    assert story.run.loaded is None


def test_a_runtime_that_cannot_be_started_is_said_so(tmp_path: Path) -> None:
    story = drive_fake(tmp_path, GOOD, runtimes={"default": tmp_path / "no-python"})

    assert story.run.status == RunStatus.FAILED
    assert "runtime's Python could not be started" in story.run.reason
    assert "No such file" in story.run.reason
    assert story.failure().category == Category.INTERNAL


def test_bytes_that_are_gone_from_the_store_fail_the_run(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    with database(settings) as engine:
        submit(engine, settings)
        claim = claim_next(engine)
        for blob in (settings.data / "scripts").glob("*/*"):
            blob.unlink()
        with Sandbox(settings) as sandbox:
            result = drive(engine, claim, settings, lambda: Wish.GO_ON, tmp_path, sandbox)
    assert isinstance(result, Ended)
    assert result.status == RunStatus.FAILED
    assert "not in the store" in result.reason

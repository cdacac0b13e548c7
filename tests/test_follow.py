"""What follows a verdict: courses one after another, each errand a process, come what may."""

import json
import textwrap
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from app.models import Category, Run, RunStatus, StageKind, StageStatus, Verdict
from app.services.record import StageEnd
from app.services.storage import BlobStore
from tests.worker_support import (
    GOOD,
    SCRIPT,
    Story,
    database,
    drive_fake,
    make_settings,
    submit,
    wait_until,
    worker_process,
    write_probe,
)
from workers.events import ProbeKind
from workers.follow.context import Context
from workers.follow.model import Answer, Errand
from workers.wish import Wish

STRICT = """
if job["probe"] not in ("staged", "whole"):
    say(LOADED)
    print("asked for", job["work"], flush=True)
    say(started(job["probe"]))
    say(passed(job["probe"]))
    finish()
"""
Heard = list[Any]
Asking = Generator[Errand, Answer, None]


def follow(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    errand: str = STRICT,
    wish: Callable[[], Wish] = lambda: Wish.GO_ON,
    pair: str = GOOD,
    given: dict[str, Any] | None = None,
    **made: Callable[[Context], Asking],
) -> Story:
    """Drive a fake run whose follow-ups are these courses, with these settings."""
    for place in ("workers.follow.line.COURSES", "workers.drive.COURSES"):
        monkeypatch.setattr(place, made)
    body = textwrap.dedent(errand) + pair
    return drive_fake(tmp_path, body, wish, **{"follow_ups": True, **(given or {})})


def asks(heard: Heard, *errands: Errand) -> Callable[[Context], Asking]:
    """A course that asks for these, and keeps what it hears."""

    def course(context: Context) -> Asking:
        for errand in errands:
            heard.append((yield errand))

    return course


def notes(story: Story) -> dict[str, str]:
    return {note["code"]: note["message"] for note in story.run.notes}


def test_courses_follow_the_verdict_in_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: Heard = []
    errand = Errand(ProbeKind.STRICT, 20, {"answer": 42})
    story = follow(tmp_path, monkeypatch, one=asks(heard, errand), two=asks(heard, errand, errand))

    assert (story.run.status, story.run.verdict) == (RunStatus.FINISHED, Verdict.EXPORTED)
    assert [event.type for event in heard[0].events] == [
        "loaded",
        "stage_started",
        "stage_finished",
        "finished",
    ]
    assert [answer.why_not for answer in heard] == ["", "", ""]
    assert "asked for {'answer': 42}" in heard[2].output
    followed = [e.data["course"] for e in story.events if e.type == "following"]
    assert followed == ["one", "two"]
    assert story.run.following == ""
    told = [e.type for e in story.events]
    verdict_at = [e.data.get("verdict") for e in story.events].index("exported")
    assert verdict_at < told.index("following")


def test_nothing_follows_where_the_settings_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: Heard = []
    course = asks(heard, Errand(ProbeKind.STRICT, 20))
    follow(tmp_path, monkeypatch, given={"follow_ups": False}, one=course)
    assert heard == []


def test_an_errand_may_have_other_files_and_options(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = """
    if job["probe"] not in ("staged", "whole"):
        print(open(os.path.join(job["root"], job["entry"])).read(), job["strict"], flush=True)
    """
    heard: Heard = []

    def course(context: Context) -> Asking:
        options = context.task.options.model_copy(update={"strict": True})
        files = [("fixed.py", b"print('fixed')")]
        for errand in (
            Errand(ProbeKind.STRICT, 20, files=files, entry="fixed.py", options=options),
            Errand(ProbeKind.STRICT, 20),
        ):
            heard.append((yield errand))

    follow(tmp_path, monkeypatch, textwrap.dedent(body) + STRICT, one=course)
    assert heard[0].output.startswith("print('fixed') True\n")
    assert heard[1].output.startswith(SCRIPT.decode() + " None\n")


@pytest.mark.parametrize(
    ("errand", "why"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", "SIGSEGV"),
        ("say(LOADED); time.sleep(60)", "4 s"),
        ("say(LOADED); finish()", "without the strict stage"),
        ("say(LOADED); say(started('whole'))", "not planned"),
        ("say(LOADED); say({'type': 'blockers'})", "what is no event"),
        ("say(LOADED); say({'type': 'piece', 'name': 'f', 'data': ''})", "nobody asked for"),
        ("say({'type': 'failed', 'failure': failure('script_error')}); finish()", "script_error"),
    ],
)
def test_what_goes_wrong_in_an_errand_is_its_answer(
    errand: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: Heard = []
    body = f"if job['probe'] not in ('staged', 'whole'): {errand}\n"
    course = asks(heard, Errand(ProbeKind.STRICT, 4))
    story = follow(tmp_path, monkeypatch, body, one=course)

    assert why in heard[0].why_not
    assert (story.run.status, story.run.verdict) == (RunStatus.FINISHED, Verdict.EXPORTED)
    assert story.run.reason == ""


def test_files_come_in_pieces_and_go_with_the_next_errand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = """
    if job["probe"] == "saver":
        import base64
        say(LOADED)
        for name, data in [("a/../b", b"one "), ("c", b"other"), ("a/../b", b"two")]:
            data = base64.b64encode(data).decode()
            say({"type": "piece", "name": name, "data": data})
        say({"type": "saved", "seconds": 0.1, "bytes": 7})
        finish()
    """
    read: list[dict[str, bytes]] = []
    paths: list[Path] = []

    def course(context: Context) -> Asking:
        for _ in range(2):
            answer = yield Errand(ProbeKind.SAVER, 20)
            read.append({name: path.read_bytes() for name, path in answer.files.items()})
            paths.append(answer.files["c"])

    follow(tmp_path, monkeypatch, textwrap.dedent(body), one=course)
    assert read == [{"a/../b": b"one two", "c": b"other"}] * 2
    assert not paths[0].exists()
    assert paths[0].is_relative_to(tmp_path)


def test_files_past_the_cap_end_the_errand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = """
    if job["probe"] == "saver":
        say(LOADED)
        for _ in range(3):
            say({"type": "piece", "name": "a", "data": "AAAA" * 2**18})
    """
    heard: Heard = []
    course = asks(heard, Errand(ProbeKind.SAVER, 20))
    follow(tmp_path, monkeypatch, textwrap.dedent(body), given={"program_mb": 1}, one=course)
    assert "files of more than 2,097,152 bytes" in heard[0].why_not
    assert "STAGELIGHT_PROGRAM_MB" in heard[0].trouble.hint


def test_an_error_of_ours_ends_its_course_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(context: Context) -> Asking:
        yield Errand(ProbeKind.STRICT, 20)
        raise ZeroDivisionError("ours")

    heard: Heard = []
    after = asks(heard, Errand(ProbeKind.STRICT, 20))
    story = follow(tmp_path, monkeypatch, one=broken, two=after)

    assert "one ended early: ZeroDivisionError('ours')" in notes(story)["follow_up_failed"]
    assert len(heard) == 1
    assert story.run.status == RunStatus.FINISHED


@pytest.mark.parametrize(("wish", "why"), [(Wish.CANCEL, "cancelled"), (Wish.STOP, "stopped")])
def test_a_verdict_stays_when_what_follows_is_ended(
    wish: Wish, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flag = tmp_path / "flag"
    body = f"""
    if job["probe"] == "strict":
        open({str(flag)!r}, "w").close()
        time.sleep(60)
    """
    heard: Heard = []
    course = asks(heard, Errand(ProbeKind.STRICT, 60))
    story = follow(
        tmp_path,
        monkeypatch,
        textwrap.dedent(body),
        lambda: wish if flag.exists() else Wish.GO_ON,
        one=course,
        two=course,
    )
    assert heard == []
    assert (story.run.status, story.run.verdict) == (RunStatus.FINISHED, Verdict.EXPORTED)
    assert why in notes(story)["follow_ups_left"]
    assert story.run.following == ""


def test_a_lost_run_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: Heard = []
    flag = tmp_path / "flag"
    body = f"if job['probe'] == 'strict': open({str(flag)!r}, 'w').close(); time.sleep(60)\n"
    story = follow(
        tmp_path,
        monkeypatch,
        body,
        lambda: Wish.LOST if flag.exists() else Wish.GO_ON,
        one=asks(heard, Errand(ProbeKind.STRICT, 60)),
    )
    assert story.result is Wish.LOST
    assert "follow_ups_left" not in notes(story)


def test_without_time_nothing_is_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: Heard = []
    course = asks(heard, Errand(ProbeKind.STRICT, 20))
    follow(tmp_path, monkeypatch, given={"follow_seconds": 0.5}, one=course)
    assert heard[0].trouble.category == Category.TIMEOUT
    assert heard[0].events == []


def test_nothing_follows_a_run_without_a_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: Heard = []
    course = asks(heard, Errand(ProbeKind.STRICT, 20))
    pair = "begin()\nos.kill(os.getpid(), signal.SIGKILL)\n"
    story = follow(tmp_path, monkeypatch, pair=pair, one=course)
    assert (story.run.status, heard) == (RunStatus.FAILED, [])


def test_a_stage_that_follows_has_a_row_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, int] = {}

    def course(context: Context) -> Asking:
        with context.reading() as session:
            seen["before"] = session.get_one(Run, context.run_id).stored_bytes
        context.start_stage(StageKind.STRICT, "strict mode")
        yield Errand(ProbeKind.STRICT, 20)
        end = StageEnd(StageStatus.PASSED, detail={"a": 1}, file_sha256="0" * 64, file_bytes=7)
        context.end_stage(StageKind.STRICT, end)

    story = follow(tmp_path, monkeypatch, one=course)
    stage = story.stages[-1]
    assert (stage.key, stage.kind, stage.status) == ("strict", StageKind.STRICT, "passed")
    assert (stage.n, stage.detail, stage.file_bytes) == (len(story.stages), {"a": 1}, 7)
    assert story.run.stored_bytes == seen["before"] + 7


def test_a_course_knows_its_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}

    def course(context: Context) -> Asking:
        seen["seconds"] = context.export_seconds()
        seen["blockers"] = len(context.blockers())
        seen["files"] = context.files()
        seen["left"] = context.left()
        yield from ()

    follow(tmp_path, monkeypatch, given={"follow_seconds": 50}, one=course)
    assert (seen["seconds"], seen["blockers"]) == (0.1, 0)
    assert seen["files"] == [("model.py", SCRIPT)]
    assert 0 < seen["left"] <= 50


def test_the_store_is_untouched_by_what_follows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = follow(tmp_path, monkeypatch, one=asks([], Errand(ProbeKind.STRICT, 20)))
    data = tmp_path / "data" / "scripts"
    kept = [path.name for path in data.rglob("*") if path.is_file()]
    assert len(kept) == 1
    assert BlobStore(data).get(kept[0]) == SCRIPT
    assert json.dumps(story.run.notes) == "[]"


def test_verdicts_come_before_what_follows_others(tmp_path: Path) -> None:
    body = """
    if job["probe"] not in ("staged", "whole"):
        time.sleep(0.5)
        say({"type": "failed", "failure": failure("script_error")})
        finish()
    """
    settings = make_settings(tmp_path, follow_ups=True)
    probe = write_probe(tmp_path, textwrap.dedent(body) + textwrap.dedent(GOOD))
    with database(settings) as engine:
        first, second = submit(engine, settings), submit(engine, settings)
        with worker_process(settings, "w", probe):
            wait_until(lambda: Story(engine, first).run.finished_at, 60)
            wait_until(lambda: Story(engine, second).run.finished_at, 60)
        one, two = Story(engine, first).run, Story(engine, second).run
    assert one.whole_at is not None
    assert two.whole_at is not None
    assert one.finished_at is not None
    assert one.whole_at < two.whole_at < one.finished_at
    assert (one.verdict, two.verdict) == (Verdict.EXPORTED, Verdict.EXPORTED)

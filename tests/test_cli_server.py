"""The command against a server: submit, show, list, share, and what it says when that fails."""

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import Engine

from app.models import RunStatus, Search, StageKind, Verdict
from app.services.compare_views import CompareView
from app.services.storage import BlobStore
from app.services.views import RunList, RunView
from app.settings import Settings
from tests.cli_support import Command
from tests.conftest import LiveServer
from tests.web_support import SCRIPT, seeding

HOSTILE = "[bold]x[/bold] \x1b[31mred\x1b]0;title\x07 \u202eback"


@pytest.fixture
def command(
    live_server: LiveServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Command:
    """The command in a folder with a script, at that server."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_bytes(SCRIPT)
    return Command(monkeypatch, capsys, live_server.url)


@pytest.fixture
def fill(engine: Engine, store: BlobStore, settings: Settings) -> None:
    """Two runs: one that exports, one that two lines stop, with a fix that works."""
    with seeding(engine, store, settings) as seed:
        seed.stage(seed.finished(Verdict.EXPORTED, title="good"), 1, kind=StageKind.WHOLE)
        run = seed.searched(2, title=HOSTILE)
        seed.remedy(run, 1)
        seed.combined(run, 2)


def test_a_script_is_submitted_followed_and_reported(
    command: Command, live_server: LiveServer, tmp_path: Path
) -> None:
    queued = command(
        "submit",
        "model.py",
        "--title",
        "first",
        "--tag",
        "b",
        "--tag",
        "a",
        "-o",
        "call=2",
        "--json",
        "-",
    )
    assert queued.status == 0
    assert json.loads(queued.out) == {"id": 1, "url": "/runs/1", "status": "queued"}
    assert queued.err == f"Run 1 is queued: {live_server.url}/runs/1\n"
    live_server.start_worker()
    done = command("submit", "model.py", "--wait", "--junit", "run.xml")
    assert done.status == 0, done.err
    assert done.out.splitlines()[1:] == ["The whole model exports and replays equal to eager."]
    assert "passed   whole model" in done.err
    assert ET.parse(tmp_path / "run.xml").findall(".//testcase")
    first = RunView.model_validate_json(command("show", 1, "--json").out)
    assert (first.title, first.options["call"]) == ("first", 2)
    assert sorted(first.tags) == ["a", "b"]
    tagged = RunList.model_validate_json(command("list", "--filter", "tag=a", "--json").out)
    assert [run.id for run in tagged.runs] == [1]


def test_what_the_server_refuses_ends_with_2_and_its_own_words(command: Command) -> None:
    Path("note.ipynb").write_text("{}")
    for arguments, said in (
        (("submit", "note.ipynb"), "is a Jupyter notebook"),
        (("submit", "model.py", "-o", "colour=red"), "no option 'colour'"),
        (("show", 7), "no run 7"),
        (("list", "--verdict", "good"), "verdict"),
        (("share", 7), ""),
    ):
        done = command(*arguments)
        assert (done.status, done.out) == (2, "")
        assert said in done.err
        assert len(done.err.splitlines()) == 2, "what happened, and what to do"


@pytest.mark.usefixtures("fill")
def test_a_run_is_shown_with_its_lines_its_fixes_and_nothing_a_terminal_obeys(
    command: Command,
) -> None:
    done = command("show", 2)
    assert done.status == 0
    assert done.out.startswith("[bold]x[/bold] red \u2039U+202E\u203aback  run 2, model.py in")
    assert "1. model.py:8  data_dependent_branch in decode" in done.out
    assert "Fix: " in done.out
    assert "A fix of the whole model, works" in done.out
    assert "\n+model = torch.nn.ReLU()" in done.out
    assert "\x1b" not in done.out
    assert done.err.endswith("/runs/2\n")


@pytest.mark.usefixtures("fill")
def test_runs_are_listed_by_filters_of_the_server(command: Command) -> None:
    done = command("list")
    lines = done.out.splitlines()
    assert [line.split()[0] for line in lines] == ["2", "1"]
    assert "partly" in lines[0]
    assert "[bold]x[/bold] red" in lines[0]
    assert command("list", "--verdict", "exported").out.splitlines() == lines[1:]
    more = command("list", "--limit", 1)
    assert more.err == "There are more: add --filter cursor=2\n"
    assert command("list", "--filter", "cursor=2").out.splitlines() == lines[1:]
    found = RunList.model_validate_json(command("list", "--json", "--status", "queued").out)
    assert found.runs == []


@pytest.mark.usefixtures("fill")
def test_two_runs_are_compared_and_a_regression_is_told(command: Command) -> None:
    told = command("compare", 1, 2)
    assert told.status == 0
    assert told.out.startswith("Run 2 exports in part, stopped by a Python branch on a tensor's")
    assert "\nnew: model.py:8  data_dependent_branch in decode\n    if x > 0:\n" in told.out
    assert "\nwhole model (whole) added (absent \u2192 failed)\n" in told.out
    failed = command("compare", 1, 2, "--fail-on-regression", "--json")
    assert failed.status == 1
    assert CompareView.model_validate_json(failed.out).head.title == HOSTILE
    assert failed.out.isascii()
    assert failed.err.split("\n") == [
        "",
        "Regression: The verdict was 'exported', and is 'partly'.",
        *(
            f"Regression: Something new stops it: a Python branch on a tensor's value at {place}."
            for place in ("model.py:8", "model.py:9")
        ),
        "",
    ]
    better = command("compare", 2, 1, "--fail-on-regression")
    assert better.status == 0
    assert "\ngone: model.py:8  " in better.out
    assert better.out.endswith("\nNo regression.\n")


def test_a_run_without_a_verdict_is_no_pass(
    command: Command, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.stage(seed.finished(Verdict.EXPORTED), 1, kind=StageKind.WHOLE)
        seed.run("lost", status=RunStatus.FAILED, reason="worker lost 3 times")
    for base, head in ((1, 2), (2, 1)):
        done = command("compare", base, head, "--fail-on-regression")
        assert done.status == 4
        assert "Run 2 has no verdict: whether anything got worse is not known." in done.out
        assert "No regression" not in done.out
    assert command("compare", 1, 2).status == 0


def test_what_may_have_been_hidden_in_the_base_is_not_held_against_the_head(
    command: Command, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.blocker(seed.searched(0, Search.STUCK), 1, fingerprint="v1:a")
        seed.blocker(seed.searched(0), 1, fingerprint="v1:b", text="if y:")
    done = command("compare", 1, 2, "--fail-on-regression")
    assert done.status == 0
    assert "Not known to be new: 1 cause, for the base did not come so far." in done.out


@pytest.mark.parametrize(
    ("arguments", "sent"),
    [
        ((12,), {"run": 12, "days": 7, "source": False}),
        (
            ("--stage", "12.3", "--days", 2, "--source"),
            {"stage": "12.3", "days": 2, "source": True},
        ),
        (("--failure", "12.2"), {"failure": "12.2", "days": 7, "source": False}),
        (
            ("--compare", "11:12", "--days", "never"),
            {"compare": "11:12", "days": "never", "source": False},
        ),
    ],
    ids=["run", "stage", "failure", "compare"],
)
def test_a_link_is_asked_for_and_printed_alone(
    arguments: tuple[str | int, ...], sent: dict[str, Any], command: Command
) -> None:
    link = {"id": 3, "url": "http://127.0.0.1/s/abc", "expires_at": "2026-01-02T03:04:05Z"}
    asked: list[bytes] = []
    with answering(201, json.dumps(link).encode(), asked) as url:
        done = command("share", *arguments, "--server", url)
    assert (done.status, done.out) == (0, "http://127.0.0.1/s/abc\n")
    assert "until 2026-01-02 03:04 UTC" in done.err
    assert json.loads(asked[0]) == sent


def test_a_server_that_is_not_there_ends_with_5(command: Command) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = taken.getsockname()[1]
    done = command("show", 1, "--server", f"http://127.0.0.1:{free}")
    assert done.status == 5
    assert "cannot be reached" in done.err
    assert "stagelight serve" in done.err


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, b"<html>"), (200, b"{}"), (502, b"bad gateway"), (404, b"not here"), (302, b"")],
)
def test_a_server_that_is_another_ends_with_5(command: Command, status: int, body: bytes) -> None:
    with answering(status, body) as url:
        done = command("show", 1, "--server", url)
    assert (done.status, done.out) == (5, "")
    assert "does not answer as Stagelight does" in done.err


@pytest.mark.parametrize(("seconds", "tries"), [("0", 4), ("3600", 1), ("soon", 1)])
def test_a_server_that_takes_no_more_right_now_is_asked_again(
    command: Command, seconds: str, tries: int
) -> None:
    error = {"code": "too_often", "message": "Too many uploads.", "hint": "Try again in 0 s."}
    asked: list[bytes] = []
    headers = {"Retry-After": seconds}
    with answering(429, json.dumps({"error": error}).encode(), asked, headers) as url:
        done = command("submit", "model.py", "--server", url)
    assert (done.status, done.out, len(asked)) == (2, "", tries)
    assert done.err.count("Too many uploads. Trying again in 0 s.\n") == tries - 1
    assert done.err.endswith("Try again in 0 s.\n")


@contextmanager
def answering(
    status: int,
    body: bytes,
    asked: list[bytes] | None = None,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[str]:
    """The address of a server that answers everything so, and keeps what it was sent."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"]))
            if asked is not None:
                asked.append(sent)
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()

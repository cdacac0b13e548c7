"""The stagelight command: starts, answers, keeps its workers, ends cleanly."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from app.db import make_engine
from app.models import RunStatus
from app.public import is_loopback
from app.services.migrate import is_current
from app.settings import ROOT, Settings
from tests.worker_support import Story, environment, make_settings, submit, wait_until

HANG = b"import time\nwhile True: time.sleep(1)\n"


def command(settings: Settings, *arguments: str, **more: str) -> subprocess.Popen[str]:
    """Start `stagelight` in a session of its own, as a terminal would."""
    return subprocess.Popen(
        [sys.executable, "-m", "app.cli", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment(settings), **more},
    )


class Served:
    """A running `stagelight serve` that has printed its address."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.fullmatch(r"Stagelight is at (http://127\.0\.0\.1:\d+)\n", line)
        assert found is not None, line
        self.url = found[1]
        self.process = process

    def children(self) -> list[int]:
        """The pids of its workers."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [int(pid) for task in tasks for pid in task.read_text().split()]

    def end(self, send: Callable[[], None]) -> tuple[float, str]:
        """Tell it to end; gives the seconds it took and what it wrote to stderr."""
        workers = self.children()
        started = time.monotonic()
        send()
        assert self.process.wait(10) == 0
        seconds = time.monotonic() - started
        assert not any(Path(f"/proc/{pid}").exists() for pid in workers)
        assert self.process.stderr is not None
        return seconds, self.process.stderr.read()


@contextmanager
def serve(settings: Settings) -> Iterator[Served]:
    with command(settings, "serve") as process:
        try:
            yield Served(process)
        finally:
            process.kill()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return make_settings(tmp_path, port=0, workers=1)


def test_it_serves_and_a_sigterm_ends_it(settings: Settings) -> None:
    with serve(settings) as served:
        assert httpx.get(f"{served.url}/healthz").status_code == 200
        assert httpx.get(f"{served.url}/readyz").status_code == 200
        wait_until(lambda: len(served.children()) == 1)
        seconds, errors = served.end(served.process.terminate)
        assert seconds < 3
        assert "Traceback" not in errors


def test_a_ctrl_c_ends_it_in_the_middle_of_a_run_with_a_page_open(settings: Settings) -> None:
    with serve(settings) as served:
        engine = make_engine(settings.url)
        run_id = submit(engine, settings, HANG)
        wait_until(lambda: Story(engine, run_id).run.status == RunStatus.RUNNING)
        with httpx.stream("GET", f"{served.url}/api/runs/{run_id}/events", timeout=10) as page:
            assert page.status_code == 200
            # A terminal sends it to the whole process group.
            group = os.getpgid(served.process.pid)
            seconds, errors = served.end(lambda: os.killpg(group, signal.SIGINT))
        assert seconds < 3
        assert "Traceback" not in errors
        assert "Cancel" not in errors
        run = Story(engine, run_id).run
        assert (run.status, run.lost) == (RunStatus.QUEUED, 0), "handed back, not lost"
        engine.dispose()


def test_a_worker_that_dies_is_replaced_and_its_run_taken_up_at_once(tmp_path: Path) -> None:
    settings = make_settings(tmp_path, port=0, workers=1, lease_seconds=60, attempts=2)
    with serve(settings) as served:
        engine = make_engine(settings.url)
        run_id = submit(engine, settings, HANG)
        wait_until(lambda: Story(engine, run_id).run.status == RunStatus.RUNNING)
        (worker,) = served.children()
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: Story(engine, run_id).run.attempt == 2)
        assert served.children() != [worker]
        served.end(served.process.terminate)
        engine.dispose()


def test_workers_do_not_outlive_a_killed_server(settings: Settings) -> None:
    with serve(settings) as served:
        wait_until(lambda: len(served.children()) == 1)
        workers = served.children()
        time.sleep(0.5)
        served.process.kill()
        wait_until(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in workers))


def test_it_serves_without_workers_of_its_own(tmp_path: Path) -> None:
    settings = make_settings(tmp_path, port=0, workers=0)
    with serve(settings) as served:
        assert httpx.get(f"{served.url}/healthz").status_code == 200
        assert served.children() == []
        served.end(served.process.terminate)


def refused(settings: Settings, **more: str) -> str:
    """What `serve` says when it does not want to."""
    with command(settings, "serve", **more) as process:
        output, errors = process.communicate(timeout=20)
        assert process.returncode == 2
        assert output == ""
        assert "Traceback" not in errors
        return errors


def test_it_does_not_listen_where_others_can_reach_it(settings: Settings) -> None:
    errors = refused(settings, STAGELIGHT_HOST="0.0.0.0")
    assert "does not listen on 0.0.0.0" in errors
    assert not settings.data.exists(), "and made nothing"


def test_inside_a_container_it_may(settings: Settings) -> None:
    more = {"STAGELIGHT_HOST": "0.0.0.0", "STAGELIGHT_BEHIND_LOOPBACK_PROXY": "1"}
    with command(settings, "serve", **more) as process:
        try:
            assert process.stdout is not None
            assert "http://0.0.0.0:" in process.stdout.readline()
        finally:
            process.terminate()
        assert process.wait(10) == 0


def test_a_port_that_is_taken_is_said_with_what_to_do(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        errors = refused(make_settings(tmp_path, port=taken.getsockname()[1]))
    assert "Address already in use" in errors
    assert "STAGELIGHT_PORT" in errors


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.5", False),
        ("localhost.example.com", False),
        ("", False),
    ],
)
def test_what_is_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_migrate_makes_the_database(settings: Settings) -> None:
    with command(settings, "migrate") as process:
        assert process.wait(20) == 0
    engine = make_engine(settings.url)
    assert is_current(engine)
    engine.dispose()


def test_worker_runs_one_worker_until_ctrl_c(settings: Settings) -> None:
    with command(settings, "migrate") as process:
        assert process.wait(20) == 0
    with command(settings, "worker") as process:
        try:
            assert process.stderr is not None
            assert any("is ready for default" in line for line in process.stderr)
            process.send_signal(signal.SIGINT)
            assert process.wait(5) == 0
        finally:
            process.kill()

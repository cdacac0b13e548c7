"""A Stagelight of its own for a benchmark: web and one worker on a fresh folder and free port."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

START_SECONDS = 60
RUN_SECONDS = 600
POLL_SECONDS = 0.02


@contextmanager
def running_server() -> Iterator[httpx.Client]:
    """Start `stagelight serve`; gives a client of it, and ends it."""
    with tempfile.TemporaryDirectory(prefix="stagelight-bench-") as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "serve"],
            stdout=subprocess.PIPE,
            stderr=(Path(folder) / "server.log").open("w"),
            text=True,
            env={**os.environ, "STAGELIGHT_DATA": folder, "STAGELIGHT_PORT": "0"},
        )
        try:
            with httpx.Client(base_url=_address(process), timeout=30) as client:
                yield client
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def submit(client: httpx.Client, script: Path) -> str:
    """Submit a script; returns the address of its run."""
    answer = client.post("/api/runs", files={"script": (script.name, script.read_bytes())})
    answer.raise_for_status()
    return f"/api/runs/{answer.json()['id']}"


def wait_for(client: httpx.Client, run: str, *fields: str) -> dict[str, object]:
    """Poll a run until one of the fields is set or it has ended."""
    deadline = time.monotonic() + RUN_SECONDS
    while time.monotonic() < deadline:
        found: dict[str, object] = client.get(run).json()
        if any(found[field] is not None for field in fields) or found["finished_at"]:
            return found
        time.sleep(POLL_SECONDS)
    raise TimeoutError(f"{run} has no end after {RUN_SECONDS} s")


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    deadline = time.monotonic() + START_SECONDS
    for line in process.stdout:
        if found := re.search(r"http://\S+", line):
            return found[0]
        if time.monotonic() > deadline:
            break
    raise RuntimeError("the server did not print its address")

"""A Stagelight of its own, for benchmarks and errands, on a fresh folder and a free port."""

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
from typing import Any

import httpx

START_SECONDS = 60
RUN_SECONDS = 600
POLL_SECONDS = 0.02
# A setting of servers whose runs end with their verdict: nothing more is tried of them.
VERDICT_ONLY = {"STAGELIGHT_FOLLOW_UPS": "false"}


@contextmanager
def running_server(**settings: str) -> Iterator[httpx.Client]:
    """Start `stagelight serve` with more STAGELIGHT_* settings; gives a client, and ends it.

    Its data are gone afterwards, unless the settings name a folder for them.
    """
    with (
        tempfile.TemporaryDirectory(prefix="stagelight-") as folder,
        (Path(folder) / "server.log").open("w") as log,
    ):
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "serve"],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**os.environ, "STAGELIGHT_DATA": folder, "STAGELIGHT_PORT": "0", **settings},
        )
        try:
            with httpx.Client(base_url=_address(process), timeout=30) as client:
                yield client
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
            assert process.stdout is not None
            process.stdout.close()


def submit(client: httpx.Client, script: Path, **fields: str) -> str:
    """Submit a script with more form fields; returns the address of its run."""
    files = {"script": (script.name, script.read_bytes())}
    answer = client.post("/api/runs", files=files, data=fields)
    answer.raise_for_status()
    return f"/api/runs/{answer.json()['id']}"


def wait_for(client: httpx.Client, run: str, *fields: str) -> dict[str, Any]:
    """Poll a run until one of the fields is set or it has ended.

    A run goes on after its verdict, unless its server has VERDICT_ONLY: who wants the verdict alone
    names that field.
    """
    deadline = time.monotonic() + RUN_SECONDS
    while time.monotonic() < deadline:
        found: dict[str, Any] = client.get(run).json()
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

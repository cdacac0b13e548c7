"""The stagelight command: called in this process, or started as a terminal would."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.cli import main
from app.settings import ROOT


@dataclass
class Done:
    """What a command came to."""

    status: int
    out: str
    err: str


class Command:
    """Calls the command in this process: for all that starts no worker of its own."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], server: str
    ) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        monkeypatch.setenv("STAGELIGHT_SERVER", server)

    def __call__(self, *arguments: str | Path | int) -> Done:
        self._monkeypatch.setattr(sys, "argv", ["stagelight", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = self._capsys.readouterr()
        return Done(int(ended.value.code or 0), said.out, said.err)


def start(folder: Path, *arguments: str, **more: str) -> subprocess.Popen[str]:
    """Start the command in a folder, with pipes, in a session of its own."""
    kept = {name: value for name, value in os.environ.items() if name != "FORCE_COLOR"}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "app.cli", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        start_new_session=True,
        env={**kept, "PYTHONPATH": str(ROOT), **more},
    )


def finish(process: subprocess.Popen[str], seconds: float = 120) -> Done:
    """What it came to."""
    try:
        out, err = process.communicate(timeout=seconds)
    finally:
        process.kill()
    return Done(process.returncode, out, err)

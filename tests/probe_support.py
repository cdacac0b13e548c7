"""Runs the real probe, as the worker does, and gives what it said."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workers.events import EVENTS, Event, ProbeKind
from workers.protocol import Order

BOOTSTRAP = Path(__file__).parent.parent / "workers" / "probe" / "bootstrap.py"
SECONDS = 120


@dataclass
class Said:
    """The events of one probe, validated by the trusted side's schema."""

    events: list[Event] = field(default_factory=list)
    log: str = ""
    status: int | None = None

    def first(self, type_: str) -> Any:
        """The first event of this type; fails with the log where there is none."""
        for event in self.events:
            if event.type == type_:
                return event
        raise AssertionError(f"no {type_} among {[e.type for e in self.events]}\n{self.log}")

    def all(self, type_: str) -> list[Any]:
        return [event for event in self.events if event.type == type_]

    def stage(self, key: str) -> Any:
        return next(event for event in self.all("stage_finished") if event.key == key)


def run_probe(
    root: Path,
    files: str | dict[str, str],
    *,
    kind: str = "whole",
    entry: str = "model.py",
    until: str = "finished",
    env: dict[str, str] | None = None,
    **options: Any,
) -> Said:
    """Run one probe on `files` until it has said `until`.

    Args:
        root: an empty folder of the test's own.
        files: the text of the entry file, or texts by path.
        kind: staged or whole.
        entry: the file that is run.
        until: the type of the last event that the test wants; the probe is ended there.
        env: more environment.
        options: fields of the job that differ from the default.
    """
    upload = root / "upload"
    for name, text in ({entry: files} if isinstance(files, str) else files).items():
        (upload / name).parent.mkdir(parents=True, exist_ok=True)
        (upload / name).write_text(text)
    job = {
        "probe": kind,
        "root": str(upload),
        "entry": entry,
        "argv": [],
        "call": 1,
        "device": "auto",
        "strict": None,
        "stages": None,
        "dynamic_shapes": None,
        "threads": 1,
    } | options
    reading, writing = os.pipe()
    with (root / "log").open("w+") as log:
        process = subprocess.Popen(
            [sys.executable, "-I", "-B", "-X", "utf8", str(BOOTSTRAP), "--events", str(writing)],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=[writing],
            cwd=upload,
            text=True,
            env={"PATH": "/usr/bin:/bin", "HOME": str(root), "HF_HUB_OFFLINE": "1", **(env or {})},
        )
        os.close(writing)
        with process:
            assert process.stdin is not None
            process.stdin.write(json.dumps(job))
            process.stdin.close()
            said, order = Said(), Order(ProbeKind(kind))
            with os.fdopen(reading) as lines:
                for line in lines:
                    said.events.append(EVENTS.validate_python(json.loads(line)))
                    order.accept(said.events[-1])
                    if said.events[-1].type == until and until != "finished":
                        process.kill()
                        break
            said.status = process.wait(SECONDS)
        log.seek(0)
        said.log = log.read()
    return said

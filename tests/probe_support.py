"""Runs the real probe, as the worker does, and gives what it said."""

import json
import os
import selectors
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.services.options import RunOptions
from app.settings import Settings
from workers.diagnose import Exit
from workers.events import ProbeKind
from workers.protocol import Order
from workers.sandbox.box import Sandbox
from workers.sandbox.launch import Process
from workers.sandbox.policy import make_job
from workers.vocabulary import EVENTS, Event

SECONDS = 120


@dataclass
class Said:
    """The events of one probe, validated by the trusted side's schema."""

    events: list[Event] = field(default_factory=list)
    log: str = ""
    end: Exit = field(default_factory=lambda: Exit(0, 0, 0))

    @property
    def status(self) -> int:
        """Its exit status; minus the signal that killed it."""
        return self.end.code or -self.end.signal

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


class _Shared:
    """One sandbox for all tests of a session: its zygote imports torch once.

    STAGELIGHT_RUNTIMES=name=/path/to/python has the tests of the probe run on another torch.
    """

    def __init__(self) -> None:
        self.sandbox: Sandbox | None = None
        self.settings = Settings()

    def get(self) -> Sandbox:
        if self.sandbox is None:
            self.sandbox = Sandbox(self.settings).__enter__()
        return self.sandbox

    def close(self) -> None:
        if self.sandbox is not None:
            self.sandbox.__exit__(None, None, None)


SHARED = _Shared()


@contextmanager
def started(
    files: str | Mapping[str, str | bytes],
    kind: str = "whole",
    entry: str = "model.py",
    handover: int | None = None,
    **options: Any,
) -> Iterator[Process]:
    """A running probe on these files; ended at the end, if it still runs."""
    texts = {entry: files} if isinstance(files, str) else files
    job = make_job(ProbeKind(kind), entry, RunOptions(), SHARED.settings) | options
    upload = [
        (name, text.encode() if isinstance(text, str) else text) for name, text in texts.items()
    ]
    runtime, nowhere = SHARED.settings.default_runtime, Path("/nonexistent")
    process = SHARED.get().start(runtime, job, upload, nowhere, handover)
    try:
        yield process
    finally:
        process.close()


def read_both(process: Process, until: bytes = b"") -> tuple[bytes, bytes]:
    """All events and all output of a probe; it is killed once it has said `until`."""
    read = {process.events: b"", process.output: b""}
    with selectors.DefaultSelector() as selector:
        for fd in read:
            selector.register(fd, selectors.EVENT_READ)
        while selector.get_map():
            ready = selector.select(SECONDS)
            assert ready, "the probe says nothing and does not end"
            for key, _ in ready:
                data = os.read(key.fd, 2**20)
                read[key.fd] += data
                if not data:
                    selector.unregister(key.fd)
            if until and until in read[process.events]:
                process.kill()
    return read[process.events], read[process.output]


def run_probe(
    root: Path,
    files: str | Mapping[str, str | bytes],
    *,
    kind: str = "whole",
    entry: str = "model.py",
    until: str = "finished",
    handover: int | None = None,
    **options: Any,
) -> Said:
    """Run one probe on `files`, sealed, until it has said `until`.

    Args:
        root: an empty folder of the test's own.
        files: the text of the entry file, or contents by path.
        kind: staged or whole.
        entry: the file that is run.
        until: the type of the last event that the test wants; the probe is ended there.
        handover: its end of a pipe to the run's other probe.
        options: fields of the job that differ from the default.
    """
    said, order = Said(), Order(ProbeKind(kind))
    mark = b"" if until == "finished" else b'{"type":"%s"' % until.encode()
    with started(files, kind, entry, handover, **options) as process:
        events, output = read_both(process, mark)
        said.end = process.reap()
    said.log = output.decode(errors="replace")
    for line in events.splitlines():
        said.events.append(EVENTS.validate_python(json.loads(line)))
        order.accept(said.events[-1])
        if mark and said.events[-1].type == until:
            break
    assert not said.end.launch_error, said.end.launch_error
    return said

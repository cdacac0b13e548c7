"""Runs in a real database, and probes that only speak the protocol: small scripts without torch.

A fake probe is started exactly as the real one is, but unsealed unless a test says otherwise: the
two of a run, and the test, wait for each other through files. Its source is PRELUDE and a body.
"""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Engine
from sqlmodel import Session, SQLModel, col, select

from app.db import make_engine, read_scope, session_scope
from app.models import Failure, Graph, Guard, Run, RunEvent, RunLog, Stage
from app.services import queue
from app.services.identity import nobody
from app.services.migrate import migrate
from app.services.options import RunOptions
from app.services.queue import Claim
from app.services.runs import create_run
from app.services.storage import BlobStore
from app.settings import ROOT, Settings
from workers.drive import Ended, Following, drive
from workers.follow.line import Line
from workers.sandbox.box import Sandbox
from workers.wish import Wish

Row = TypeVar("Row", bound=SQLModel)

SCRIPT = b"print('a script')\n"

PRELUDE = """
import json, mmap, os, signal, sys, time
def warm(preload):
    return []
def run(given, events):
    globals().update(
        job=given,
        FD=events,
        STAGED=given["probe"] == "staged",
        FLAG=os.path.join(given["root"], "..", "..", "flag"),  # seen by both children
    )
    exec(compile(BODY, "body", "exec"), globals())
def raw(data):
    view = memoryview(data)
    while view:
        view = view[os.write(FD, view):]
def say(event):
    raw(json.dumps(event).encode() + b"\\n")
LOADED = {"type": "loaded", "form": "names", "model_class": "Net", "parameters": 10,
          "buffers": 0, "dtypes": ["float32"], "devices": ["cpu"], "training": False,
          "strict": False, "environment": {"python": "3"}, "seconds": 0.1}
EAGER = {"type": "eager", "seconds": 0.1, "peak_rss_bytes": 1, "inputs": [], "outputs": [],
         "modules": [{"path": "backbone", "class_name": "Net", "calls": 1, "parameters": 10}]}
FINISHED = {"type": "finished"}
def plan(*names):
    return {"type": "planned",
            "components": [{"path": n, "class_name": "Net", "role": "backbone", "why": "by name",
                            "parameters": 10, "calls": 1} for n in names],
            "stages": [{"key": "component:" + n, "kind": "component", "name": n, "component": n,
                        "role": "backbone"} for n in names]}
def started(key):
    return {"type": "stage_started", "key": key}
def passed(key):
    node = {"name": "relu", "op": "call_function", "target": "aten.relu.default"}
    return {"type": "stage_finished", "key": key, "status": "passed", "seconds": 0.1,
            "graph": {"version": 2, "nodes": [node]}, "code": "def forward(x): ...",
            "guards": [{"kind": "guard", "expression": "Eq(s0, 8)"}],
            "replay": {"status": "equal", "cases": [{"status": "equal"}]}}
def failure(category="data_dependent_branch"):
    frame = {"file": "model.py", "line": 3, "where": "upload", "text": "if x.sum() > 0:"}
    return {"category": category, "exception": "torch.Error", "message": "no " + category,
            "culprit": frame, "upload": frame, "frames": [frame]}
def failed(key, category="data_dependent_branch"):
    return {"type": "stage_finished", "key": key, "status": "failed", "failure": failure(category)}
def note(text):
    return {"type": "note", "code": "test", "message": text}
def begin(*names):
    say(LOADED)
    if STAGED:
        say(EAGER)
        say(plan(*names))
def component(name, end=passed):
    say(started("component:" + name))
    say(end("component:" + name))
def whole(end=passed):
    say(started("whole"))
    say(end("whole"))
def finish():
    say(FINISHED)
    sys.stdout.flush()
    os._exit(0)
def tell():
    open(FLAG, "w").close()
def wait():
    while not os.path.exists(FLAG):
        time.sleep(0.01)
    time.sleep(0.2)  # what the other said before is read by now
"""

GOOD = """
begin("backbone", "head")
if STAGED:
    print("hello from the script")
    component("backbone")
    component("head", failed)
else:
    print("hello from the script")
    whole()
finish()
"""

# Whole waits, so that what staged does comes before its end.
STAGED_ONLY = """
if not STAGED:
    begin()
    say(started("whole"))
    tell()
    time.sleep(60)
begin("backbone", "neck", "head")
wait()
component("backbone")
say(started("component:neck"))
"""


def make_settings(tmp_path: Path, **values: object) -> Settings:
    """Settings of a data folder of its own, with limits that a test can meet."""
    defaults: dict[str, object] = {
        "data": tmp_path / "data",
        "wall_seconds": 20,
        "memory_mb": 512,
        "sandbox": "off",
        "follow_ups": False,
    }
    return Settings(**{**defaults, **values})  # type: ignore[arg-type]


@contextmanager
def database(settings: Settings) -> Iterator[Engine]:
    """An engine on the migrated database."""
    migrate(settings.url)
    engine = make_engine(settings.url)
    yield engine
    engine.dispose()


def submit(engine: Engine, settings: Settings, script: bytes = SCRIPT, **values: object) -> int:
    """Queue a run, as an upload does; `values` are set on its row."""
    with session_scope(engine) as session:
        store = BlobStore(settings.data / "scripts")
        run = create_run(
            session,
            store,
            script,
            "model.py",
            options=RunOptions(),
            settings=settings,
            asker=nobody(),
        )
        for name, value in values.items():
            setattr(run, name, value)
        session.flush()
        assert run.id is not None
        return run.id


def write_probe(tmp_path: Path, body: str) -> Path:
    """A fake probe's program."""
    path = tmp_path / "fake_probe.py"
    path.write_text(f"{PRELUDE}BODY = {textwrap.dedent(body)!r}\n")
    return path


def claim_next(engine: Engine, worker: str = "w", lease_seconds: float = 60) -> Claim:
    """Claim the next run of the default runtime."""
    claim = queue.claim(engine, worker, ["default"], lease_seconds)
    assert claim is not None
    return claim


def follow_to_the_end(
    engine: Engine,
    claim: Claim,
    settings: Settings,
    wish: Callable[[], Wish],
    base: Path,
    sandbox: Sandbox,
) -> Ended | Wish:
    """Drive a run to its verdict, and try all that follows it."""
    result = drive(engine, claim, settings, wish, base, sandbox)
    if not isinstance(result, Following):
        return result
    steps = Line(result.context, sandbox, base, wish).steps()
    return next((lost for lost in steps if lost is not None), result.end)


def drive_fake(
    tmp_path: Path,
    body: str,
    wish: Callable[[], Wish] = lambda: Wish.GO_ON,
    **values: object,
) -> "Story":
    """Drive one run with a fake probe, and read what came of it."""
    settings = make_settings(tmp_path, **values)
    with database(settings) as engine:
        run_id = submit(engine, settings)
        claim = claim_next(engine)
        base = tmp_path / "scratch"
        base.mkdir()
        probe = write_probe(tmp_path, body)
        with Sandbox(settings, probe) as sandbox:
            result = follow_to_the_end(engine, claim, settings, wish, base, sandbox)
        if isinstance(result, Ended):
            assert queue.finish(engine, claim, status=result.status, reason=result.reason)
        return Story(engine, run_id, result)


class Story:
    """What the database says of a run."""

    def __init__(self, engine: Engine, run_id: int, result: Ended | Wish | None = None) -> None:
        self.result = result
        with read_scope(engine) as session:
            self.run = session.get_one(Run, run_id)
            self.stages = _all(session, Stage, run_id, "n")
            self.failures = _all(session, Failure, run_id, "id")
            self.events = _all(session, RunEvent, run_id, "id")
            self.guards = list(session.exec(select(Guard).order_by(col(Guard.id))))
            self.graphs = list(session.exec(select(Graph)))
            log = session.get(RunLog, run_id)
            self.log = log.text if log else ""
            self.dropped = log.dropped if log else 0

    @property
    def outline(self) -> dict[str, str]:
        """Stage key → status."""
        return {stage.key: stage.status.value for stage in self.stages}

    def failure(self, key: str | None = None) -> Failure:
        """The failure of a stage, or of the run itself."""
        stage_id = next((s.id for s in self.stages if s.key == key), None)
        (found,) = [f for f in self.failures if f.stage_id == stage_id]
        return found


def _all(session: Session, table: type[Row], run_id: int, order: str) -> list[Row]:
    query = select(table).where(col(getattr(table, "run_id")) == run_id)  # noqa: B009
    return list(session.exec(query.order_by(getattr(table, order))))


WORKER = """
import logging, sys
from pathlib import Path
from app.settings import Settings
from workers.main import Worker
from workers.stop import Stop
logging.basicConfig(level=logging.INFO)
stop = Stop()
stop.on_signals()
Worker(Settings(), sys.argv[1], stop, Path(sys.argv[2])).run()
"""


@contextmanager
def worker_process(settings: Settings, name: str, probe: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A real worker in a process of its own; killed at the end if it still runs."""
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, name, str(probe)],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment(settings)},
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.kill()
        process.wait()


def environment(settings: Settings) -> dict[str, str]:
    """Settings as the variables that another process reads them from."""
    names = (
        *("data", "lease_seconds", "attempts", "wall_seconds", "memory_mb", "workers", "port"),
        *("sandbox", "follow_ups"),
    )
    variables = {f"STAGELIGHT_{name.upper()}": str(getattr(settings, name)) for name in names}
    return {**variables, "TMPDIR": str(settings.data.parent)}


def wait_until(condition: Callable[[], object], seconds: float = 20) -> None:
    """Poll until it holds; fails when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to be in time"
        time.sleep(0.02)

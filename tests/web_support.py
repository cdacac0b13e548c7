"""Uploads good and bad, and runs in every state, as rows."""

import hashlib
import json
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine, event, func, select
from sqlmodel import Session, SQLModel

from app.db import read_scope, session_scope
from app.models import (
    Blocker,
    Category,
    Component,
    Failure,
    Graph,
    Guard,
    GuardKind,
    Remedy,
    RemedyKind,
    RemedyStatus,
    ReplayStatus,
    Role,
    Run,
    RunLog,
    RunStatus,
    Search,
    Stage,
    StageKind,
    StageStatus,
    Verdict,
    Worker,
)
from app.models.columns import utc_now
from app.patches import write_diff
from app.services.identity import nobody
from app.services.options import RunOptions
from app.services.runs import create_run
from app.services.search import index_run
from app.services.storage import BlobStore
from app.settings import Settings

SCRIPT = b"import torch\nmodel = torch.nn.ReLU()\ninputs = (torch.ones(2),)\n"

SPEC = {"name": "image", "shape": ["s0", 3], "dtype": "float32", "device": "cpu"}
LOADED: dict[str, Any] = {
    "form": "names",
    "model_class": "Net",
    "parameters": 1_284_113,
    "buffers": 4,
    "dtypes": ["float32"],
    "devices": ["cpu"],
    "training": False,
    "strict": False,
    "environment": {"python": "3.11.2", "torch": "2.13.0", "packages": {"numpy": "2.3.1"}},
    "seconds": 0.8,
}
EAGER: dict[str, Any] = {
    "seconds": 0.043,
    "peak_rss_bytes": 412_000_000,
    "inputs": [SPEC],
    "outputs": [SPEC],
    "modules": [
        {"path": "backbone", "class_name": "Net", "calls": 1, "parameters": 75, "own": 75},
        {"path": "blocks.0", "class_name": "Block", "calls": 2, "parameters": 10, "own": 10},
        {"path": "blocks.1", "class_name": "Block", "calls": 2, "parameters": 10, "own": 10},
        {"path": "blocks.2", "class_name": "Block", "calls": 2, "parameters": 5, "own": 5},
    ],
}
COVERAGE = {
    "modules": 4,
    "modules_exported": 3,
    "parameters": 100,
    "parameters_exported": 75,
    "calls": 8,
    "calls_exported": 6,
    "fates": ["exported", "exported", "failed", "not_reached"],
}
FRAMES = [
    {"file": "model.py", "line": 40, "function": "<module>", "text": "export()", "where": "upload"},
    {"file": "torch/export.py", "line": 9, "function": "export", "text": "x", "where": "torch"},
    {"file": "model.py", "line": 8, "function": "forward", "text": "if x > 0:", "where": "upload"},
]

BIRTH = {"symbol": "u0", "operation": "nonzero", "frame": FRAMES[0]}
CAUSE: dict[str, Any] = {
    "category": Category.DATA_DEPENDENT_BRANCH,
    "exception": "torch.GuardOnDataDependentSymNode",
    "message": "Could not guard on Eq(u0, 1).\n\nMore of it.",
    "hint": "Use torch.where.",
    "file": "model.py",
    "line": 8,
    "function": "forward",
    "text": "if x > 0:",
    "module": "decode",
    "expression": "Eq(u0, 1)",
    "frames": FRAMES,
    "source": {"file": "model.py", "first": 7, "lines": ["y = x", "if x > 0:", "    z = 1"]},
    "stack": "Traceback (most recent call last): …",
}


@dataclass
class Seed:
    """Makes runs without a worker: the rows that one would have written."""

    session: Session
    store: BlobStore
    settings: Settings

    def run(self, title: str = "a run", source: bytes = SCRIPT, **values: Any) -> Run:
        """A run; `values` are its columns."""
        options = values.pop("options", RunOptions())
        filename = values.pop("filename", "model.py")
        run = create_run(
            self.session,
            self.store,
            source,
            filename,
            options=options,
            settings=self.settings,
            asker=nobody(),
        )
        run.title = title
        if values.get("status", RunStatus.QUEUED) is not RunStatus.QUEUED:
            run.started_at = utc_now()
        for name, value in values.items():
            setattr(run, name, value)
        if run.status.ended:
            run.finished_at = utc_now()
        index_run(self.session, id_of(run))
        return run

    def finished(self, verdict: Verdict, **values: Any) -> Run:
        """A run with a verdict, and all that comes with it."""
        given: dict[str, Any] = {
            "status": RunStatus.FINISHED,
            "loaded": LOADED,
            "eager": EAGER,
            "coverage": COVERAGE,
            "whole_at": utc_now(),
        }
        return self.run(verdict=verdict, **(given | values))

    def stage(
        self,
        run: Run,
        n: int,
        status: StageStatus = StageStatus.PASSED,
        kind: StageKind = StageKind.COMPONENT,
        **values: Any,
    ) -> Stage:
        """A stage of the run; one that passed has a graph and an equal replay."""
        name = values.pop("name", "whole model" if kind is StageKind.WHOLE else f"part{n}")
        stage = Stage(
            run_id=id_of(run), n=n, key=f"{kind}:{n}", kind=kind, name=name, status=status
        )
        if status is StageStatus.PASSED:
            stage.graph_id = self.graph(f"{run.id}-{n}").id
            stage.seconds = 0.25
            stage.inputs = stage.outputs = [SPEC]
            stage.replay = ReplayStatus.EQUAL
            stage.replay_detail = replay(ReplayStatus.EQUAL, 0.0)
        for key, value in values.items():
            setattr(stage, key, value)
        self.session.add(stage)
        self.session.flush()
        return stage

    def component(self, run: Run, position: int, path: str = "backbone") -> None:
        """A row of the plan."""
        self.session.add(
            Component(
                run_id=id_of(run),
                position=position,
                path=path,
                class_name="Net",
                role=Role.BACKBONE,
                why="its attribute is named backbone",
                parameters=1_000,
                calls=1,
            )
        )

    def graph(self, salt: str, code: str = "", document: dict[str, Any] | None = None) -> Graph:
        """A graph of one operation, or with this document."""
        code = code or f"def forward(self, image):\n    # {salt}\n    return (image,)\n"
        document = document or {
            "version": 2,
            "nodes": [
                {"name": "image", "op": "placeholder", "target": "image"},
                {"name": "relu", "op": "call_function", "target": "aten.relu.default"},
                {"name": "output", "op": "output", "target": "output"},
            ],
            "inputs": [{"name": "image", "kind": "user_input"}],
            "outputs": [{"name": "relu", "kind": "user_output"}],
            "symbols": [
                {"name": "s0", "lower": "2", "upper": "int_oo", "meaning": "image.shape[0]"}
            ],
        }
        data = json.dumps(document).encode()
        graph = Graph(
            digest=hashlib.sha256(data + code.encode()).hexdigest(),
            version=1,
            nodes=1,
            document=zlib.compress(data),
            code=zlib.compress(code.encode()),
        )
        self.session.add(graph)
        self.session.flush()
        return graph

    def guard(self, stage: Stage, position: int = 0, **values: Any) -> None:
        """A guard of the stage."""
        assert stage.id is not None
        given: dict[str, Any] = {
            "kind": GuardKind.SPECIALISATION,
            "expression": "Eq(s0, 8)",
            "meaning": "image.shape[0] == 8",
            "file": "model.py",
            "line": 8,
        }
        self.session.add(Guard(stage_id=stage.id, position=position, **(given | values)))

    def failure(self, run: Run, stage: Stage | None = None, **values: Any) -> Failure:
        """A failure of the stage, or of the run."""
        failure = Failure(
            run_id=id_of(run), stage_id=None if stage is None else stage.id, **(CAUSE | values)
        )
        self.session.add(failure)
        self.session.flush()
        return failure

    def blocker(self, run: Run, position: int, **values: Any) -> Blocker:
        """A blocker of the run, met in two modules, `position` lines below line 7."""
        line = 7 + position
        given: dict[str, Any] = {
            "line": line,
            "births": [BIRTH],
            "value": "True",
            "occurrences": [
                {"module": f"blocks.{n}", "file": "model.py", "line": line, "calls": 2}
                for n in range(2)
            ],
            "behind": position > 1,
            "bypass": "it was answered as in the eager run: True",
        }
        blocker = Blocker(run_id=id_of(run), position=position, **(CAUSE | given | values))
        self.session.add(blocker)
        self.session.flush()
        return blocker

    def remedy(self, run: Run, position: int, blocker: int | None = 1, **values: Any) -> Remedy:
        """A remedy of the run that works; as it would be written, but for `values`."""
        head = SCRIPT.decode().replace("ReLU()", f"ReLU()  # fix {position}")
        given: dict[str, Any] = {
            "name": "where_for_branch",
            "title": f"Fix {position}: torch.where in place of the branch",
            "kind": RemedyKind.REWRITE,
            "status": RemedyStatus.WORKS,
            "files": {run.entry: head},
            "patch": write_diff({run.entry: SCRIPT.decode()}, {run.entry: head}),
            "seconds": 1.5,
            "replay": ReplayStatus.EQUAL,
            "replay_detail": replay(ReplayStatus.EQUAL, 0.0),
        }
        remedy = Remedy(run_id=id_of(run), position=position, blocker=blocker, **(given | values))
        self.session.add(remedy)
        self.session.flush()
        return remedy

    def combined(self, run: Run, position: int, **values: Any) -> Remedy:
        """All that works together, of the whole model."""
        given: dict[str, Any] = {
            "name": "combined",
            "title": "All that works, together",
            "kind": RemedyKind.COMBINED,
            "parts": list(range(1, position)),
        }
        return self.remedy(run, position, None, **(given | values))

    def searched(self, blockers: int, complete: Search = Search.CLEAN, **values: Any) -> Run:
        """A run whose search found so many, and the stage of its last export past them."""
        search = {"complete": complete, "reason": values.pop("reason", "")}
        run = self.partly(search=search, **values)
        for position in range(1, blockers + 1):
            self.blocker(run, position)
        self.stage(run, 4, kind=StageKind.BYPASS, name="past its blockers, first export")
        return run

    def log(self, run: Run, text: str, dropped: int = 0) -> None:
        """What the run printed."""
        self.session.add(RunLog(run_id=id_of(run), text=text, dropped=dropped))

    def partly(self, title: str = "partly", **values: Any) -> Run:
        """A run whose head alone stops it: stage 1 passed, 2 and the whole failed."""
        run = self.finished(Verdict.PARTLY, title=title, **values)
        self.component(run, 0)
        passed = self.stage(run, 1, component="backbone", role=Role.BACKBONE)
        self.guard(passed)
        for n, kind in ((2, StageKind.COMPONENT), (3, StageKind.WHOLE)):
            stage = self.stage(run, n, StageStatus.FAILED, kind)
            self.failure(run, stage)
        self.log(run, "hello\n")
        return run


def make_worker(name: str = "host-1", **values: Any) -> Worker:
    """A worker as it would say of itself."""
    given: dict[str, Any] = {
        "host": "host",
        "pid": 7,
        "runtimes": ["default"],
        "tier": "full",
        "layers": {"landlock": "ABI 7", "seccomp": "allow-list", "bwrap": "0.8.0"},
    }
    return Worker(name=name, **(given | values))


def replay(status: ReplayStatus, difference: float | str) -> dict[str, Any]:
    """A replay of one case with one output."""
    output = {
        "name": "0",
        "max_abs": difference,
        "max_rel": difference,
        "equal": status is ReplayStatus.EQUAL,
    }
    return {
        "status": status,
        "max_abs": difference,
        "max_rel": difference,
        "cases": [{"sizes": {"batch": 3}, "status": status, "outputs": [output]}],
    }


@contextmanager
def seeding(engine: Engine, store: BlobStore, settings: Settings) -> Iterator[Seed]:
    """One transaction of rows."""
    with session_scope(engine) as session:
        yield Seed(session, store, settings)


def id_of(run: Run) -> int:
    """The id of a run that was flushed."""
    assert run.id is not None
    return run.id


def count_queries(app: FastAPI, act: Callable[[], object]) -> int:
    """How many statements the application sends while `act` runs."""
    seen: list[str] = []

    def listen(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    engine = app.state.web.engine
    event.listen(engine, "before_cursor_execute", listen)
    try:
        act()
    finally:
        event.remove(engine, "before_cursor_execute", listen)
    return sum(not statement.startswith("BEGIN") for statement in seen)


def submit(
    client: TestClient, script: bytes = SCRIPT, name: str = "model.py", **fields: str
) -> Any:
    """Upload a script; the answer."""
    return client.post("/api/runs", files={"script": (name, script)}, data=fields)


def rows(engine: Engine, table: type[SQLModel]) -> int:
    """How many rows a table has."""
    with read_scope(engine) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def blobs(settings: Settings) -> list[str]:
    """Names of the stored uploads."""
    return [path.name for path in (settings.data / "scripts").rglob("*") if path.is_file()]


def text_of(html: str) -> str:
    """What a person reads: without tags, white space folded."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())

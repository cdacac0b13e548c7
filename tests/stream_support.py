"""Recorded event streams, runs in a real database to play them into, and a watch on the process.

A run is played as workers/child.py and workers/drive.py do it, without processes: bytes to lines,
lines to events, events in order, events to rows, and an end for each child.
"""

import gzip
import shutil
import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlmodel import select

from app.db import make_engine, read_scope, session_scope
from app.models import Graph, Run, RunStatus, Stage
from app.services import present, queue
from app.services.graphs import graph_facts
from app.services.history import list_runs
from app.services.history_filters import Filters
from app.services.queue import Claim
from app.services.summary import summarise
from tests.worker_support import claim_next, database, make_settings, submit
from workers.diagnose import against_protocol
from workers.events import PAIR, ProbeKind
from workers.ingest import Ingest
from workers.protocol import LineReader, Order, ProtocolError, parse_line
from workers.verdict import ending

STREAMS = Path(__file__).parent / "streams"  # made by scripts/record_streams.py
CASES = sorted({path.name.partition(".")[0] for path in STREAMS.glob("*.jsonl.gz")})
KINDS = PAIR

# What a run's row may learn from events. All its other columns are ours.
SAID = {"verdict", "whole_at", "loaded", "eager", "coverage", "search", "notes"} | {
    "model_class",  # of what it loaded
    "category",  # of its failure
    "stored_bytes",  # of what its stages left
}
# What SQLAlchemy, which asks what it may call with which arguments, and sqlite3 do by themselves.
HARMLESS = {"builtins.id", "object.__getattr__", "sqlite3.connect/handle"}
HARMLESS_CODE = b"def foo(iterable=()): pass"  # inspect's way to read a signature of C code

Row = dict[str, Any]
Tables = dict[str, list[Row]]


@lru_cache
def recorded(case: str, kind: ProbeKind) -> bytes:
    """What the real probe said."""
    return gzip.decompress((STREAMS / f"{case}.{kind}.jsonl.gz").read_bytes())


class Play:
    """One claimed run, and what its two children say."""

    def __init__(self, engine: Engine, claim: Claim) -> None:
        self.run_id = claim.run_id
        self.refused: dict[ProbeKind, ProtocolError] = {}
        self.taken = 0  # events
        self._engine, self._claim = engine, claim
        self.ingest = Ingest(engine, claim)
        self._readers = {kind: LineReader(2**26, 2**28) for kind in KINDS}
        self._orders = {kind: Order(kind) for kind in KINDS}

    def hear(self, kind: ProbeKind, data: bytes) -> None:
        """A child says this; after a breach of the protocol nothing that it says counts."""
        if kind in self.refused:
            return
        try:
            for line in self._readers[kind].feed(data):
                event = parse_line(line)
                self._orders[kind].accept(event)
                self.ingest.take(kind, event)
                self.taken += 1
        except ProtocolError as error:
            self.refused[kind] = error

    def end(self) -> None:
        """Both children are gone."""
        for kind in KINDS:
            error = self.refused.get(kind)
            self.ingest.end(kind, against_protocol(str(error)) if error else None)

    def finish(self) -> RunStatus:
        """The run ends as the worker would end it."""
        status, reason = ending(self.ingest.facts, self.ingest.troubles)
        assert queue.finish(self._engine, self._claim, status=status, reason=reason)
        return status


@dataclass(frozen=True)
class Arena:
    """A database file with run 1, which another worker has done, and run 2, which is claimed."""

    template: Path
    copy: Path
    claim: Claim
    engine: Engine  # on the copy; kept, for it knows the compiled SQL

    @contextmanager
    def fresh(self) -> Iterator[tuple[Engine, Play]]:
        """A new copy, and run 2 to be played."""
        shutil.copyfile(self.template, self.copy)
        try:
            yield self.engine, Play(self.engine, self.claim)
        finally:
            self.engine.dispose()  # the last connection takes the WAL with it
            assert not self.copy.with_name("copy.db-wal").exists()

    def before(self) -> Tables:
        """All rows as they were."""
        return read_tables(self.template)

    def after(self) -> Tables:
        """All rows as they are."""
        return read_tables(self.copy)


def make_arena(folder: Path) -> Arena:
    """Needs an empty folder."""
    settings = make_settings(folder)
    with database(settings) as engine:
        for title in ("bystander", "hostile"):
            submit(engine, settings, title=title)
        bystander = Play(engine, claim_next(engine, "other"))
        for kind in KINDS:
            bystander.hear(kind, recorded("strict", kind))
        bystander.end()
        bystander.finish()
        claim = claim_next(engine, "ours", 1e6)
        with session_scope(engine) as session:
            assert session.get_one(Run, claim.run_id).title == "hostile"
    template = settings.data / "stagelight.db"
    assert not template.with_name("stagelight.db-wal").exists(), "a copy of the file is enough"
    copy = folder / "copy.db"
    return Arena(template, copy, claim, make_engine(f"sqlite:///{copy}"))


def read_tables(path: Path) -> Tables:
    """Every row of every table, in order."""
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    try:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {
            name: [dict(row) for row in connection.execute(f"SELECT * FROM {name} ORDER BY 1")]
            for (name,) in names
        }
    finally:
        connection.close()


def check_only_this_run(before: Tables, after: Tables, run_id: int) -> None:
    """Nothing else in the database changed, and of the run's row only what events may say."""
    stages = {row["id"]: row for row in after["stage"] if row["run_id"] == run_id}
    known = {row["id"] for row in before["graph"]}
    graphs = {row["graph_id"] for row in stages.values()} - known

    def is_own(table: str, row: Row) -> bool:
        if table == "guard":
            return row["stage_id"] in stages
        if table == "graph":
            return row["id"] in graphs
        return bool(row.get("run_id") == run_id)

    for table in before.keys() | after.keys():
        if table == "run":
            assert [_trusted(row, run_id) for row in after[table]] == [
                _trusted(row, run_id) for row in before[table]
            ]
            continue
        others = [row for row in after[table] if not is_own(table, row)]
        assert others == [row for row in before[table] if not is_own(table, row)], table


def check_readable(engine: Engine) -> None:
    """The history lists both runs, and each page of each has what it shows."""
    with read_scope(engine) as session:
        assert len(list_runs(session, Filters(), 10).runs) == 2
        for run in session.exec(select(Run)).all():
            summarise(present.facts(session, present.run_view(session, run)))
        for stage, run in session.exec(select(Stage, Run).where(Stage.run_id == Run.id)).all():
            present.stage_view(session, run, stage)
        for graph in session.exec(select(Graph)).all():
            graph_facts(graph)


def _trusted(row: Row, run_id: int) -> Row:
    if row["id"] != run_id:
        return row
    return {name: value for name, value in row.items() if name not in SAID}


class _Watch(threading.local):
    """What this thread is seen to do while it is watched."""

    seen: list[str] | None = None
    database = ""  # may be connected to


_WATCH = _Watch()


def _audit(event: str, args: tuple[Any, ...]) -> None:
    if _WATCH.seen is None or event in HARMLESS:
        return
    if (event, *args[:1]) not in (
        ("sqlite3.connect", _WATCH.database),
        ("compile", HARMLESS_CODE),
    ):
        _WATCH.seen.append(f"{event} {args!r:.300}")


sys.addaudithook(_audit)  # for ever: Python has no way to remove one


@contextmanager
def watched(database: Path) -> Iterator[list[str]]:
    """All that Python audits in the block and is not harmless: files opened, modules imported,
    code compiled, objects unpickled, processes started.
    """
    seen: list[str] = []
    _WATCH.seen, _WATCH.database = seen, str(database)
    try:
        yield seen
    finally:
        _WATCH.seen = None

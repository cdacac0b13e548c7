"""How pages do with 100,000 runs: a real server on one core.

Prints for each address the 50th and 95th percentile of the time until its whole answer was there,
and how many queries it took with few runs and with many; ends with 1 where a p95 is over its budget
or a number of queries is not the same. Requests come one after the other; those of the history's
first page and of a run with 50 stages also 50 times a second, however long the ones before take:
the time then counts from the moment that a request was due.

    python -m bench.history [--runs 100000] [--requests 40] [--only TEXT] [--folder FOLDER]
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from fastapi.testclient import TestClient
from sqlalchemy import Engine, event, text

from app.db import make_engine
from app.main import create_app
from app.settings import Settings
from bench.seeded_history import write_history
from bench.server import running_server

BUDGET_MS = 50.0
A_SECOND = 50  # requests
BUSY = ("/", "/runs/N, 50 stages")  # what a busy team asks for
RUNTIME = "torch-2.13"
FEW = 300  # runs that the number of queries is compared with


@dataclass(frozen=True)
class Figure:
    """One address. Milliseconds."""

    name: str
    median: float
    p95: float
    worst: float
    queries: tuple[int, int]  # with few runs and with many

    @classmethod
    def of(
        cls, name: str, every: float, times: Sequence[float], queries: tuple[int, int]
    ) -> "Figure":
        """What these times say."""
        name += f", {A_SECOND} times a second" if every else ""
        ordered = sorted(times)
        p95 = ordered[int(len(ordered) * 0.95)]
        return cls(name, statistics.median(ordered), p95, ordered[-1], queries)

    @property
    def is_good(self) -> bool:
        """Whether it is in its budget."""
        return self.p95 <= BUDGET_MS and self.queries[0] == self.queries[1]

    def __str__(self) -> str:
        few, many = self.queries
        verdict = "ok" if self.is_good else "OVER"
        return (
            f"{self.name:58} {self.median:6.1f} {self.p95:6.1f} {self.worst:6.1f}"
            f"  {few:3} {many:3}  {verdict}"
        )


def main() -> None:
    """Make the histories, ask for each page, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=40, help="of each address")
    parser.add_argument("--only", default="", help="a part of the addresses to ask for")
    parser.add_argument("--folder", type=Path, help="for the histories, which are then kept")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="stagelight-") as passing:
        folder = arguments.folder or Path(passing)
        few, many = (_history(folder / str(runs), runs) for runs in (FEW, arguments.runs))
        figures = measure(few, many, arguments.requests, arguments.only)
    if not all(figure.is_good for figure in figures):
        sys.exit(1)


def measure(few: Settings, many: Settings, requests: int, only: str) -> list[Figure]:
    """Print the figure of each address as it is there."""
    print(f"{'':58} {'median':>6} {'p95':>6} {'worst':>6}  queries  (budget {BUDGET_MS:g} ms)")
    figures = []
    names = [name for name in addresses(many) if only in name]
    before, after = queries(few, names), queries(many, names)
    with server(many) as client:
        for name, address in addresses(many).items():
            if name not in names:
                continue
            for every in (0.0, 1 / A_SECOND) if name in BUSY else (0.0,):
                times = ask(client, address, requests, every)
                figure = Figure.of(name, every, times, (before[name], after[name]))
                print(figure, flush=True)
                figures.append(figure)
    return figures


def _history(folder: Path, runs: int) -> Settings:
    start = time.perf_counter()
    settings = Settings(data=folder, runtimes={RUNTIME: Path(sys.executable)}, workers=0)
    if not folder.exists():
        write_history(settings, runs)
    size = sum(path.stat().st_size for path in folder.glob("stagelight.db*")) / 2**20
    print(f"{runs:,} runs in {time.perf_counter() - start:.0f} s, {size:.0f} MiB", flush=True)
    return settings


def addresses(settings: Settings) -> dict[str, str]:
    """Every page and filter, by how it is printed."""
    engine = make_engine(settings.url)
    with engine.connect() as connection:
        last = connection.scalar(text("SELECT max(id) FROM run")) or 0
        blocked = connection.scalar(text("SELECT max(id) FROM run WHERE verdict = 'blocked'"))
        large = connection.scalar(text("SELECT run_id FROM stage WHERE n = 50"))
        common = connection.scalar(text("SELECT fingerprint FROM blocker WHERE id = 1"))
    engine.dispose()
    history = {f"/{query}": f"/{query}" for query in (*FILTERS, "?before=40")}
    history["/?before=N/2"] = f"/?before={last // 2}"
    as_json = {f"/api/runs{query}": f"/api/runs{query}" for query in FILTERS}
    others = {
        "/runs/N": f"/runs/{blocked}",
        "/runs/N, 50 stages": f"/runs/{large}",
        "/runs/N/stages/5": f"/runs/{blocked}/stages/5",
        "/runs/N/blockers/1": f"/runs/{blocked}/blockers/1",
        "/api/runs/N": f"/api/runs/{blocked}",
        "/failures": "/failures",
        **{f"/failures{query}": f"/failures{query}" for query in FAILURES},
        "/failures/F": f"/failures/{common}",
        "/api/failures": "/api/failures",
        "/api/failures/F": f"/api/failures/{common}",
        "/compare?base=N-1&head=N": f"/compare?base={(blocked or 2) - 1}&head={blocked}",
        "/scripts?name=anchor_anchor.py": "/scripts?name=anchor_anchor.py",
        "/api/scripts?name=anchor_anchor.py": "/api/scripts?name=anchor_anchor.py",
        "/_trends": "/_trends",
        "/_trends?verdict=blocked": "/_trends?verdict=blocked",
        "/share?run=N": f"/share?run={blocked}",
        "/shares": "/shares",
        "/settings": "/settings",
    }
    return history | as_json | others


FILTERS = (
    "",
    "?status=finished",
    "?status=running",
    "?status=cancelled",
    "?verdict=exported",
    "?verdict=script_error",
    "?runtime=torch-2.13",
    "?runtime=nightly",
    "?runtime=none",
    "?person=person-00",
    "?person=person-39",
    "?script=anchor_anchor.py",
    "?script=warp_warp.py",
    "?model=AnchorAnchorNet",
    "?model=WarpIndexNet",
    "?category=data_dependent_branch",
    "?category=unsupported_input",
    "?tag=release",
    "?tag=release&tag=edge",
    "?pin=1",
    "?since=7d",
    "?until=2000-01-01",
    "?q=keypoint",
    "?q=pose+window",
    "?q=guard",
    "?q=torch",
    "?q=heatmap_77",
    "?q=nosuchword",
    "?q=vendor&verdict=blocked",
    "?q=guard&person=person-39",
    "?verdict=blocked&runtime=nightly",
    "?verdict=exported&person=person-39",
    "?status=failed&person=person-39",
    "?category=mutation&model=WarpIndexNet",
    "?person=person-00&runtime=torch-2.13&since=30d&tag=ci",
)
FAILURES = (
    "?state=open",
    "?category=data_dependent_branch",
    "?runtime=nightly",
    "?script=anchor_anchor.py",
    "?q=keypoint",
)


def queries(settings: Settings, names: Sequence[str]) -> dict[str, int]:
    """How many statements each address takes, in this process."""
    found: dict[str, int] = {}
    app = create_app(settings)
    engine: Engine = app.state.web.engine
    with (
        TestClient(app, base_url="http://127.0.0.1", follow_redirects=False) as client,
        _counting(engine) as counted,
    ):
        for name, address in addresses(settings).items():
            if name not in names:
                continue
            client.get(address)  # what is read once a process is not counted
            before = len(counted)
            answer = client.get(address)
            if answer.status_code != 200:
                raise RuntimeError(f"{address}: {answer.status_code} {answer.text[:400]}")
            found[name] = len(counted) - before
    return found


@contextmanager
def _counting(engine: Engine) -> Iterator[list[str]]:
    counted: list[str] = []

    def note(_c: object, _u: object, statement: str, *_: object) -> None:
        counted.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield counted
    event.remove(engine, "before_cursor_execute", note)


@contextmanager
def server(settings: Settings) -> Iterator[httpx.Client]:
    """`stagelight serve` without workers, on one core; this process takes another."""
    cores = sorted(os.sched_getaffinity(0))
    given = {"DATA": str(settings.data), "WORKERS": "0", "RUNTIMES": f"{RUNTIME}={sys.executable}"}
    os.sched_setaffinity(0, cores[:1])  # a child has its parent's
    try:
        with running_server(**{f"STAGELIGHT_{name}": value for name, value in given.items()}) as it:
            os.sched_setaffinity(0, cores[1:] or cores)
            yield it
    finally:
        os.sched_setaffinity(0, cores)


def ask(client: httpx.Client, address: str, requests: int, every: float) -> list[float]:
    """Milliseconds of each request. One is due `every` so many seconds; 0: after the one before."""
    client.get(address).raise_for_status()
    times = []
    due = time.perf_counter()
    for _ in range(requests):
        due = due + every if every else time.perf_counter()
        time.sleep(max(0.0, due - time.perf_counter()))
        client.get(address).raise_for_status()
        times.append((time.perf_counter() - due) * 1000)
    return times


if __name__ == "__main__":
    main()

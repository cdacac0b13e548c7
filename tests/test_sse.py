"""A run's changes as server-sent events, over a real socket."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx2
import pytest
from sqlalchemy import Engine

from app.db import session_scope
from app.models import Run, RunStatus
from app.routes import api_events
from app.services.live import announce
from app.services.storage import BlobStore
from app.settings import Settings
from tests.conftest import LiveServer
from tests.web_support import id_of, seeding


@dataclass(frozen=True)
class Received:
    """One event of a stream."""

    type: str
    id: str
    data: object


def read(lines: Iterator[str]) -> Iterator[Received]:
    """The events of a stream, as they come; comments are left out."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            key, _, value = line.partition(":")
            fields[key] = value.strip()
        elif "data" in fields:
            yield Received(
                fields.get("event", ""), fields.get("id", ""), json.loads(fields["data"])
            )
            fields = {}


@contextmanager
def stream(url: str, **headers: str) -> Iterator[Iterator[Received]]:
    """Follow an address."""
    with httpx2.stream("GET", url, headers=headers, timeout=10) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield read(answer.iter_lines())


@pytest.fixture
def run_id(engine: Engine, store: BlobStore, settings: Settings) -> int:
    """A run that goes on, with two events."""
    with seeding(engine, store, settings) as seed:
        run = seed.run(status=RunStatus.RUNNING)
        announce(seed.session, id_of(run), "run", status="running", verdict=None)
        announce(seed.session, id_of(run), "stage", n=1, status="running")
        return id_of(run)


def end(engine: Engine, run_id: int) -> None:
    """End the run, as a worker does."""
    with session_scope(engine) as session:
        run = session.get_one(Run, run_id)
        run.status = RunStatus.FINISHED
        announce(session, run_id, "run", status="finished", verdict="exported")


def test_a_stream_tells_what_was_and_what_comes_and_ends_with_the_run(
    live_server: LiveServer, engine: Engine, run_id: int
) -> None:
    with stream(f"{live_server.url}/api/runs/{run_id}/events") as events:
        first, second = next(events), next(events)
        assert first == Received("run", "1", {"status": "running", "verdict": None})
        assert second == Received("stage", "2", {"n": 1, "status": "running"})
        with session_scope(engine) as session:
            announce(session, run_id, "stage", n=1, status="passed")
        assert next(events) == Received("stage", "3", {"n": 1, "status": "passed"})
        end(engine, run_id)
        assert next(events) == Received("run", "4", {"status": "finished", "verdict": "exported"})
        assert next(events) == Received("end", "", {"status": "finished"})
        assert list(events) == []


def test_a_reader_goes_on_where_it_left_off(
    live_server: LiveServer, engine: Engine, run_id: int
) -> None:
    end(engine, run_id)
    url = f"{live_server.url}/api/runs/{run_id}/events"
    with stream(url, **{"Last-Event-ID": "2"}) as events:
        assert [event.id for event in events] == ["3", ""]
    with stream(f"{url}?after=1") as events:
        assert [event.id for event in events] == ["2", "3", ""]
    with stream(f"{url}?after=1", **{"Last-Event-ID": "3"}) as events:
        assert [event.type for event in events] == ["end"]


@pytest.mark.parametrize("odd", ["x", "-1", "\u00b2", "9" * 40])
def test_an_odd_last_event_id_is_no_error(
    odd: str, live_server: LiveServer, engine: Engine, run_id: int
) -> None:
    end(engine, run_id)
    url = f"{live_server.url}/api/runs/{run_id}/events"
    with httpx2.stream("GET", url, headers={b"Last-Event-ID": odd.encode()}) as answer:
        assert answer.status_code == 200
        assert [event.type for event in read(answer.iter_lines())][-1] == "end"


def test_more_events_than_one_batch_all_come(
    live_server: LiveServer, engine: Engine, run_id: int
) -> None:
    with session_scope(engine) as session:
        for _ in range(2 * api_events.BATCH):
            announce(session, run_id, "log")
    end(engine, run_id)
    with stream(f"{live_server.url}/api/runs/{run_id}/events") as events:
        ids = [int(event.id) for event in events if event.id]
    assert ids == list(range(1, 2 * api_events.BATCH + 4))


def test_a_runs_stream_has_no_other_runs_events(
    live_server: LiveServer,
    engine: Engine,
    store: BlobStore,
    settings: Settings,
    run_id: int,
) -> None:
    with seeding(engine, store, settings) as seed:
        other = seed.run(status=RunStatus.RUNNING)
        announce(seed.session, id_of(other), "log")
    end(engine, run_id)
    with stream(f"{live_server.url}/api/runs/{run_id}/events") as events:
        assert [event.type for event in events] == ["run", "stage", "run", "end"]


def test_a_deleted_run_ends_its_stream(
    live_server: LiveServer, engine: Engine, run_id: int
) -> None:
    with stream(f"{live_server.url}/api/runs/{run_id}/events?after=2") as events:
        with session_scope(engine) as session:
            session.delete(session.get_one(Run, run_id))
        assert next(events) == Received("end", "", {"status": None})


def test_streams_end_when_the_server_stops(live_server: LiveServer, run_id: int) -> None:
    with stream(f"{live_server.url}/api/runs/{run_id}/events?after=2") as events:
        threading.Timer(0.2, live_server.app.state.web.stopping.set).start()
        assert list(events) == []


def test_a_quiet_stream_is_kept_alive(
    live_server: LiveServer, run_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fastapi.routing._PING_INTERVAL", 0.1)  # seconds; 15 without this
    url = f"{live_server.url}/api/runs/{run_id}/events?after=2"
    with httpx2.stream("GET", url, timeout=10) as answer:
        assert next(answer.iter_lines()) == ": ping"

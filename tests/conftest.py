"""Fixtures that many tests share: a migrated database, the application, a server, a browser."""

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from sqlalchemy import Engine
from xdist.remote import Producer

from app.cli.connections import Connection
from app.db import make_engine
from app.main import create_app
from app.services.migrate import migrate
from app.services.queue import Claim
from app.services.storage import BlobStore
from app.settings import ROOT, Settings
from tests.probe_support import SHARED
from tests.rights.team import build
from tests.spread import Spread, longest_first
from tests.web_support import Seed, seeding, text_of
from tests.worker_support import claim_next, submit
from workers.ingest import Ingest

CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SCREENSHOTS = ROOT / "build" / "screenshots"  # of browser tests that failed

REFUSED = "the server responded with a status of 4"  # Chromium's own line on any such answer

REPORTS = pytest.StashKey[pytest.TestReport]()


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Spread:
    """Which process runs what, where there are several."""
    return Spread(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In which order."""
    longest_first(items)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with a data folder of the test's own. Runs end with their verdict."""
    runtimes = {"default": Path(sys.executable)}
    return Settings(data=tmp_path / "data", runtimes=runtimes, follow_ups=False)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file that was migrated once, to be copied: migrating takes half a second."""
    path = tmp_path_factory.mktemp("migrated") / "stagelight.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def engine(settings: Settings, migrated: Path) -> Iterator[Engine]:
    """A migrated SQLite file of the test's own."""
    settings.data.mkdir()
    shutil.copy(migrated, settings.data)
    engine = make_engine(settings.url)
    yield engine
    engine.dispose()


@pytest.fixture
def claim(engine: Engine, settings: Settings) -> Claim:
    """A run that this worker holds."""
    submit(engine, settings)
    return claim_next(engine)


@pytest.fixture
def ingest(engine: Engine, claim: Claim) -> Ingest:
    """What takes that run's events."""
    return Ingest(engine, claim)


@pytest.fixture
def store(settings: Settings) -> BlobStore:
    """Where uploads lie."""
    return BlobStore(settings.data / "scripts")


@pytest.fixture
def seed(engine: Engine, store: BlobStore, settings: Settings) -> Iterator[Seed]:
    """Rows of one transaction."""
    with seeding(engine, store, settings) as seed:
        yield seed


@pytest.fixture
def app(settings: Settings, engine: Engine) -> FastAPI:
    """The application on that database."""
    return create_app(settings)


@pytest.fixture(scope="session")
def world(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a team and all that the matrix of rights names, to be copied."""
    data = tmp_path_factory.mktemp("world") / "data"
    data.mkdir()
    shutil.copy(migrated, data)
    build(Settings(data=data))
    return data


@pytest.fixture
def team(settings: Settings, world: Path) -> FastAPI:
    """The application with accounts, on a copy of that folder."""
    shutil.copytree(world, settings.data)
    return create_app(settings.model_copy(update={"accounts": True}))


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """A client of the application, in this process. Follows no redirects."""
    with TestClient(app, base_url="http://127.0.0.1", follow_redirects=False) as client:
        yield client


@pytest.fixture
def get(client: TestClient) -> Any:
    """Fetches a page that must be there; its text."""

    def fetch(path: str) -> str:
        answer = client.get(path)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        return text_of(answer.text)

    return fetch


@pytest.fixture(scope="session", autouse=True)
def _shared_sandbox() -> Iterator[None]:
    """End the sandbox that probe tests share, if one of them started it."""
    yield
    SHARED.close()


@dataclass
class LiveServer:
    """The application behind a real socket, with as many workers as a test starts."""

    settings: Settings
    engine: Engine
    app: FastAPI
    url: str
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start_worker(self) -> subprocess.Popen[bytes]:
        """Start a real worker process on the same database."""
        given = {
            "STAGELIGHT_DATA": str(self.settings.data),
            "STAGELIGHT_FOLLOW_UPS": str(self.settings.follow_ups),
            "STAGELIGHT_RUNTIMES": ",".join(f"{n}={p}" for n, p in self.settings.pythons.items()),
            "PYTHONPATH": str(ROOT),
        }
        worker = subprocess.Popen([sys.executable, "-m", "workers"], env=os.environ | given)
        self.workers.append(worker)
        return worker

    def stop_workers(self) -> None:
        """End them, and wait until they have."""
        for worker in self.workers:
            worker.terminate()
        for worker in self.workers:
            worker.wait(timeout=20)


@pytest.fixture
def live_server(app: FastAPI, settings: Settings, engine: Engine) -> Iterator[LiveServer]:
    """A server on a free port of the loopback."""
    with serving(app) as url:
        live = LiveServer(settings, engine, app, url)
        yield live
        live.stop_workers()


@contextmanager
def serving(app: FastAPI, protocol: type[Connection] = Connection) -> Iterator[str]:
    """The application behind a real socket; its address."""
    config = uvicorn.Config(
        app, http=protocol, log_config=None, timeout_graceful_shutdown=1, access_log=False
    )
    server = uvicorn.Server(config)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        wait_until(lambda: server.started)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            app.state.web.stopping.set()
            server.should_exit = True
            thread.join(timeout=10)


def wait_until(met: Callable[[], object], seconds: float = 10) -> None:
    """Return once `met()` is true; fail after `seconds`."""
    end = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < end, f"not met within {seconds} s"
        time.sleep(0.02)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium, with a profile of its own."""
    found = filter(None, map(shutil.which, CHROMIUM_NAMES))
    path = os.environ.get("STAGELIGHT_CHROMIUM") or next(found, None)
    assert path, "no Chromium: install one, or set STAGELIGHT_CHROMIUM to its path"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@dataclass
class Watched:
    """A page, and all that it complained about."""

    page: Page
    complaints: list[str]


def watch(context: BrowserContext) -> Watched:
    """A new page whose errors and policy violations are kept."""
    watched = Watched(context.new_page(), [])
    watched.page.on("pageerror", lambda error: watched.complaints.append(str(error)))
    watched.page.on(
        "console",
        lambda message: (
            watched.complaints.append(message.text)
            if message.type in ("error", "warning")
            else None
        ),
    )
    return watched


@pytest.fixture
def page(
    browser: Browser, live_server: LiveServer, request: pytest.FixtureRequest
) -> Iterator[Page]:
    """A page at the live server. No error and no policy violation may come from it."""
    yield from _page(browser, live_server, request, scripts=True)


@pytest.fixture
def plain_page(
    browser: Browser, live_server: LiveServer, request: pytest.FixtureRequest
) -> Iterator[Page]:
    """The same without JavaScript."""
    yield from _page(browser, live_server, request, scripts=False)


def _page(
    browser: Browser, live_server: LiveServer, request: pytest.FixtureRequest, *, scripts: bool
) -> Iterator[Page]:
    context = browser.new_context(base_url=live_server.url, java_script_enabled=scripts)
    watched = watch(context)
    yield watched.page
    report = request.node.stash.get(REPORTS, None)
    if report is not None and report.failed:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        watched.page.screenshot(path=SCREENSHOTS / f"{request.node.name}.png", full_page=True)
    context.close()
    assert [text for text in watched.complaints if REFUSED not in text] == []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Keep how a test went, for its fixtures."""
    report: pytest.TestReport = yield  # type: ignore[assignment]
    if report.when == "call":
        item.stash[REPORTS] = report
    return report  # type: ignore[return-value]

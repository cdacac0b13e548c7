"""What may be done so often and no oftener: new runs, links, and guesses at links."""

from collections.abc import Callable
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.main import create_app
from app.rates import Counts
from app.services.storage import BlobStore
from app.settings import Settings
from tests.conftest import wait_until
from tests.entry_support import browser_at
from tests.people_support import add_person, logged_in, stranger
from tests.share_support import link_to, stopped_run
from tests.web_support import SCRIPT, seeding

ONCE = "1/hour"
FORM = {"plan": "auto", "entry": "model.py"}
UNKNOWN = "/s/" + "A" * 32

Act = Callable[[TestClient], Any]

# All ways to a new run, and to a link.
UPLOADS: dict[str, Act] = {
    "api": lambda one: one.post("/api/runs", files={"script": ("m.py", SCRIPT)}),
    "api rerun": lambda one: one.post("/api/runs/1/rerun"),
    "api remedy": lambda one: one.post("/api/runs/1/remedies/1/run"),
    "page": lambda one: one.post("/runs", files={"script": ("m.py", SCRIPT)}),
    "page rerun": lambda one: one.post("/runs/1/rerun", data=FORM, files={"none": b""}),
    "page remedy": lambda one: one.post("/runs/1/remedies/1/run"),
}
SHARES: dict[str, Act] = {
    "api": lambda one: one.post("/api/shares", json={"run": 1}),
    "page": lambda one: one.post("/share", data={"run": "1"}),
}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    given = {"accounts": True, "upload_rate": ONCE, "share_rate": ONCE, "guess_rate": "2/hour"}
    return settings.model_copy(update=given)


@pytest.fixture(autouse=True)
def people(engine: Engine, store: BlobStore, settings: Settings) -> None:
    """Ana and ben, and run 1, with a remedy that works, which is ana's."""
    for name in ("ana", "ben"):
        add_person(engine, name)
    with seeding(engine, store, settings) as seed:
        stopped_run(seed).owner = "ana"


def is_too_often(answer: Any, words: str) -> bool:
    """Whether it says that, and when to try again."""
    assert answer.status_code in (200, 201, 303, 429), answer.text
    if answer.status_code != 429:
        return False
    assert f"Too many {words} in a short time." in answer.text
    assert 0 < int(answer.headers["retry-after"]) <= 3600
    return True


@pytest.mark.parametrize("way", UPLOADS)
def test_every_way_to_a_new_run_counts(way: str, app: FastAPI) -> None:
    with logged_in(app, "ana") as ana:
        assert not is_too_often(UPLOADS[way](ana), "uploads")
        for other in UPLOADS.values():
            assert is_too_often(other(ana), "uploads")
        assert ana.get("/").status_code == 200
        assert ana.get("/api/runs").json()["runs"][1]["id"] == 1, "one run was made"
    with logged_in(app, "ben") as ben:
        assert not is_too_often(UPLOADS["api"](ben), "uploads"), "each has a count of their own"


@pytest.mark.parametrize("way", SHARES)
def test_every_way_to_a_link_counts(way: str, app: FastAPI) -> None:
    with logged_in(app, "ana") as ana:
        assert not is_too_often(SHARES[way](ana), "links")
        for other in SHARES.values():
            assert is_too_often(other(ana), "links")


def test_in_the_upload_form_it_is_said_there(app: FastAPI) -> None:
    with logged_in(app, "ana") as ana:
        UPLOADS["page"](ana)
        answer = ana.post(
            "/runs", files={"script": ("m.py", SCRIPT)}, headers={"HX-Request": "true"}
        )
    assert answer.text.count('id="problem"') == 1, "what the form puts in its place"
    assert "Try again in " in answer.text


def test_without_accounts_nothing_is_counted_but_guesses(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"accounts": False}))
    with TestClient(app, base_url="http://127.0.0.1", follow_redirects=False) as client:
        for way in (UPLOADS["api"], SHARES["api"]):
            assert [way(client).status_code for _ in range(3)] == [201] * 3
        assert [client.get(UNKNOWN).status_code for _ in range(3)] == [404, 404, 429]


def test_what_opens_is_no_guess(app: FastAPI) -> None:
    with logged_in(app, "ana") as ana:
        link = link_to(ana, run=1)
    with stranger(app) as reader:
        for path in ("", "/report.json", "/report.nothing", "/repro.py") * 2:
            assert reader.get(link + path).status_code in (200, 404)
        assert reader.get(link).status_code == 200


@pytest.mark.parametrize("path", [UNKNOWN, f"{UNKNOWN}/report.json", "/s/x", "/s/a/b/c"])
def test_who_guesses_too_often_opens_nothing_for_a_while(path: str, app: FastAPI) -> None:
    with logged_in(app, "ana") as ana:
        link = link_to(ana, run=1)
    with stranger(app) as guesser:
        assert [guesser.get(path).status_code for _ in range(2)] == [404, 404]
        for one in (path, link):  # the same for both, so that it tells nothing
            assert is_too_often(guesser.get(one), "links that do not open")
    far = TestClient(app, base_url="http://127.0.0.1", client=("192.0.2.7", 50000))
    assert far.get(link).status_code == 200


def test_a_network_guesses_as_one(app: FastAPI) -> None:
    for last, status in ((1, 404), (2, 404), (3, 429)):
        with browser_at(app, f"2001:db8::{last}") as guesser:
            assert guesser.get(UNKNOWN).status_code == status


def test_whom_it_counted_is_forgotten_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(now=0.0)
    fake = SimpleNamespace(time=lambda: clock.now)
    monkeypatch.setattr("limits.storage.memory.time", fake)
    counts, others = Counts(), count()
    for key in map(str, range(100)):
        assert counts.acquire_entry(key, 1, 60)
        assert not counts.acquire_entry(key, 1, 60)
    clock.now += 61

    def forgotten() -> bool:  # what is old is looked for when more is counted
        assert counts.acquire_entry(f"other {next(others)}", 1, 60)
        return "0" not in counts.events

    wait_until(forgotten)
    assert [key for key in counts.events if key.isdigit()] == []
    assert not counts.acquire_entry("other 0", 1, 60)

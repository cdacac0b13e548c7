"""The first page and its history, as a browser without JavaScript gets them."""

import re
from html import unescape
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.models import (
    RunStatus,
    StageStatus,
    Verdict,
)
from app.services.storage import BlobStore
from app.settings import Settings
from tests.web_support import count_queries, seeding


def test_the_first_page_offers_upload_gallery_and_history(get: Any, client: TestClient) -> None:
    text = get("/")
    for words in ("Choose a .py or .zip", "Paste instead", "Options", "No runs yet"):
        assert words in text
    html = client.get("/").text
    assert 'action="/runs" enctype="multipart/form-data"' in html
    assert html.count('name="example"') >= 6


def test_the_history_shows_each_kind_of_run(
    get: Any, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.run("waits")
        running = seed.run("works", status=RunStatus.RUNNING)
        seed.stage(running, 1)
        seed.stage(running, 2, StageStatus.RUNNING)
        seed.partly("some of it")
        seed.run("broke", status=RunStatus.FAILED, reason="worker lost twice")
        seed.finished(Verdict.EXPORTED, title="good")
    text = get("/")
    order = [text.index(title) for title in ("good", "broke", "some of it", "works", "waits")]
    assert order == sorted(order)
    for words in (
        "queued waits",
        "running works",
        "1/2",
        "partly some of it data-dependent branch at model.py:8",
        "failed broke worker lost twice",
    ):
        assert words in text


def test_the_history_is_filtered_and_paged(
    get: Any, client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        for n in range(31):
            seed.run(f"run-{n:02}", source=b"a = 1")
        seed.partly("the partly one")
    text = get("/?verdict=partly")
    assert "the partly one" in text
    assert "run-" not in text
    assert "No run matches this filter" in get("/?verdict=blocked")
    html = client.get("/?status=queued").text
    (older,) = re.findall(r'href="(/\?status=queued&amp;before=\d+)"', html)
    assert "run-00" not in html
    last = get(unescape(older))
    assert "run-00" in last
    assert "Older runs" not in last


def test_the_history_refreshes_itself_only_while_something_goes_on(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.finished(Verdict.EXPORTED)
    assert "every 2s" not in client.get("/").text
    with seeding(engine, store, settings) as seed:
        seed.run("waits")
    assert "every 2s" in client.get("/").text
    part = client.get("/_history?verdict=exported").text
    assert part.lstrip().startswith('<div id="history"')
    assert "waits" not in part


def test_the_history_takes_the_same_number_of_queries_at_any_length(
    app: FastAPI, client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.partly()
    few = count_queries(app, lambda: client.get("/"))
    with seeding(engine, store, settings) as seed:
        for n in range(40):
            seed.partly(f"run {n}")
    assert few == count_queries(app, lambda: client.get("/")) == 4

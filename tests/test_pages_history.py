"""The first page and its history, as a browser without JavaScript gets them."""

import re
from html import unescape
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.models import (
    RunStatus,
    StageStatus,
    Verdict,
)
from app.services.annotations import annotate
from app.services.identity import nobody
from app.services.storage import BlobStore
from app.settings import Settings
from tests.web_support import count_queries, seeding, submit, text_of


def links(html: str, words: str) -> list[str]:
    """The addresses of the links whose text has these words."""
    found = re.findall(r'<a [^>]*?href="([^"]*)"[^>]*>(.*?)</a>', html, re.DOTALL)
    return [unescape(url) for url, text in found if words in text_of(text)]


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


def test_every_filter_that_is_on_is_a_link_that_takes_it_off(client: TestClient) -> None:
    query = "q=pose&status=queued&verdict=partly&person=anna&tag=a&tag=b%2F2&since=7d&pin=1"
    html = client.get(f"/?{query}").text
    off = dict(
        re.findall(
            r'<a class="filter" href="([^"]*)" aria-label="Take off the filter ([^"]*)"', html
        )
    )
    words = [text.strip() for text in off.values()]
    assert words == [
        "text pose",
        "status queued",
        "person anna",
        "since 7d",
        "star",
        "tag a",
        "tag b/2",
    ], "the verdict is taken off by the outcomes"
    without_a = next(unescape(url) for url, text in off.items() if text == "tag a")
    assert "tag=b%2F2" in without_a
    assert "tag=a" not in without_a
    assert links(html, "Show all runs") == ["/"]
    assert links(html, "blocked") == [
        "/?q=pose&verdict=blocked&person=anna&tag=a&tag=b%2F2&since=7d&pin=1"
    ]


def test_the_form_keeps_what_is_filtered_by_and_drops_what_is_empty(client: TestClient) -> None:
    answer = client.get("/?q=&status=&verdict=blocked&tag=&tag=ci&model=Net&since=")
    assert (answer.status_code, answer.headers["location"]) == (
        307,
        "/?verdict=blocked&model=Net&tag=ci",
    )
    html = client.get(answer.headers["location"]).text
    assert '<option value="blocked" selected>' in html
    assert 'name="tag" value="ci"' in html
    assert 'name="model" value="Net"' in html


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("verdict=nope", "There is no verdict 'nope'. Choose one of: exported"),
        ("since=soon&q=kept", "'soon' is no time. Write a day"),
        ("before=x", "'x' is no page of the history"),
        ("q=%00%3A%3A", "can be searched for"),
        ("tag=a b", "'a b' cannot be a tag"),
    ],
)
def test_a_filter_that_means_nothing_is_explained_at_its_form(
    query: str, says: str, client: TestClient
) -> None:
    answer = client.get(f"/?{query}")
    assert answer.status_code == 422
    assert says in text_of(answer.text)
    assert 'action="/runs" enctype="multipart/form-data"' in answer.text
    if "kept" in query:
        assert 'name="q" value="kept"' in answer.text
    assert client.get(f"/_history?{query}").status_code == 422
    assert client.get(f"/trends?{query}").status_code in (200, 422)


def test_what_was_searched_for_is_shown_where_it_is(
    get: Any, client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    submit(client, b"import torch\n<b>topk</b> = x.topk(3)\n", title="first")
    with seeding(engine, store, settings) as seed:
        run = seed.partly("second", source=b"a = 1")
        annotate(seed.session, run, nobody(), note="see <i>topk</i>")
    html = client.get("/?q=topk").text
    assert "&lt;b&gt;<mark>topk</mark>&lt;/b&gt; = x.<mark>topk</mark>(3)" in html
    assert "see &lt;i&gt;<mark>topk</mark>&lt;/i&gt;" in html
    text = get("/?q=topk")
    assert "script line 2" in text
    assert "<mark>" not in client.get("/").text


def test_the_list_is_sent_again_only_when_something_is_new(client: TestClient) -> None:
    def fresh() -> str:
        (url,) = re.findall(r'hx-get="(/_history\?[^"]*)"', client.get("/?person=none").text)
        return unescape(url)

    url = fresh()
    assert client.get(url).status_code == 204
    submit(client)
    answer = client.get(url)
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<div id="history"')
    changes: list[tuple[str, str, dict[str, Any]]] = [
        ("PATCH", "/api/runs/1", {"json": {"tags": ["new"]}}),
        ("POST", "/runs/1/star", {"data": {"pin": "true"}}),
        ("POST", "/api/runs/1/cancel", {}),
        ("DELETE", "/api/runs/1", {}),
        ("POST", "/api/runs/1/restore", {}),
    ]
    for method, path, given in changes:
        url = fresh()
        assert client.get(url).status_code == 204
        assert client.request(method, path, **given).status_code < 400
        assert client.get(url).status_code == 200


def test_the_list_follows_its_filter(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.finished(Verdict.EXPORTED, title="good")
        seed.run("waits")
    part = client.get("/_history?verdict=exported").text
    assert "good" in part
    assert "waits" not in part


def test_a_star_is_given_and_taken_in_the_list(client: TestClient) -> None:
    submit(client)
    fields = {"pin": "true", "back": "?verdict=blocked&tag=a&before=7&evil=//x"}
    answer = client.post("/runs/1/star", data=fields)
    assert answer.headers["location"] == "/?verdict=blocked&tag=a&before=7"
    assert 'aria-pressed="true"' in client.get("/").text
    answer = client.post("/runs/1/star", data={"back": "?"}, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["hx-trigger"]) == (204, "history")
    assert 'aria-pressed="true"' not in client.get("/").text
    assert client.post("/runs/1/star").headers["location"] == "/runs/1"


def test_tags_and_note_are_written_at_the_run(get: Any, client: TestClient) -> None:
    submit(client)
    fields = {"tags": "nightly, Team/pose  nightly", "note": "line one\r\n<b>two</b>"}
    assert client.post("/runs/1/about", data=fields).headers["location"] == "/runs/1"
    text = get("/runs/1")
    assert "nightly team/pose line one" in text
    html = client.get("/runs/1").text
    assert "&lt;b&gt;two&lt;/b&gt;" in html
    assert 'value="nightly team/pose"' in html
    assert links(html, "team/pose") == ["/?tag=team%2Fpose"]
    assert links(client.get("/").text, "nightly") == ["/?tag=nightly"]
    answer = client.post("/runs/1/about", data={"tags": "what?", "note": ""})
    assert answer.status_code == 422
    assert "'what?' cannot be a tag" in text_of(answer.text)


def test_deleting_offers_undo(get: Any, client: TestClient) -> None:
    submit(client, title="mine")
    client.post("/runs/1/cancel")
    where = client.post("/runs/1/delete").headers["location"]
    text = get(where)
    assert "Run 1, mine, was deleted. Undo" in text
    assert "No runs yet" in text
    assert 'action="/runs/1/restore"' in client.get(where).text
    assert client.post("/runs/1/restore").headers["location"] == "/runs/1"
    assert "was deleted" not in get(where)
    for wrong in ("x", "9" * 40, "%00", "-1", "2"):
        assert "was deleted" not in get(f"/?deleted={wrong}")


def test_a_filter_gets_a_name_and_an_address(get: Any, client: TestClient) -> None:
    submit(client)
    answer = client.post("/filters", data={"name": "My queue", "query": "status=queued&person="})
    assert answer.headers["location"] == "/?status=queued"
    answer = client.get("/filters/my-queue")
    assert (answer.status_code, answer.headers["location"]) == (303, "/?status=queued")
    assert "Delete the filter “My queue”" in get("/?status=queued")
    assert links(client.get("/").text, "My queue") == ["/filters/my-queue"]
    refused = client.post("/filters", data={"name": "", "query": "status=queued"})
    assert refused.status_code == 422
    assert client.post("/filters/my-queue/delete").headers["location"] == "/?status=queued"
    for missing in ("my-queue", "%00", "x" * 500):
        assert client.get(f"/filters/{missing}").status_code == 404


def test_the_history_takes_the_same_number_of_queries_at_any_length(
    app: FastAPI, client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.partly()
    few = count_queries(app, lambda: client.get("/"))
    searched = count_queries(app, lambda: client.get("/?q=partly&tag=x&since=1d"))
    with seeding(engine, store, settings) as seed:
        for n in range(40):
            annotate(seed.session, seed.partly(f"run {n}"), nobody(), tags=["x"])
    assert few == count_queries(app, lambda: client.get("/")) == 8
    many = count_queries(app, lambda: client.get("/?q=partly&tag=x&since=1d"))
    assert searched == many == 12
    state = client.get("/").text.partition("state=")[2].partition('"')[0]
    assert count_queries(app, lambda: client.get(f"/_history?state={state}")) == 1

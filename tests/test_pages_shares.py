"""The pages of sharing, as a browser without JavaScript gets them."""

import re
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.main import create_app
from app.models import Share
from app.services.storage import BlobStore
from app.settings import Settings
from tests.evil_support import seed_evil
from tests.share_support import link_to, passed_stage, stopped_run
from tests.test_escaping import Parsed
from tests.web_support import count_queries, rows, seeding, text_of


@pytest.fixture(autouse=True)
def runs(engine: Engine, store: BlobStore, settings: Settings) -> None:
    """Run 1, which stops, with a stage 5 that passed."""
    with seeding(engine, store, settings) as seed:
        passed_stage(seed, stopped_run(seed), 5)


# Kind and name of what is hostile, beside run 1.
EVIL = {"run": 2, "stage": "2.2", "failure": "2.1", "compare": "1:2"}


def made(html: str) -> str:
    """The link that a page shows."""
    (url,) = re.findall(r'<input aria-label="Link" value="([^"]+)" readonly>', html)
    assert f'data-copy-text="{url}"' in html
    return str(url)


@pytest.mark.parametrize(
    ("page", "address"),
    [
        ("/runs/1", "/share?run=1"),
        ("/runs/1/stages/5", "/share?stage=1.5"),
        ("/runs/1/blockers/2", "/share?failure=1.2"),
    ],
)
def test_a_button_leads_to_the_form_and_shares_nothing_by_itself(
    page: str, address: str, client: TestClient, engine: Engine
) -> None:
    assert f'href="{address}"' in client.get(page).text
    html = client.get(address).text
    assert 'method="post" action="/share"' in html
    assert f'href="{page}"' in html
    assert rows(engine, Share) == 0


def test_the_form_says_what_is_shared_and_what_stays_without_source(get: Any) -> None:
    text = get("/share?failure=1.2")
    for words in (
        "Share blocker 2 of run 1",
        "pose net",
        "Whoever has the link sees the report of this and nothing else",
        "Without it names still stay: of modules, classes, functions, inputs and files",
        "7 days",
        "HTML, one file that opens offline",
    ):
        assert words in text
    assert "until it is revoked" not in text


def test_the_form_makes_a_link_and_shows_it_once(client: TestClient) -> None:
    answer = client.post("/share", data={"stage": "1.5", "source": "1", "days": "30"})
    assert answer.status_code == 201
    path = made(answer.text).removeprefix("http://127.0.0.1")
    assert "hidden_recipe" in client.get(path).text
    assert path not in client.get("/share?stage=1.5").text
    assert path not in client.get("/shares").text
    (share,) = client.get("/api/shares").json()["shares"]
    assert (share["subject"], share["source"], share["views"]) == ("Stage 5 of run 1", True, 1)


def test_on_loopback_it_says_that_nobody_else_can_open_it_and_offers_the_file(
    client: TestClient, settings: Settings
) -> None:
    html = client.post("/share", data={"run": "1"}).text
    assert "Nobody else can open it" in text_of(html)
    assert 'href="/reports/run/1.html" download>the HTML file' in html
    public = create_app(settings.model_copy(update={"public_url": "https://lab.example"}))
    with TestClient(public, base_url="http://127.0.0.1") as other:
        html = other.post("/share", data={"run": "1"}).text
    assert "Nobody else can open it" not in text_of(html)
    assert made(html).startswith("https://lab.example/s/")


def test_every_file_that_the_form_offers_is_there(client: TestClient) -> None:
    for address in ("/share?run=1", "/share?failure=1.3", "/share?stage=1.5"):
        files = re.findall(r'href="(/reports/[^"]+)"', client.get(address).text)
        assert len(files) == (6 if "stage" in address else 7)
        for file in files:
            assert client.get(file).status_code == 200, file


def test_a_link_for_ever_is_offered_where_it_is_allowed(
    client: TestClient, settings: Settings
) -> None:
    refused = client.post("/share", data={"run": "1", "days": "never"})
    assert refused.status_code == 422
    assert "A link that never expires is not allowed here." in text_of(refused.text)
    allowed = create_app(settings.model_copy(update={"share_forever": True}))
    with TestClient(allowed, base_url="http://127.0.0.1") as other:
        assert "until it is revoked" in text_of(other.get("/share?run=1").text)
        html = other.post("/share", data={"run": "1", "days": "never"}).text
    assert "It opens until it is revoked." in text_of(html)


def test_a_time_that_makes_no_sense_is_told_with_the_form(
    client: TestClient, engine: Engine
) -> None:
    for days in ("0", "366", "x", "-1", "9" * 20, "٣", "\0"):
        answer = client.post("/share", data={"run": "1", "source": "1", "days": days})
        assert answer.status_code == 422, days
        assert "Give it 1 to 365" in text_of(answer.text)
        assert 'name="source" value="1" checked' in answer.text
    assert rows(engine, Share) == 0


def test_what_names_nothing_is_told_so(client: TestClient) -> None:
    for query, status in (
        ("", 422),
        ("?run=1&stage=1.5", 422),
        ("?run=x", 422),
        ("?run=9", 404),
        ("?stage=1.99", 404),
        ("?failure=1.99", 404),
        ("?run=%00", 422),
        ("?run=%ED%A0%80", 422),
        (f"?run={2**63}", 422),
        (f"?run={'1' * 200}", 422),
    ):
        assert client.get(f"/share{query}").status_code == status, query


def test_nothing_hostile_becomes_markup(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed_evil(seed)
    shared = [link_to(client, **{kind: what}, source=True) for kind, what in EVIL.items()]
    forms = [f"/share?{kind}={what}" for kind, what in EVIL.items()]
    for path in [*shared, *forms, "/shares"]:
        html = client.get(path).text
        tags = Parsed(html).tags
        assert {tag for tag, _ in tags}.isdisjoint({"img", "style", "iframe", "object"}), path
        assert not [name for _, given in tags for name in given if name.startswith(("on", "style"))]
        assert "alert(1)" in html
        assert str(7919 * 7907) not in html


def test_links_are_listed_with_their_views_and_revoked_where_they_stand(
    get: Any, client: TestClient
) -> None:
    path = link_to(client, run=1)
    client.get(path)
    text = get("/share?run=1")
    assert "Links to this 1" in text
    assert "active without" in text
    assert "Links to this" not in get("/share?failure=1.1")
    answer = client.post("/shares/1/revoke", data={"back": "/share?run=1"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/share?run=1")
    assert "revoked without" in get("/share?run=1")
    assert client.get(path).status_code == 404


def test_the_list_of_all_says_what_each_shows(get: Any, client: TestClient) -> None:
    assert "Nothing is shared." in get("/shares")
    link_to(client, run=1, source=True)
    link_to(client, failure="1.2")
    text = get("/shares")
    assert "Run 1 pose net with" in text
    assert text.index("Blocker 2 of run 1 pose net without") < text.index("Run 1 pose net with ")
    assert '<a href="/shares">Shares</a>' in client.get("/").text


def test_the_way_back_leads_nowhere_else(client: TestClient) -> None:
    link_to(client, run=1)
    for back in (
        *("https://evil.example", "//evil.example", "/share?run=1\r\nX: y", "/runs", "/\\x"),
        "/share?run=\u0663",
    ):
        answer = client.post("/shares/1/revoke", data={"back": back})
        assert answer.headers["location"] == "/shares"
        answer = client.post(
            "/shares/1/revoke", data={"back": back}, headers={"HX-Request": "true"}
        )
        assert answer.headers["HX-Redirect"] == "/shares"


def test_the_list_has_pages_and_a_fixed_number_of_queries(app: FastAPI, client: TestClient) -> None:
    link_to(client, run=1)
    few = count_queries(app, lambda: client.get("/shares"))
    for _ in range(51):
        link_to(client, run=1)
    assert few == count_queries(app, lambda: client.get("/shares")) == 1
    html = client.get("/shares").text
    assert 'href="/shares?before=3"' in html
    assert "Older links" not in client.get("/shares?before=3").text
    for query in ("before=0", "before=x", f"before={2**63}"):
        assert client.get(f"/shares?{query}").status_code == 422

"""The page of two runs side by side, as a browser without JavaScript gets it."""

import re
from html import unescape
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.models import RunStatus, StageKind, StageStatus, Verdict
from app.services.storage import BlobStore
from app.settings import Settings
from tests.evil_support import EVIL, seed_evil
from tests.test_escaping import Parsed
from tests.web_support import LOADED, SCRIPT, Seed, count_queries, seeding, text_of

FIXED = SCRIPT.replace(b"ReLU()", b"GELU()")


@pytest.fixture
def pair(engine: Engine, store: BlobStore, settings: Settings) -> None:
    """Run 1, which a search found two blockers of; run 2, its fix, which exports."""
    with seeding(engine, store, settings) as seed:
        base = seed.searched(2, title="broken")
        head = seed.finished(Verdict.EXPORTED, title="fixed", source=FIXED, parent_id=base.id)
        seed.guard(seed.stage(head, 1, name="part1"))
        seed.stage(head, 3, kind=StageKind.WHOLE)


def section(html: str, label: str) -> str:
    """What a person reads of one section."""
    begin = html.index(f'aria-label="{label}"')
    return text_of(html[begin - 20 : html.index("</section>", begin)])


def links(html: str) -> dict[str, str]:
    """Where each link of a page leads, by its words."""
    found = re.findall(r'<a\b[^>]*href="([^"]*)"[^>]*>(.*?)</a>', html, flags=re.DOTALL)
    return {text_of(words): unescape(target) for target, words in found}


# -- the comparison


def test_the_page_says_first_what_changed(pair: None, get: Any) -> None:
    text = get("/compare?base=1&head=2")
    first = text.index("Run 2 exports and replays equal; run 1 exports in part, stopped by")
    assert first < text.index("What differs: 2 causes gone, the script")
    order = ("What stops it Change", "Stages 4", "Guards 0 differ", "Script +1", "Options Nothing")
    places = [text.index(words) for words in order]
    assert places == sorted(places)


def test_what_is_gone_and_how_stages_differ_stand_side_by_side(
    pair: None, client: TestClient
) -> None:
    html = client.get("/compare?base=1&head=2").text
    stops = section(html, "What stops it")
    assert "gone Data-dependent branch: if x > 0: in decode model.py:8 not there" in stops
    stages = section(html, "Stages")
    assert "whole model whole failed data-dependent branch at model.py:8 passed 1 node" in stages
    assert "only in run 1" in stages
    assert "Graphs read alike: diff" in stages
    assert "+ model = torch . nn . GELU()" in section(html, "Script")


def test_the_address_is_the_state(pair: None, client: TestClient) -> None:
    html = client.get("/compare?base=1&head=2&hide=same&only=stages").text
    found = links(html)
    assert found["Swap"] == "/compare?base=2&head=1&hide=same&only=stages"
    assert found["Show equal rows"] == "/compare?base=1&head=2&only=stages"
    assert found["All"] == "/compare?base=1&head=2&hide=same"
    assert found["Another head"] == "/compare?base=1&hide=same&only=stages"
    assert found["JSON"] == "/api/compare?base=1&head=2"
    assert client.get(found["Swap"]).status_code == 200
    assert 'aria-label="Stages"' in html
    for label in ("What stops it", "Guards", "Script", "Options", "Environment", "Times"):
        assert f'aria-label="{label}"' not in html


def test_equal_rows_can_be_hidden(pair: None, client: TestClient) -> None:
    shown = client.get("/compare?base=1&head=2").text
    hidden = client.get("/compare?base=1&head=2&hide=same").text
    assert "= same" not in section(hidden, "Stages")
    assert "10 equal rows" in section(shown, "Options")
    assert section(hidden, "Options") == section(shown, "Options").partition(" 10 equal rows")[0]
    assert "image.shape[0] == 8" in section(shown, "Guards")
    assert "Nothing differs here." in section(hidden, "Guards")
    assert section(hidden, "What stops it") == section(shown, "What stops it")


def test_equal_runs_are_said_to_be(pair: None, get: Any) -> None:
    assert "Nothing differs." in get("/compare?base=2&head=2")
    assert "What differs" not in get("/compare?base=2&head=2")


def test_a_run_that_goes_on_keeps_the_page_fresh(
    pair: None, client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    assert "every 5s" not in client.get("/compare?base=1&head=2").text
    with seeding(engine, store, settings) as seed:
        running = seed.run("works", status=RunStatus.RUNNING)
        seed.stage(running, 1, StageStatus.RUNNING)
    html = client.get("/compare?base=1&head=3&only=stops").text
    assert 'hx-get="/compare/_result?base=1&amp;head=3&amp;only=stops"' in html
    part = client.get("/compare/_result?base=1&head=3&only=stops").text
    assert part.lstrip().startswith('<div id="compare"')
    assert "not known to be gone" in text_of(part)
    assert "Run 3 is not over" in text_of(part)


@pytest.mark.parametrize("only", ["", "guards", "environment"])
def test_a_run_that_never_began_can_be_compared(only: str, pair: None, client: TestClient) -> None:
    client.post("/api/runs", files={"script": ("m.py", SCRIPT)})
    assert client.get(f"/compare?base=3&head=3&only={only}").status_code == 200
    text = text_of(client.get(f"/compare?base=1&head=3&only={only}").text)
    assert "Run 3 waits for a worker; run 1 exports in part" in text


# -- the form


def test_without_two_runs_the_page_asks_for_them(pair: None, client: TestClient) -> None:
    html = client.get("/compare").text
    assert '<form class="panel" method="get" action="/compare">' in html
    found = links(html)
    assert found["with run 1, which it repeats"] == "/compare?base=1&head=2"
    one = client.get("/compare?head=2&hide=same").text
    assert 'name="head" value="2"' in one
    assert 'name="hide" value="same"' in one
    assert "/compare?base=1&head=2&hide=same" in links(one).values()


@pytest.mark.parametrize(
    "base", ["run 1", "Run 1", "#1", "01", " 1 ", "/runs/1", "http://h:8000/runs/1/stages/2?x#y"]
)
def test_a_run_is_named_as_people_do(base: str, pair: None, client: TestClient) -> None:
    answer = client.get("/compare", params={"base": base, "head": "2", "only": "stages"})
    if base != " 1 ":
        assert answer.status_code == 303
        assert answer.headers["location"] == "/compare?base=1&head=2&only=stages"
    else:
        assert answer.status_code == 200


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("base=1&head=99", 404, "There is no run 99."),
        ("base=x&head=2", 422, "names no run"),
        ("base=%00&head=2", 422, "names no run"),
        ("base=1%001&head=2", 422, "names no run"),
        ("base=%ED%A0%80&head=2", 422, "names no run"),
        (f"base={2**63}&head=2", 422, "names no run"),
        (f"base={10**18 - 1}&head=2", 404, "There is no run"),
        ("base=0&head=2", 404, "There is no run 0."),
        ("base=1&head=2&only=x", 422, "only"),
        ("base=1&head=2&hide=x", 422, "hide"),
        (f"base={'1' * 3000}&head=2", 422, "base"),
    ],
)
def test_what_names_no_run_is_said_at_the_form(
    query: str, status: int, words: str, pair: None, client: TestClient
) -> None:
    answer = client.get(f"/compare?{query}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert words in text_of(answer.text)
    assert client.get(f"/compare/_result?{query}").status_code == status


# -- ways in


def test_a_run_leads_to_its_comparison(pair: None, client: TestClient) -> None:
    child = links(client.get("/runs/2").text)
    assert child["Compare"] == child["Compare with run 1"] == "/compare?base=1&head=2"
    assert links(client.get("/runs/1").text)["Compare"] == "/compare?head=1"


# -- bounds


def test_nothing_hostile_in_a_script_or_a_run_becomes_markup(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed_evil(seed)
        seed.searched(1, source=SCRIPT + f"# {EVIL}".replace("\0", "").encode())
    for query in ("base=1&head=2", "base=2&head=1&hide=same"):
        html = client.get(f"/compare?{query}").text
        assert not [tag for tag, _ in Parsed(html).tags if tag in ("img", "style", "iframe")]
        assert "alert(1)" in section(html, "Script")
        assert str(7919 * 7907) not in html
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", html)


def test_what_is_left_out_of_a_long_table_is_said(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    def large(seed: Seed, version: str) -> None:
        packages = {f"package{n}": version for n in range(400)}
        environment = {"python": "3", "packages": packages}
        run = seed.finished(Verdict.EXPORTED, loaded={**LOADED, "environment": environment})
        stage = seed.stage(run, 1)
        for n in range(250):
            seed.guard(stage, n, meaning=f"x.shape[{n}] == {version}")

    with seeding(engine, store, settings) as seed:
        large(seed, "1")
        large(seed, "2")
    html = client.get("/compare?base=1&head=2").text
    assert "The first 300 of 400" in section(html, "Environment")
    assert "300 more are left out" in section(html, "Guards")
    alone = client.get("/compare?base=1&head=2&only=guards").text
    assert alone.count("x.shape[") == 500
    assert "left out" not in alone


def test_the_page_takes_the_same_number_of_queries_as_the_json(
    app: FastAPI, client: TestClient, pair: None
) -> None:
    page = count_queries(app, lambda: client.get("/compare?base=1&head=2"))
    assert page == count_queries(app, lambda: client.get("/api/compare?base=1&head=2")) <= 12
    assert count_queries(app, lambda: client.get("/compare")) == 5

"""Links: made by an explicit request, opened by whoever has them, counted, and gone at once."""

import hashlib
import json
import logging
import re
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, delete, select, update
from sqlmodel import col

from app.db import read_scope, session_scope
from app.main import create_app
from app.models import Run, Share
from app.models.columns import utc_now
from app.services.shares import ShareGoneError, count_view
from app.services.storage import BlobStore
from app.settings import Settings
from tests.share_support import FINGERPRINT, REPRO, link_to, passed_stage, stopped_run
from tests.test_escaping import Parsed
from tests.web_support import rows, seeding, text_of

FILES = ("", "/report.html", "/report.json", "/report.md", "/repro.py")
JSON = "application/json"
UNKNOWN = "/s/" + "A" * 32


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """One may look in vain as often as one likes."""
    return settings.model_copy(update={"guess_rate": "1000/minute"})


@pytest.fixture(autouse=True)
def runs(engine: Engine, store: BlobStore, settings: Settings) -> None:
    """Run 1, which stops, with a stage 5 that passed; run 2 beside it."""
    with seeding(engine, store, settings) as seed:
        passed_stage(seed, stopped_run(seed), 5)
        seed.partly("another")


def stored(engine: Engine) -> Share:
    """The newest link's row."""
    with read_scope(engine) as session:
        return session.scalars(select(Share).order_by(col(Share.id).desc())).all()[0]


def test_a_link_has_192_bits_of_chance_and_only_its_hash_is_kept(
    client: TestClient, engine: Engine, settings: Settings
) -> None:
    path = link_to(client, run=1)
    token = path.removeprefix("/s/")
    assert re.fullmatch(r"[A-Za-z0-9_-]{32}", token)
    assert stored(engine).token_sha256 == hashlib.sha256(token.encode()).hexdigest()
    with sqlite3.connect(settings.data / "stagelight.db") as connection:
        everything = "\n".join(connection.iterdump())
    assert hashlib.sha256(token.encode()).hexdigest() in everything
    assert token not in everything
    assert link_to(client, run=1) != path


def test_it_opens_for_seven_days_without_source_unless_asked(
    client: TestClient, engine: Engine
) -> None:
    answer = client.post("/api/shares", json={"run": 1})
    share = stored(engine)
    assert answer.json()["id"] == share.id
    assert share.expires_at == share.created_at + timedelta(days=7)
    assert (share.with_source, share.views, share.revoked_at) == (False, 0, None)
    assert share.created_by
    client.post("/api/shares", json={"run": 1, "days": 365, "source": True})
    longer = stored(engine)
    assert longer.expires_at == longer.created_at + timedelta(days=365)
    assert longer.with_source


@pytest.mark.parametrize(
    ("wanted", "subject"),
    [
        ({"run": 1}, "Run 1"),
        ({"stage": "1.5"}, "Stage 5 of run 1"),
        ({"failure": "1.2"}, "Blocker 2 of run 1"),
        ({"failure": FINGERPRINT}, "Blocker 3 of run 1"),
        ({"compare": "1:2"}, "Run 2 against run 1"),
        ({"compare": {"base": 2, "head": 1}}, "Run 1 against run 2"),
    ],
)
def test_each_kind_of_thing_is_shared(
    wanted: dict[str, Any], subject: str, client: TestClient
) -> None:
    path = link_to(client, **wanted)
    assert client.get(f"{path}/report.json").json()["subject"] == subject
    assert client.get("/api/shares").json()["shares"][0]["subject"] == subject
    assert subject in text_of(client.get(path).text)


REFUSED: list[tuple[dict[str, Any], int]] = [
    ({}, 422),
    ({"run": 1, "stage": "1.5"}, 422),
    ({"run": "x"}, 422),
    ({"run": 0}, 422),
    ({"run": 2**63}, 422),
    ({"run": 9}, 404),
    ({"stage": "1.99"}, 404),
    ({"stage": "1"}, 422),
    ({"stage": "1.5\0"}, 422),
    ({"stage": "\ud800"}, 422),
    ({"failure": "1.99"}, 404),
    ({"failure": "v1:feed"}, 404),
    ({"compare": "1:9"}, 404),
    ({"compare": {"base": 1}}, 422),
    ({"run": 1, "days": 0}, 422),
    ({"run": 1, "days": 366}, 422),
    ({"run": 1, "days": -1}, 422),
    ({"run": 1, "days": 10**30}, 422),
    ({"run": 1, "days": 1.5}, 422),
    ({"run": 1, "days": "soon"}, 422),
    ({"run": 1, "days": None}, 422),
    ({"run": 1, "days": "never"}, 422),
    ({"run": 1, "token": "mine"}, 422),
]


def test_what_cannot_be_shared_is_refused_and_makes_no_link(
    client: TestClient, engine: Engine
) -> None:
    for wanted, status in REFUSED:
        body = json.dumps(wanted)  # a lone surrogate is written out, and read again there
        answer = client.post("/api/shares", content=body, headers={"Content-Type": JSON})
        assert answer.status_code == status, wanted
        assert answer.json()["error"]["message"]
    assert rows(engine, Share) == 0


def test_only_an_admin_allows_a_link_for_ever(
    client: TestClient, engine: Engine, settings: Settings
) -> None:
    error = client.post("/api/shares", json={"run": 1, "days": "never"}).json()["error"]
    assert error["code"] == "bad_expiry"
    assert "STAGELIGHT_SHARE_FOREVER" in error["hint"]
    allowed = create_app(settings.model_copy(update={"share_forever": True}))
    with TestClient(allowed, base_url="http://127.0.0.1") as other:
        for days in ("never", None):
            made = other.post("/api/shares", json={"run": 1, "days": days}).json()
            assert made["expires_at"] is None
        assert other.get("/api/shares").json()["shares"][0]["state"] == "active"


def test_a_link_shows_the_report_and_its_files(client: TestClient) -> None:
    path = link_to(client, run=1, source=True)
    page = text_of(client.get(path).text)
    for words in ("The whole model does not export", "model.py:8", "if x > 0:", "2.13.0"):
        assert words in page
    assert client.get(f"{path}/repro.py").text == REPRO
    assert client.get(f"{path}/report.md").text.startswith("### The whole model")
    assert client.get(f"{path}/report.html").headers["content-disposition"].startswith("attach")


def test_without_source_there_is_no_source_and_no_repro(client: TestClient) -> None:
    path = link_to(client, run=1)
    assert "if x &gt; 0:" not in client.get(path).text
    assert "Shared without source" in text_of(client.get(path).text)
    assert "/repro.py" not in client.get(path).text
    assert client.get(f"{path}/repro.py").status_code == 404


def test_nothing_else_can_be_reached_from_it(client: TestClient) -> None:
    path = link_to(client, run=1, source=True)
    tags = Parsed(client.get(path).text).tags
    links = {attributes["href"] or "" for tag, attributes in tags if tag == "a"}
    assert {f"{path}/report.html", f"{path}/repro.py"} <= links
    assert all(link.startswith(("#", f"{path}/")) for link in links)
    assert {tag for tag, _ in tags}.isdisjoint({"form", "script", "button", "iframe"})
    others = [
        value or "" for tag, attributes in tags for name, value in attributes.items()
        if tag != "a" and name in ("href", "src")
    ]  # fmt: skip
    assert all(other.startswith(("/static/", "#")) for other in others)


@pytest.mark.parametrize("path", ["{}", "{}/report.html", "{}/report.json", UNKNOWN, "/s/x/y/z"])
def test_nobody_indexes_it_keeps_it_or_is_told_of_it(path: str, client: TestClient) -> None:
    headers = client.get(path.format(link_to(client, run=1))).headers
    assert headers["x-robots-tag"] == "noindex, nofollow"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert "content-security-policy" in headers


def test_crawlers_are_told_to_leave_links_alone(client: TestClient) -> None:
    assert client.get("/robots.txt").text == "User-agent: *\nDisallow: /s/\n"
    html = client.get(link_to(client, run=1)).text
    assert '<meta name="robots" content="noindex, nofollow">' in html
    assert '<meta name="referrer" content="no-referrer">' in html


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_it_can_only_be_read(method: str, client: TestClient, engine: Engine) -> None:
    path = link_to(client, run=1)
    answers = [client.request(method, one) for one in (path, UNKNOWN)]
    assert [one.status_code for one in answers] == [405, 405]
    assert answers[0].content == answers[1].content
    assert stored(engine).views == 0


def test_views_are_counted_and_nothing_else_is(client: TestClient, engine: Engine) -> None:
    path = link_to(client, run=1)
    assert client.head(path).status_code == 200
    for file in ("/repro.py", "/report.pdf", "/nothing"):
        assert client.get(path + file).status_code == 404
    assert stored(engine).views == 0
    before = utc_now()
    for file in FILES[:-1]:
        assert client.get(path + file).status_code == 200
    share = stored(engine)
    assert share.views == 4
    assert share.last_viewed_at is not None
    assert share.last_viewed_at >= before
    assert client.get("/api/shares").json()["shares"][0]["views"] == 4


def expire(engine: Engine) -> None:
    with session_scope(engine) as session:
        session.execute(update(Share).values(expires_at=utc_now() - timedelta(seconds=1)))


def revoke(engine: Engine) -> None:
    with session_scope(engine) as session:
        session.execute(update(Share).values(revoked_at=utc_now()))


def move_to_trash(engine: Engine) -> None:
    with session_scope(engine) as session:
        session.execute(update(Run).values(deleted_at=utc_now()))


def purge(engine: Engine) -> None:
    with session_scope(engine) as session:
        session.execute(delete(Run))


@pytest.mark.parametrize("end", [expire, revoke, move_to_trash, purge])
def test_what_is_gone_looks_as_if_it_had_never_been_there(
    end: Callable[[Engine], None], client: TestClient, engine: Engine
) -> None:
    path = link_to(client, run=1, source=True)
    for file in FILES:
        assert client.get(path + file).status_code == 200
    end(engine)
    malformed = (
        "/s/x",
        "/s/" + "A" * 31,
        "/s/" + "é" * 32,
        "/s/%00",
        "/s/%ED%A0%80",
        "/s/" + "A" * 9_000,
    )
    for file in (*FILES, "/report.pdf", "/x/y"):
        answers = [client.get(one + file) for one in (path, UNKNOWN, *malformed)]
        assert {one.status_code for one in answers} == {404}
        assert len({one.content for one in answers}) == 1
        assert len({tuple(one.headers.items()) for one in answers}) == 1
        heads = [client.head(one + file) for one in (path, UNKNOWN)]
        assert {one.status_code for one in heads} == {404}
    assert "This link does not open anything." in text_of(client.get(path).text)
    assert 'href="/"' not in client.get(path).text
    with read_scope(engine) as session:
        assert [share.views for share in session.scalars(select(Share))] in ([], [5])


def test_a_comparison_is_gone_with_either_run(client: TestClient, engine: Engine) -> None:
    path = link_to(client, compare="1:2")
    for run in (1, 2):
        for deleted_at, status in ((utc_now(), 404), (None, 200)):
            with session_scope(engine) as session:
                one = update(Run).where(col(Run.id) == run).values(deleted_at=deleted_at)
                session.execute(one)
            assert client.get(path).status_code == status
            assert len(client.get("/api/shares").json()["shares"]) == (status == 200)


def test_a_run_that_came_back_is_shared_again(client: TestClient, engine: Engine) -> None:
    path = link_to(client, run=1)
    move_to_trash(engine)
    assert client.get(path).status_code == 404
    assert client.get("/api/shares").json()["shares"] == []
    with session_scope(engine) as session:
        session.execute(update(Run).values(deleted_at=None))
    assert client.get(path).status_code == 200


def test_a_link_that_ends_while_its_report_is_made_is_not_shown(
    client: TestClient, engine: Engine
) -> None:
    link_to(client, run=1)
    revoke(engine)
    with session_scope(engine) as session, pytest.raises(ShareGoneError):
        count_view(session, stored(engine).id or 0)


def test_to_revoke_takes_effect_at_once_and_may_be_repeated(
    client: TestClient, engine: Engine
) -> None:
    path, other = link_to(client, run=1), link_to(client, run=1)
    share = stored(engine)
    assert client.delete(f"/api/shares/{share.id}").status_code == 204
    revoked_at = stored(engine).revoked_at
    assert client.delete(f"/api/shares/{share.id}").status_code == 204
    assert stored(engine).revoked_at == revoked_at
    assert client.get(other).status_code == 404
    assert client.get(path).status_code == 200
    for id_ in (99, 0, 2**63):
        assert client.delete(f"/api/shares/{id_}").status_code == 404


def test_the_list_has_every_link_with_its_state_and_no_token(
    client: TestClient, engine: Engine
) -> None:
    tokens = []
    for end in (expire, revoke, None):
        tokens.append(link_to(client, run=2).removeprefix("/s/"))
        if end is not None:
            end(engine)
    answer = client.get("/api/shares")
    shares = answer.json()["shares"]
    assert [one["state"] for one in shares] == ["active", "revoked", "revoked"]
    assert shares[0].keys() == {
        *("id", "kind", "subject", "what", "title", "source", "created_by", "created_at"),
        *("expires_at", "revoked_at", "state", "views", "last_viewed_at"),
    }
    assert (shares[0]["what"], shares[0]["title"]) == ("2", "another")
    assert not [token for token in tokens if token in answer.text]


def test_the_list_has_pages(client: TestClient) -> None:
    for _ in range(5):
        link_to(client, run=1)
    first = client.get("/api/shares?limit=2").json()
    assert ([one["id"] for one in first["shares"]], first["next"]) == ([5, 4], "4")
    last = client.get("/api/shares?limit=3&cursor=4").json()
    assert ([one["id"] for one in last["shares"]], last["next"]) == ([3, 2, 1], None)
    for query in ("limit=0", "limit=101", "cursor=0", f"cursor={2**63}", "cursor=x"):
        assert client.get(f"/api/shares?{query}").status_code == 422


def test_a_link_begins_with_the_public_address(settings: Settings, engine: Engine) -> None:
    public = Settings(
        data=settings.data, runtimes=settings.runtimes, public_url="https://lab.example/light/"
    )
    with TestClient(create_app(public), base_url="http://127.0.0.1") as client:
        url = client.post("/api/shares", json={"run": 1}).json()["url"]
        assert re.fullmatch(r"https://lab\.example/light/s/[\w-]{32}", url)
        path = url.removeprefix("https://lab.example/light")
        assert client.get(path, headers={"Host": "lab.example"}).status_code == 200
        assert client.get(path, headers={"Host": "lab.example.evil"}).status_code == 421


def test_without_one_it_begins_where_the_request_came_to(client: TestClient) -> None:
    answer = client.post("/api/shares", json={"run": 1}, headers={"Host": "localhost:8123"})
    assert answer.json()["url"].startswith("http://localhost:8123/s/")


@pytest.mark.parametrize(
    "url",
    ["lab.example", "ftp://lab.example", "https://", "https://lab.example/?a=1", "http://[::1",
     "https://lab.example/#x", "https://me:word@lab.example", "javascript:alert(1)",
     "https://lab.exämple", "https://lab.example:port"],
)  # fmt: skip
def test_a_public_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="public_url"):
        Settings(public_url=url)


def test_another_site_can_make_or_end_no_link(client: TestClient, engine: Engine) -> None:
    evil = {"Origin": "https://evil.example"}
    assert client.post("/api/shares", json={"run": 1}, headers=evil).status_code == 403
    assert client.post("/share", data={"run": "1"}, headers=evil).status_code == 403
    link_to(client, run=1)
    assert client.delete("/api/shares/1", headers=evil).status_code == 403
    assert client.post("/shares/1/revoke", headers=evil).status_code == 403
    assert stored(engine).revoked_at is None


def test_no_token_is_logged(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="app"):
        path = link_to(client, run=1)
        client.get(path)
        client.get(f"{path}/nothing")
    ours = [one for one in caplog.records if not one.name.startswith(("httpx", "asyncio"))]
    assert not [one for one in ours if path in one.getMessage()]

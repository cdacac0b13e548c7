"""What people say of a run: written, changed, deleted, by whom, and who is told."""

import re
from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import select

from app.db import read_scope, session_scope
from app.models import Comment, Run, RunEvent, RunStatus, Verdict
from app.models.columns import utc_now
from app.services import comments
from app.services.identity import local_asker
from app.services.storage import BlobStore
from app.services.trash import purge
from app.settings import Settings
from tests.evil_support import EVIL
from tests.test_escaping import Parsed
from tests.web_support import count_queries, rows, seeding, text_of

HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def runs(engine: Engine, store: BlobStore, settings: Settings) -> None:
    """Runs 1 and 2, which have ended, and 3, which goes on."""
    with seeding(engine, store, settings) as seed:
        seed.finished(Verdict.EXPORTED)
        seed.finished(Verdict.EXPORTED)
        seed.run(status=RunStatus.RUNNING)


def say(client: TestClient, text: str = "Looks good.", run: int = 1) -> int:
    answer = client.post(f"/api/runs/{run}/comments", json={"text": text})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def said(client: TestClient, run: int = 1) -> list[str]:
    answer = client.get(f"/api/runs/{run}/comments").json()["comments"]
    return [comment["text"] for comment in answer]


def test_comments_are_written_changed_and_deleted(client: TestClient) -> None:
    first, second = say(client, " The decode.\r\n\tLine 145. "), say(client, "Yes.")
    assert said(client) == ["The decode.\n\tLine 145.", "Yes."]
    address = f"/api/runs/1/comments/{first}"
    changed = client.patch(address, json={"text": "The heatmap decode."}).json()
    assert changed["text"] == "The heatmap decode."
    assert changed["edited_at"] > changed["created_at"]
    again = client.patch(address, json={"text": "The heatmap decode. "}).json()
    assert again == changed, "nothing was changed"
    assert client.delete(address).status_code == 204
    assert client.delete(address).status_code == 404
    assert said(client) == ["Yes."]
    assert said(client, run=2) == []
    assert client.get(f"/api/runs/2/comments/{second}").status_code == 405
    assert client.delete(f"/api/runs/2/comments/{second}").status_code == 404


@pytest.mark.parametrize("text", ["", " \n\t ", "\x1b[31m", "x" * 10_001, "\u202e" * 9_000])
def test_a_comment_says_something_and_not_too_much(text: str, client: TestClient) -> None:
    assert client.post("/api/runs/1/comments", json={"text": text}).status_code == 422
    page = client.post("/runs/1/comments", data={"text": text})
    assert (page.status_code, "<h1>422</h1>" in page.text) == (422, True)
    comment = say(client, "x" * 10_000)
    assert client.patch(f"/api/runs/1/comments/{comment}", json={"text": text}).status_code == 422
    assert said(client) == ["x" * 10_000]


def test_a_run_has_so_many_at_most(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comments, "MAX_COMMENTS", 2)
    say(client)
    say(client)
    answer = client.post("/api/runs/1/comments", json={"text": "more"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "too_many_comments")
    say(client, run=2)


def test_the_forms_need_no_script(client: TestClient) -> None:
    answer = client.post("/runs/1/comments", data={"text": "Seen."})
    assert (answer.status_code, answer.headers["location"]) == (303, "/runs/1#comment-1")
    page = client.get("/runs/1").text
    assert 'id="comment-1"' in page
    for action in re.findall(r'action="(/runs/1/comments/1/\w+)"', page):
        answer = client.post(action, data={"text": "Seen, and read."})
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/runs/1#comment")
    assert said(client) == [], "the last of them deletes it"
    assert "Nobody has said anything yet." in client.get("/runs/1").text


def test_with_htmx_only_the_section_is_drawn_anew(client: TestClient) -> None:
    answer = client.post("/runs/1/comments", data={"text": "Seen."}, headers=HTMX)
    assert answer.text.lstrip().startswith('<section class="panel" id="comments"')
    assert "<html" not in answer.text
    part = client.get("/runs/1/_comments").text
    assert part.lstrip().startswith('<div class="thread" id="thread"')
    assert "Seen." in part


def test_lines_are_kept_and_nothing_is_markup_or_a_link(client: TestClient) -> None:
    say(client, f"a\n  b https://evil.example {EVIL}\x07\u202e")
    html = client.get("/runs/1/_comments").text
    assert '<p class="comment-text">a\n  b https://evil.example' in html
    links = [attributes.get("href") for tag, attributes in Parsed(html).tags if tag == "a"]
    assert links == ["#comment-1"]
    assert not {"img", "script"} & {tag for tag, _ in Parsed(html).tags}
    assert "\u2407\u2039U+202E\u203a" in html


@pytest.mark.parametrize("run", [1, 3])
def test_those_who_look_at_the_run_are_told(run: int, client: TestClient, engine: Engine) -> None:
    comment = say(client, run=run)
    client.patch(f"/api/runs/{run}/comments/{comment}", json={"text": "else"})
    client.delete(f"/api/runs/{run}/comments/{comment}")
    with read_scope(engine) as session:
        told = session.exec(select(RunEvent)).all()
    assert [(event.run_id, event.type) for event in told] == [(run, "comment")] * 3
    waits = "comment from:#live" in client.get(f"/runs/{run}").text
    assert waits is (run == 3), "of a run that has ended there is no stream"


def test_a_comment_goes_with_its_run(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    say(client)
    say(client, run=2)
    client.delete("/api/runs/1")
    assert client.get("/api/runs/1/comments").status_code == 404
    assert client.post("/api/runs/1/comments", json={"text": "late"}).status_code == 404
    with session_scope(engine) as session:
        session.get_one(Run, 1).deleted_at = utc_now() - timedelta(hours=2)
    assert purge(engine, store, BlobStore(settings.data / "programs"), hours=1) == 1
    assert rows(engine, Comment) == 1
    assert said(client, run=2) == ["Looks good."]


def test_a_shared_report_has_none(client: TestClient) -> None:
    say(client, "For us alone.")
    url = client.post("/api/shares", json={"run": 1}).json()["url"]
    shared = client.get(url).text
    assert "a run" in shared
    assert "For us alone." not in shared


def test_any_number_of_comments_takes_as_many_queries(app: FastAPI, client: TestClient) -> None:
    few = count_queries(app, lambda: client.get("/runs/1"))
    for _ in range(5):
        say(client)
    assert count_queries(app, lambda: client.get("/runs/1")) == few
    assert "Comments 5" in text_of(client.get("/runs/1").text)


def test_without_accounts_they_are_by_whoever_runs_the_server(client: TestClient) -> None:
    say(client)
    (comment,) = client.get("/api/runs/1/comments").json()["comments"]
    assert comment["author"] == local_asker("").name

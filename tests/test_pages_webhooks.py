"""The pages of webhooks and their JSON: who may, what is shown, and what only once."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import col, select

from app.db import read_scope
from app.main import create_app
from app.models import Act, Audit, Delivery, PersonRole, Webhook
from app.postman import deliver_next
from app.services.webhooks import MOST
from app.settings import Settings
from tests.people_support import add_person, logged_in, stranger
from tests.test_escaping import Parsed
from tests.web_support import count_queries, rows, text_of
from tests.webhook_support import Receiver, add, deliveries, post, receiving, say, send_ping

PUBLIC = "https://93.184.216.34/hook?key=of-theirs"
PAGE, API = "/admin/webhooks", "/api/admin/webhooks"
EVIL = "<img src=x onerror=alert(1)>\x1b[31m\u202e"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def secret_in(html: str) -> str:
    """The secret that a page shows."""
    (secret,) = re.findall(r'<input aria-label="Secret" value="([^"]+)" readonly>', html)
    assert f'data-copy-text="{secret}"' in html
    return str(secret)


def audited(engine: Engine) -> list[tuple[Act, str, dict[str, Any]]]:
    with read_scope(engine) as session:
        found = session.exec(select(Audit).order_by(col(Audit.id)))
        return [(one.act, one.subject, one.detail) for one in found]


def kept(engine: Engine) -> Webhook:
    with read_scope(engine) as session:
        return session.exec(select(Webhook)).one()


def test_without_webhooks_the_page_says_what_they_are(get: Any) -> None:
    text = get(PAGE)
    assert "Nobody is told of anything." in text
    assert "a failure that was marked as fixed is in a run again failure.regressed" in text


def test_the_form_adds_one_and_shows_its_secret_this_once(
    client: TestClient, engine: Engine
) -> None:
    given = {"url": f" {PUBLIC} ", "event": ["failure.regressed", "run.finished"]}
    made = client.post(PAGE, data=given)
    assert made.status_code == 201
    secret = secret_in(made.text)
    webhook = kept(engine)
    assert (webhook.url, webhook.secret, webhook.active) == (PUBLIC, secret, True)
    assert webhook.events == ["run.finished", "failure.regressed"]
    for path in (PAGE, f"{PAGE}/1", API, f"{API}/1", f"{API}/1/deliveries", "/api/settings"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert secret not in answer.text
    made_it = {"host": "93.184.216.34", "events": webhook.events}
    assert audited(engine) == [(Act.WEBHOOK_MADE, "webhook 1", made_it)]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"url": "http://127.0.0.1/x", "event": "run.finished"}, "127.0.0.1 is no public address."),
        ({"url": EVIL, "event": "run.finished"}, "other characters than one can have"),
        ({"url": PUBLIC}, "The webhook is told nothing."),
        ({"url": PUBLIC, "event": "ping"}, "The webhook is told nothing."),
    ],
)
def test_what_is_refused_is_said_in_the_form(
    given: dict[str, Any], said: str, client: TestClient, engine: Engine
) -> None:
    answer = client.post(PAGE, data=given)
    assert answer.status_code == 422
    assert said in text_of(answer.text)
    assert not [tag for tag, _ in Parsed(answer.text).tags if tag == "img"]
    assert (rows(engine, Webhook), rows(engine, Audit)) == (0, 0)


def test_there_may_be_so_many(client: TestClient, engine: Engine) -> None:
    for _ in range(MOST):
        add(engine, PUBLIC)
    refused = client.post(API, json={"url": PUBLIC})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "too_many_webhooks")
    assert client.post(PAGE, data={"url": PUBLIC, "event": "run.finished"}).status_code == 409


def test_a_test_event_arrives_and_its_page_shows_both_sides(
    client: TestClient, engine: Engine, receiver: Receiver, get: Any
) -> None:
    receiver.answers = [say(500, b"the queue is full"), say(200, b"thanks")]
    add(engine, receiver.url)
    sent = client.post(f"{PAGE}/1/ping")
    assert (sent.status_code, sent.headers["location"]) == (303, f"{PAGE}/1")
    text = get(f"{PAGE}/1")
    assert "waits ping just now" in text
    assert "Attempts 0 of 8 First try" in text
    assert "It was not sent yet." in text
    assert deliver_next(engine, post(public_url=""))
    text = get(f"{PAGE}/1")
    (got,) = receiver.got
    for words in (
        "fails so far ping just now It answered 500.",
        "Attempts 1 of 8",
        "Next try",
        f"webhook-id: {got.headers['webhook-id']}",
        f"webhook-timestamp: {got.headers['webhook-timestamp']}",
        f"webhook-signature: {got.headers['webhook-signature']}",
        got.body.decode(),
        "500 the queue is full",
    ):
        assert words in text, words
    assert "fails so far just now ping: It answered 500." in get(PAGE)
    assert client.post(f"{PAGE}/1/deliveries/1/again").status_code == 303
    assert deliver_next(engine, post())
    assert "delivered ping just now It answered 200." in get(f"{PAGE}/1")
    first, second = deliveries(engine)
    assert (first.event_id, first.payload) == (second.event_id, second.payload)


def test_pause_resume_rotate_and_delete(client: TestClient, engine: Engine, get: Any) -> None:
    add(engine, PUBLIC)
    assert client.post(f"{PAGE}/1/pause").headers["location"] == f"{PAGE}/1"
    assert "It is paused" in get(f"{PAGE}/1")
    refused = client.post(f"{PAGE}/1/ping")
    assert refused.status_code == 409
    assert "Webhook 1 is paused" in text_of(refused.text)
    assert client.post(f"{PAGE}/1/resume").status_code == 303
    assert client.post(f"{PAGE}/1/resume").status_code == 303, "again changes nothing"
    before = kept(engine).secret
    secret = secret_in(client.post(f"{PAGE}/1/secret").text)
    assert kept(engine).secret == secret != before
    send_ping(engine, 1)
    assert client.post(f"{PAGE}/1/delete").headers["location"] == PAGE
    assert (rows(engine, Webhook), rows(engine, Delivery)) == (0, 0)
    assert client.get(f"{PAGE}/1").status_code == 404
    host = {"host": "93.184.216.34"}
    assert audited(engine) == [
        (Act.WEBHOOK_CHANGED, "webhook 1", host | {"active": False}),
        (Act.WEBHOOK_CHANGED, "webhook 1", host | {"active": True}),
        (Act.WEBHOOK_CHANGED, "webhook 1", host | {"secret": "new"}),
        (Act.WEBHOOK_DELETED, "webhook 1", host),
    ]


def test_the_api_does_all_of_it(client: TestClient, engine: Engine) -> None:
    made = client.post(API, json={"url": PUBLIC, "events": ["run.finished"]})
    assert made.status_code == 201
    secret = made.json().pop("secret")
    assert made.json() == {
        "id": 1, "url": PUBLIC, "events": ["run.finished"], "secret": secret
    }  # fmt: skip
    assert client.post(f"{API}/1/ping").json() == {"id": 1, "webhook": 1}
    again = client.post(f"{API}/1/deliveries/1/again")
    assert (again.status_code, again.json()) == (202, {"id": 2, "webhook": 1})
    (listed,) = client.get(API).json()["webhooks"]
    assert listed == client.get(f"{API}/1").json()
    assert (listed["active"], listed["last"]["id"], listed["last"]["state"]) == (True, 2, "pending")
    page = client.get(f"{API}/1/deliveries?limit=1").json()
    assert ([one["id"] for one in page["deliveries"]], page["next"]) == ([2], "2")
    rest = client.get(f"{API}/1/deliveries?limit=1&cursor={page['next']}").json()
    assert ([one["id"] for one in rest["deliveries"]], rest["next"]) == ([1], None)
    assert rest["deliveries"][0]["headers"] == {}
    paused = client.patch(f"{API}/1", json={"active": False})
    assert (paused.status_code, paused.json()["active"]) == (200, False)
    assert client.post(f"{API}/1/ping").json()["error"]["code"] == "webhook_paused"
    assert client.post(f"{API}/1/secret").json()["secret"] == kept(engine).secret != secret
    assert client.delete(f"{API}/1").status_code == 204
    assert client.delete(f"{API}/1").status_code == 404
    refused = client.post(API, json={"url": "http://169.254.169.254/latest/meta-data"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "bad_webhook_url")


def test_a_delivery_belongs_to_its_webhook(client: TestClient, engine: Engine) -> None:
    first, _ = add(engine, PUBLIC), add(engine, PUBLIC)
    send_ping(engine, first)
    for path in (f"{PAGE}/2/deliveries/1/again", f"{API}/2/deliveries/1/again"):
        assert client.post(path).status_code == 404
    assert rows(engine, Delivery) == 1


def test_older_deliveries_are_on_the_next_page(client: TestClient, engine: Engine) -> None:
    webhook_id = add(engine, PUBLIC)
    for _ in range(27):
        send_ping(engine, webhook_id)
    html = client.get(f"{PAGE}/1").text
    assert html.count('<details class="delivery"') == 25
    (older,) = re.findall(rf'href="({PAGE}/1\?before=\d+)"', html)
    assert client.get(older).text.count('<details class="delivery"') == 2


def test_what_an_address_answers_is_text(
    client: TestClient, engine: Engine, receiver: Receiver
) -> None:
    receiver.answers = [say(500, EVIL.encode())]
    add(engine, receiver.url)
    send_ping(engine, 1)
    assert deliver_next(engine, post())
    html = client.get(f"{PAGE}/1").text
    assert "&lt;img src=x onerror=alert(1)&gt;\u2039U+202E\u203a" in html
    assert "\x1b" not in html
    assert not [tag for tag, _ in Parsed(html).tags if tag == "img"]


def test_the_list_costs_the_same_for_many(app: FastAPI, client: TestClient, engine: Engine) -> None:
    def queries() -> int:
        return count_queries(app, lambda: client.get(PAGE))

    send_ping(engine, add(engine, PUBLIC))
    one = queries()
    for _ in range(5):
        send_ping(engine, add(engine, PUBLIC))
    assert queries() == one


ROUTES = [
    *(("GET", path) for path in (PAGE, f"{PAGE}/1", API, f"{API}/1", f"{API}/1/deliveries")),
    *(("POST", f"{PAGE}{path}") for path in ("", "/1/pause", "/1/resume", "/1/secret", "/1/ping")),
    *(("POST", f"{API}{path}") for path in ("", "/1/secret", "/1/ping", "/1/deliveries/1/again")),
    *(("POST", f"{PAGE}/1{path}") for path in ("/delete", "/deliveries/1/again")),
    *(("PATCH", f"{API}/1"), ("DELETE", f"{API}/1")),
]


def test_only_an_admin_may_do_or_see_any_of_it(settings: Settings, engine: Engine) -> None:
    app = create_app(settings.model_copy(update={"accounts": True}))
    send_ping(engine, add(engine, PUBLIC))
    for name, role in (("vi", PersonRole.VIEWER), ("mem", PersonRole.MEMBER)):
        add_person(engine, name, role)
        with logged_in(app, name) as client:
            assert {client.request(*route).status_code for route in ROUTES} == {404}
    with stranger(app) as client:
        for method, path in ROUTES:
            page = method == "GET" and path.startswith(PAGE)
            assert client.request(method, path).status_code == (303 if page else 401), path
    add_person(engine, "ada", PersonRole.ADMIN)
    with logged_in(app, "ada") as client:
        assert client.get(PAGE).status_code == 200
        assert client.patch(f"{API}/1", json={"active": False}).status_code == 200
    assert rows(engine, Audit) == 1
    assert not kept(engine).active

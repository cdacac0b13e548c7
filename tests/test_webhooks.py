"""Events on their way to webhooks: from the end of a run to what came back, or did not."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlmodel import Session, select

from app.db import session_scope
from app.models import (
    Act,
    Audit,
    Delivery,
    DeliveryState,
    Failure,
    FailureGroup,
    GroupState,
    PersonRole,
    Run,
    RunStatus,
    Verdict,
    Webhook,
    WebhookEvent,
)
from app.models.columns import utc_now
from app.postman import Postman, deliver_next
from app.services import queue
from app.services.asker import Asker, Via
from app.services.deliveries import (
    KEPT_DAYS,
    RETRY_SECONDS,
    Answer,
    claim_delivery,
    record_answer,
    take_next,
)
from app.services.failure_groups import NewState, set_state
from app.services.housekeeping import keep_house
from app.services.identity import nobody
from app.services.webhook_events import FailureNews, RunNews
from app.settings import Settings
from tests.conftest import wait_until
from tests.failures_support import name_of
from tests.web_support import CAUSE, rows
from tests.webhook_support import (
    Receiver,
    add,
    change,
    deliveries,
    post,
    receiving,
    say,
    send_ping,
)
from tests.worker_support import claim_next, submit

PENDING, SENDING = DeliveryState.PENDING, DeliveryState.SENDING
DELIVERED, GAVE_UP = DeliveryState.DELIVERED, DeliveryState.GAVE_UP

ANA = Asker("ana", PersonRole.MEMBER, Via.LOGIN)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def end_run(engine: Engine, settings: Settings, *, blocked: bool = True, **values: Any) -> int:
    """A run as a worker ends it."""
    run_id = submit(engine, settings, **values)
    claim = claim_next(engine)
    with session_scope(engine) as session:
        run = session.get_one(Run, run_id)
        run.verdict = Verdict.BLOCKED if blocked else Verdict.EXPORTED
        if blocked:
            cause = CAUSE | {"module_class": "Block"}
            session.add(Failure(run_id=run_id, fingerprint=name_of(), **cause))
    assert queue.finish(engine, claim, status=RunStatus.FINISHED)
    return run_id


def answer(status: int | None, **given: Any) -> Answer:
    return Answer(utc_now(), "v1,x", 0.1, status, **given)


def try_once(engine: Engine, status: int | None) -> DeliveryState | None:
    """One try, that ends so."""
    letter = claim_delivery(engine)
    assert letter is not None
    return record_answer(engine, letter, answer(status, error="" if status else "No answer."))


def let_it_be_due(engine: Engine, delivery_id: int) -> float:
    """Do not wait for the next try; how long that would have been."""
    waits: list[float] = []

    def act(row: Delivery) -> None:
        waits.append(row.due - utc_now().timestamp())
        row.due = 0

    change(engine, delivery_id, act)
    return waits[0]


def test_a_run_that_ends_without_webhooks_leaves_nothing(
    engine: Engine, settings: Settings
) -> None:
    add(engine, "http://a.test", active=False)
    add(engine, "http://b.test", WebhookEvent.FAILURE_REGRESSED)
    end_run(engine, settings)
    assert rows(engine, Delivery) == 0


def test_the_end_of_a_run_is_told_to_each_who_wants_to_know(
    engine: Engine, settings: Settings, receiver: Receiver
) -> None:
    for _ in range(2):
        add(engine, receiver.url)
    run_id = end_run(engine, settings, title="pose net", owner="ana", runtime="default")
    first, second = deliveries(engine)
    assert (first.event, first.run_id, first.state) == ("run.finished", run_id, PENDING)
    assert (first.webhook_id, second.webhook_id) == (1, 2)
    assert first.event_id == second.event_id, "it is the same event"
    assert deliver_next(engine, post())
    (got,) = receiver.got
    body = json.loads(got.body)
    assert (body["type"], body["id"]) == ("run.finished", got.headers["webhook-id"])
    run = body["data"]["run"]
    assert run.keys() == RunNews.model_fields.keys()
    told = (run["id"], run["url"], run["title"], run["owner"], run["runtime"], run["parent"])
    assert told == (
        run_id,
        f"https://lab.example/runs/{run_id}",
        "pose net",
        "ana",
        "default",
        None,
    )
    said = (run["status"], run["verdict"], run["category"])
    assert said == ("finished", "blocked", "data_dependent_branch")
    assert run["created_at"] <= run["started_at"] <= run["finished_at"]


def test_a_cancelled_run_and_a_failed_one_are_told_too(engine: Engine, settings: Settings) -> None:
    add(engine, "http://a.test")
    cancelled = submit(engine, settings)
    with session_scope(engine) as session:
        queue.request_cancel(session, session.get_one(Run, cancelled), nobody())
    submit(engine, settings)
    claim = claim_next(engine)
    assert queue.finish(engine, claim, status=RunStatus.FAILED, reason="It took too long.")
    told = [one.payload["data"]["run"] for one in deliveries(engine)]
    assert [(run["id"], run["status"]) for run in told] == [
        (cancelled, "cancelled"),
        (claim.run_id, "failed"),
    ]


def test_what_does_not_end_is_not_told(engine: Engine, settings: Settings) -> None:
    add(engine, "http://a.test")
    submit(engine, settings)
    claim = claim_next(engine)
    assert queue.hand_back(engine, claim)
    assert not queue.finish(engine, claim, status=RunStatus.FINISHED), "another's by now"
    assert rows(engine, Delivery) == 0


def test_a_failure_that_is_back_is_told_once_with_what_was_said_of_it(
    engine: Engine, settings: Settings
) -> None:
    end_run(engine, settings)
    fixed_in = end_run(engine, settings, blocked=False)
    with session_scope(engine) as session:
        group = session.get_one(FailureGroup, name_of())
        set_state(session, group, NewState(GroupState.FIXED, "", fixed_in), ANA)
    add(engine, "http://a.test", WebhookEvent.FAILURE_REGRESSED)
    back = end_run(engine, settings, parent_id=fixed_in)
    end_run(engine, settings)
    (only,) = deliveries(engine)
    assert (only.event, only.run_id) == ("failure.regressed", back)
    failure, run = only.payload["data"]["failure"], only.payload["data"]["run"]
    assert failure.keys() == FailureNews.model_fields.keys()
    assert failure["fingerprint"] == name_of()
    assert failure["url"] == f"/failures/{name_of()}"
    assert (failure["fixed_by"], failure["fixed_run"]) == ("ana", fixed_in)
    assert failure["fixed_at"] < run["started_at"]
    assert (run["id"], run["parent"]) == (back, fixed_in)
    with session_scope(engine) as session:
        group = session.get_one(FailureGroup, name_of())
        assert (group.state, group.state_by, group.back_run_id) == (GroupState.OPEN, "", back)


def test_no_source_code_is_told(engine: Engine, settings: Settings) -> None:
    end_run(engine, settings)
    with session_scope(engine) as session:
        group = session.get_one(FailureGroup, name_of())
        set_state(session, group, NewState(GroupState.FIXED, "", None), ANA)
    add(engine, "http://a.test")
    end_run(engine, settings)
    regressed, finished = deliveries(engine)
    assert regressed.payload["data"]["failure"]["message"] == "Could not guard on Eq(u0, 1)."
    for one in (regressed, finished):
        text = json.dumps(one.payload)
        for code in (CAUSE["text"], "More of it", "import torch", "z = 1", "Traceback"):
            assert code not in text


def test_what_fails_is_tried_again_with_longer_pauses_and_then_given_up(engine: Engine) -> None:
    sent = send_ping(engine, add(engine, "http://a.test"))
    pauses = []
    for _ in RETRY_SECONDS:
        assert try_once(engine, 500) is PENDING
        assert claim_delivery(engine) is None, "not yet"
        pauses.append(let_it_be_due(engine, sent))
    assert pauses == [pytest.approx(pause, abs=3) for pause in RETRY_SECONDS]
    assert try_once(engine, None) is GAVE_UP
    (gone,) = deliveries(engine)
    assert (gone.attempts, gone.error, gone.status_code) == (8, "No answer.", None)
    let_it_be_due(engine, sent)
    assert claim_delivery(engine) is None


def test_an_address_that_fails_once_gets_it_later_with_the_same_id(
    engine: Engine, receiver: Receiver
) -> None:
    receiver.answers = [say(500, b"busy"), say(204)]
    sent = send_ping(engine, add(engine, receiver.url))
    assert deliver_next(engine, post())
    (failed,) = deliveries(engine)
    assert (failed.state, failed.error, failed.response) == (PENDING, "It answered 500.", "busy")
    let_it_be_due(engine, sent)
    assert deliver_next(engine, post())
    (arrived,) = deliveries(engine)
    assert (arrived.state, arrived.attempts, arrived.status_code) == (DELIVERED, 2, 204)
    assert (arrived.error, arrived.response) == ("", "")
    assert arrived.delivered_at is not None
    first, second = receiver.got
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == arrived.event_id
    assert first.body == second.body
    assert not deliver_next(engine, post())


def test_gone_pauses_the_webhook_and_says_so(engine: Engine, receiver: Receiver) -> None:
    receiver.answers = [say(410)]
    webhook_id = add(engine, receiver.url)
    for _ in range(2):
        send_ping(engine, webhook_id)
    assert deliver_next(engine, post())
    assert not deliver_next(engine, post()), "the other one waits"
    first, second = deliveries(engine)
    assert (first.state, second.state) == (GAVE_UP, PENDING)
    assert "gone: the webhook was paused" in first.error
    with session_scope(engine) as session:
        assert session.get_one(Webhook, webhook_id).active is False
        (written,) = session.exec(select(Audit)).all()
        told = (written.act, written.subject, written.detail)
    assert told == (Act.WEBHOOK_CHANGED, "webhook 1", {"active": False, "answer": 410})


def test_what_waits_for_a_paused_webhook_waits(engine: Engine) -> None:
    webhook_id = add(engine, "http://a.test")
    send_ping(engine, webhook_id)

    def set_active(session: Session, active: bool) -> None:
        session.get_one(Webhook, webhook_id).active = active

    with session_scope(engine) as session:
        set_active(session, False)
    assert claim_delivery(engine) is None
    with session_scope(engine) as session:
        set_active(session, True)
    assert claim_delivery(engine) is not None


def test_a_slow_address_holds_up_no_other_and_gets_one_thing_at_a_time(engine: Engine) -> None:
    slow, quick = add(engine, "http://slow.test"), add(engine, "http://quick.test")
    for webhook_id in (slow, slow, quick):
        send_ping(engine, webhook_id)
    first, second = claim_delivery(engine), claim_delivery(engine)
    assert first is not None
    assert second is not None
    assert [first.url, second.url] == ["http://slow.test", "http://quick.test"]
    assert claim_delivery(engine) is None
    assert record_answer(engine, first, answer(200)) is DELIVERED
    assert claim_delivery(engine) is not None


def test_what_waits_for_one_webhook_does_not_go_before_others(engine: Engine) -> None:
    behind, other = add(engine, "http://behind.test"), add(engine, "http://other.test")
    for webhook_id in (behind, behind, behind, other):
        send_ping(engine, webhook_id)
    sent = []
    while (letter := claim_delivery(engine)) is not None:
        sent.append(letter.webhook_id)
        assert record_answer(engine, letter, answer(200)) is DELIVERED
    assert sent == [behind, other, behind, behind]


def test_two_never_send_the_same(engine: Engine) -> None:
    for n in range(12):
        send_ping(engine, add(engine, f"http://{n}.test"))
    claimed: list[int] = []

    def claim_all() -> None:
        while (letter := claim_delivery(engine)) is not None:
            claimed.append(letter.delivery_id)

    threads = [threading.Thread(target=claim_all) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == [one.id for one in deliveries(engine)]


def test_what_a_killed_process_had_in_hand_is_sent_by_another(engine: Engine) -> None:
    sent = send_ping(engine, add(engine, "http://a.test"))
    lost = claim_delivery(engine)
    assert lost is not None
    assert claim_delivery(engine) is None
    let_it_be_due(engine, sent)
    second = claim_delivery(engine)
    assert second is not None
    assert (second.delivery_id, second.attempt) == (sent, 2)
    assert record_answer(engine, lost, answer(500)) is None, "it is another's by now"
    assert deliveries(engine)[0].state is SENDING
    assert record_answer(engine, second, answer(200)) is DELIVERED


def test_a_webhook_that_is_deleted_meanwhile_is_no_trouble(engine: Engine) -> None:
    webhook_id = add(engine, "http://a.test")
    send_ping(engine, webhook_id)
    letter = claim_delivery(engine)
    assert letter is not None
    with session_scope(engine) as session:
        session.delete(session.get_one(Webhook, webhook_id))
    assert record_answer(engine, letter, answer(200)) is None
    assert rows(engine, Delivery) == 0


def test_on_postgresql_claimers_skip_what_others_lock() -> None:
    statement = str(take_next().compile(dialect=PGDialect()))  # type: ignore[no-untyped-call]
    assert "FOR UPDATE OF delivery SKIP LOCKED" in statement
    assert "RETURNING" in statement


def test_old_deliveries_are_removed(engine: Engine, settings: Settings) -> None:
    webhook_id = add(engine, "http://a.test")
    old, young = send_ping(engine, webhook_id), send_ping(engine, webhook_id)

    def age(row: Delivery) -> None:
        row.created_at = utc_now() - timedelta(days=KEPT_DAYS, minutes=1)

    change(engine, old, age)
    assert list(keep_house(engine, settings)) == ["removed old deliveries of webhooks: 1"]
    assert [one.id for one in deliveries(engine)] == [young]
    assert list(keep_house(engine, settings)) == []


def test_a_delivery_outlives_its_run(engine: Engine, settings: Settings) -> None:
    add(engine, "http://a.test")
    run_id = end_run(engine, settings)
    with session_scope(engine) as session:
        session.get_one(Run, run_id).deleted_at = utc_now() - timedelta(days=30)
    assert next(keep_house(engine, settings)).startswith("removed deleted runs")
    (left,) = deliveries(engine)
    assert (left.run_id, left.payload["data"]["run"]["id"]) == (None, run_id)


def test_the_postman_sends_until_he_is_told_to_end(
    engine: Engine, settings: Settings, receiver: Receiver
) -> None:
    webhook_id = add(engine, receiver.url)
    postman = Postman(settings.model_copy(update={"webhook_networks": "127.0.0.0/8"}))
    for _ in range(3):
        send_ping(engine, webhook_id)
    postman.start()
    wait_until(lambda: {one.state for one in deliveries(engine)} == {DELIVERED})
    postman.stop()
    postman.join()
    send_ping(engine, webhook_id)
    assert len(receiver.got) == 3
    assert not [one for one in threading.enumerate() if one.name.startswith("postman")]

"""The audit log: read by whom, what and to what, page by page; kept as long as is asked for."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, event

from app.db import read_scope, session_scope
from app.models import Act, Audit
from app.models.columns import utc_now
from app.services import audit_log
from app.services.asker import Asker, Via
from app.services.audit import record
from app.services.audit_log import ACT_WORDS, AuditFilters, forget_old, list_audit
from app.services.housekeeping import keep_house
from app.services.identity import nobody
from app.settings import Settings
from tests.web_support import rows, text_of

ANA = Asker("Ana", None, Via.TOKEN, address="10.0.0.7")
BEN = Asker("Ben", None, Via.LOGIN)


@pytest.fixture
def log(engine: Engine) -> Engine:
    """Six entries: Ana's run 1, Ben's run 2 and its end, and attempts to log in."""
    with session_scope(engine) as session:
        record(session, ANA, Act.RUN_UPLOADED, "run 1", title="pose", parent=None)
        record(session, BEN, Act.RUN_UPLOADED, "run 2", title="<b>")
        record(session, BEN, Act.RUN_DELETED, "run 2")
        record(session, BEN, Act.RUN_CHANGED, "run 1", fields=["title", "note"])
        record(session, nobody("203.0.113.9"), Act.LOGIN_FAILED, "Ana")
        record(session, nobody("203.0.113.9"), Act.LOGIN_FAILED, "root")
    return engine


def test_entries_are_found_by_whom_what_and_to_what(log: Engine, client: TestClient) -> None:
    wanted: tuple[tuple[dict[str, str], list[int]], ...] = (
        ({}, [6, 5, 4, 3, 2, 1]),
        ({"actor": "Ben"}, [4, 3, 2]),
        ({"act": "run.uploaded"}, [2, 1]),
        ({"subject": "run 1"}, [4, 1]),
        ({"actor": "Ben", "subject": "run 1"}, [4]),
        ({"actor": "Ben", "act": "login.failed"}, []),
        ({"actor": "ben"}, []),
        ({"subject": "run"}, []),
    )
    for filters, ids in wanted:
        found = client.get("/api/admin/audit", params=filters).json()
        assert ([one["id"] for one in found["entries"]], found["next"]) == (ids, None), filters
        html = client.get("/admin/audit", params=filters).text
        assert [number for number in range(6, 0, -1) if f'id="entry-{number}"' in html] == ids


def test_an_entry_is_told_in_full(log: Engine, client: TestClient) -> None:
    entry = client.get("/api/admin/audit?subject=run+1").json()["entries"][-1]
    assert entry.pop("at").endswith("Z")
    assert entry == {
        "id": 1,
        "actor": "Ana",
        "via": "token",
        "act": "run.uploaded",
        "subject": "run 1",
        "detail": {"title": "pose", "parent": None},
        "address": "10.0.0.7",
    }
    html = client.get("/admin/audit").text
    text = text_of(html)
    assert "just now Ana by an API token uploaded a script title pose run 1 open 10.0.0.7" in text
    assert "Ben logged in changed a run fields title, note run 1" in text
    assert "nobody not logged in failed to log in root 203.0.113.9" in text
    assert 'href="/runs/1">open' in html
    assert "&lt;b&gt;" in html


def test_pages_lead_on_and_keep_the_filters(
    log: Engine, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = client.get("/api/admin/audit?limit=2&actor=Ben").json()
    assert ([one["id"] for one in first["entries"]], first["next"]) == ([4, 3], "3")
    last = client.get("/api/admin/audit?limit=2&actor=Ben&cursor=3").json()
    assert ([one["id"] for one in last["entries"]], last["next"]) == ([2], None)
    monkeypatch.setattr("app.routes.admin.ENTRIES", 2)
    html = client.get("/admin/audit?actor=Ben&act=&subject=").text
    assert 'href="/admin/audit?actor=Ben&amp;before=3"' in html
    assert "Older entries" not in client.get("/admin/audit?actor=Ben&before=3").text


def test_what_cannot_be_asked_is_told(client: TestClient) -> None:
    for query in ("act=run.eaten", "cursor=0", "limit=501", f"actor={'x' * 81}"):
        assert client.get(f"/api/admin/audit?{query}").status_code == 422
    for query in ("actor=%00", "subject=a%00"):  # PostgreSQL takes no such text
        for path in ("/admin/audit", "/api/admin/audit"):
            assert client.get(f"{path}?{query}").status_code == 422
    page = client.get("/admin/audit?act=run.eaten")
    assert (page.status_code, "<h1>422</h1>" in page.text) == (422, True)


def test_an_empty_log_says_so(client: TestClient) -> None:
    assert "Nothing was done yet." in client.get("/admin/audit").text
    assert "Nothing matches" in client.get("/admin/audit?actor=Ana").text


def test_everything_that_is_recorded_has_words_and_can_be_asked_for(client: TestClient) -> None:
    assert list(ACT_WORDS) == list(Act)
    html = client.get("/admin/audit").text
    for act in Act:
        assert f'<option value="{act}"' in html


def plan(engine: Engine, filters: AuditFilters) -> Iterator[str]:
    """How the database finds a page of entries."""
    sent: list[tuple[str, Any]] = []

    def listen(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        sent.append((statement, values))

    event.listen(engine, "before_cursor_execute", listen)
    with read_scope(engine) as session:
        list_audit(session, filters, 50, before=1000)
    event.remove(engine, "before_cursor_execute", listen)
    with engine.connect() as connection:
        statement, values = sent[-1]
        for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values):
            yield step.detail


@pytest.mark.parametrize(
    ("filters", "index"),
    [
        (AuditFilters(), "INTEGER PRIMARY KEY"),
        (AuditFilters(actor="Ana"), "ix_audit_actor"),
        (AuditFilters(act=Act.LOGIN), "ix_audit_act"),
        (AuditFilters(subject="run 1"), "ix_audit_subject"),
    ],
)
def test_no_filter_reads_the_whole_log(filters: AuditFilters, index: str, engine: Engine) -> None:
    (step,) = plan(engine, filters)
    assert index in step
    assert step.startswith("SEARCH")


def test_old_entries_go_where_a_setting_asks_for_that(
    engine: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_log, "BATCH", 3)
    with session_scope(engine) as session:
        for days in (9, 8, 7, 6, 3, 2, 0):
            at = utc_now() - timedelta(days=days)
            session.add(Audit(at=at, actor="Ana", via="login", act=Act.LOGIN))
    assert list(keep_house(engine, settings)) == []
    shorter = settings.model_copy(update={"audit_days": 5})
    removed = "removed entries of the audit log"
    assert list(keep_house(engine, shorter)) == [f"{removed}: 3", f"{removed}: 1"]
    assert rows(engine, Audit) == 3
    assert forget_old(engine, 5) == 0

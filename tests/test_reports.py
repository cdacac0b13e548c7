"""Reports as files: each says what failed and where, stands alone, and leads nowhere."""

import base64
import hashlib
import json
import re
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.models import Category, RunStatus, StageKind, StageStatus, Verdict
from app.reports.report import Report
from app.services.sightings import record_sightings
from app.services.storage import BlobStore
from app.settings import Settings
from tests.evil_support import seed_evil
from tests.failures_support import failed, name_of
from tests.share_support import FINGERPRINT, REPRO, passed_stage, stopped_run
from tests.test_escaping import Parsed
from tests.web_support import count_queries, seeding, text_of


@pytest.fixture
def stopped(client: TestClient, engine: Engine, store: BlobStore, settings: Settings) -> TestClient:
    """A client of an application with a run that stops, and a stage 5 that passed."""
    with seeding(engine, store, settings) as seed:
        passed_stage(seed, stopped_run(seed), 5)
    return client


def fetch(client: TestClient, path: str) -> str:
    """The text of a report."""
    answer = client.get(f"/reports/{path}")
    assert answer.status_code == 200, answer.text
    return answer.text


@pytest.mark.parametrize("form", ["html", "md", "json"])
def test_the_report_of_a_run_says_what_failed_where_and_what_helps(
    form: str, stopped: TestClient
) -> None:
    text = fetch(stopped, f"run/1.{form}?source=1")
    text = text_of(text) if form == "html" else text
    for words in (
        "The whole model does not export, stopped by a Python branch on a tensor's value at",
        "model.py:8",
        "2.13.0",
        "Eq(u0, 1)",
        "nonzero",
        "if x > 0:",
        "All that works, together",
        "Traceback (most recent call last)",
        "Small",
        "past its blockers, first export",
    ):
        assert words in text, words


def test_a_report_begins_with_the_sentence_of_its_page(stopped: TestClient) -> None:
    sentence = re.findall(r'class="sentence">(.*?)<', stopped.get("/runs/1").text)
    assert sentence == re.findall(r'class="sentence">(.*?)<', fetch(stopped, "run/1.html"))


@pytest.mark.parametrize(
    ("path", "subject", "headline"),
    [
        (
            "failure/1.2",
            "Blocker 2 of run 1",
            "A Python branch on a tensor's value at model.py:9 stops the whole model.",
        ),
        (
            "stage/1.2",
            "Stage 2 of run 1",
            "The stage part2 does not export, stopped by a Python branch on a tensor's value at "
            "model.py:8.",
        ),
        ("stage/1.5", "Stage 5 of run 1", "The stage neck exports and replays equal to eager."),
    ],
)
def test_a_part_of_a_run_has_a_report_of_its_own(
    path: str, subject: str, headline: str, stopped: TestClient
) -> None:
    made = json.loads(fetch(stopped, f"{path}.json?source=1"))
    assert (made["subject"], made["headline"]) == (subject, headline)
    assert headline in text_of(fetch(stopped, f"{path}.html?source=1"))
    assert headline in fetch(stopped, f"{path}.md?source=1")
    assert made["stages"] == []


def test_two_runs_are_compared(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        stopped_run(seed)
        mended = seed.finished(Verdict.EXPORTED, title="mended", source=b"# mended")
        seed.guard(seed.stage(mended, 1), meaning="image.shape[0] == 4")
        seed.stage(mended, 3, kind=StageKind.WHOLE)
    headline = client.get("/api/compare?base=1&head=2").json()["sentence"]
    assert headline.startswith("Run 2 exports and replays equal; run 1 exports in part, stopped by")
    for form in ("html", "md", "json"):
        text = fetch(client, f"compare/1:2.{form}?source=1")
        text = text_of(text) if form == "html" else text
        for words in (
            headline,
            "Run 2 against run 1",
            "gone",
            "failed, data-dependent branch",
            "passed, replay equal, 250 ms",
            "image.shape[0] == 4",
            "# mended",
        ):
            assert words in text, (form, words)
        assert "# mended" not in fetch(client, f"compare/1:2.{form}")
    made = Report.model_validate_json(fetch(client, "compare/1:2.json"))
    assert (made.tone, made.run.id, made.blockers) == ("good", 2, [])
    assert made.comparison is not None
    differs = {one.name: one.differs for one in made.comparison.stages}
    assert differs["whole model"] == "status"
    assert "guards" in differs["part1"]


def test_a_stage_has_its_guards_and_its_code(stopped: TestClient) -> None:
    for form in ("html", "md", "json"):
        text = fetch(stopped, f"stage/1.5.{form}?source=1")
        assert "image.shape[0] == 8" in text
        assert "hidden_recipe" in text


def test_a_failure_is_also_found_by_its_fingerprint(stopped: TestClient) -> None:
    made = json.loads(fetch(stopped, f"failure/{FINGERPRINT}.json"))
    assert made["subject"] == "Blocker 3 of run 1"


def test_a_failure_that_is_no_blocker_is_found_as_what_it_is(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        failed(seed)
        run = seed.run("a stage", status=RunStatus.FINISHED)
        seed.failure(run, seed.stage(run, 1, StageStatus.FAILED), fingerprint=name_of(line=1))
        record_sightings(seed.session, run)
    own = name_of(module_class="", expression=None)
    assert json.loads(fetch(client, f"failure/{own}.json"))["subject"] == "Run 1"
    stage = json.loads(fetch(client, f"failure/{name_of()}.json"))["subject"]
    assert stage == "Stage 1 of run 2"
    assert client.get("/share", params={"failure": name_of()}).status_code == 200
    assert client.get("/reports/failure/v1:0000000000000000.md").status_code == 404


@pytest.mark.parametrize(
    ("status", "headline"),
    [
        (StageStatus.RUNNING, "The stage part1 is being exported."),
        (StageStatus.PENDING, "The stage part1 has not been tried yet."),
        (StageStatus.SKIPPED, "The stage part1 was not tried."),
    ],
)
def test_what_is_not_done_is_said_to_be_not_done(
    status: StageStatus,
    headline: str,
    client: TestClient,
    engine: Engine,
    store: BlobStore,
    settings: Settings,
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.stage(seed.run(status=RunStatus.RUNNING), 1, status)
    assert json.loads(fetch(client, "stage/1.1.json"))["headline"] == headline
    assert json.loads(fetch(client, "run/1.json"))["tone"] == "work"


def test_a_script_error_and_a_run_without_a_search_have_reports(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        failed = seed.run(status=RunStatus.FINISHED, verdict=Verdict.SCRIPT_ERROR)
        seed.failure(failed, category=Category.SCRIPT_ERROR, exception="builtins.NameError")
        seed.partly()
    made = Report.model_validate_json(fetch(client, "run/1.json?source=1"))
    assert made.failure is not None
    assert made.failure.exception == "builtins.NameError"
    assert "NameError" in text_of(fetch(client, "run/1.html"))
    older = Report.model_validate_json(fetch(client, "run/2.json?source=1"))
    assert [one.line for one in older.blockers] == [8]
    assert json.loads(fetch(client, "failure/2.1.json"))["headline"].endswith("whole model.")


def test_the_repro_is_the_script_that_was_run(stopped: TestClient) -> None:
    answer = stopped.get("/reports/run/1.py?source=1")
    assert answer.text == REPRO
    assert answer.headers["content-disposition"] == 'attachment; filename="repro-run-1.py"'
    assert fetch(stopped, "failure/1.3.py?source=1") == REPRO
    for path in ("run/1.py", "failure/1.1.py?source=1", "stage/1.5.py?source=1"):
        assert stopped.get(f"/reports/{path}").status_code == 404


def test_the_file_asks_for_nothing_runs_nothing_and_leads_nowhere(stopped: TestClient) -> None:
    answer = stopped.get("/reports/run/1.html?source=1")
    assert answer.headers["content-disposition"] == 'attachment; filename="run-1.html"'
    tags = Parsed(answer.text).tags
    names = {tag for tag, _ in tags}
    assert names.isdisjoint({"script", "link", "img", "iframe", "form", "base", "object"})
    addresses = [
        value for _, attributes in tags for name, value in attributes.items()
        if name in ("href", "src", "action", "data-copy")
    ]  # fmt: skip
    assert addresses
    assert all(address is not None and address.startswith("#") for address in addresses)
    anchors = {attributes["id"] for _, attributes in tags if "id" in attributes}
    assert {address[1:] for address in addresses if address} <= anchors
    assert not [attributes for _, attributes in tags if "style" in attributes]


def test_the_file_allows_its_own_style_and_nothing_else(stopped: TestClient) -> None:
    text = fetch(stopped, "run/1.html")
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    assert "url(" not in style
    assert "@import" not in style
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    (meta,) = [
        attributes["content"] for tag, attributes in Parsed(text).tags
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    ]  # fmt: skip
    assert meta == policy


@pytest.mark.parametrize(
    "path", ["run/1", "stage/1.1", "stage/1.2", "failure/1.1", "compare/1:2", "compare/2:1"]
)
def test_nothing_hostile_becomes_markup(
    path: str, client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed_evil(seed)
        seed.partly()
    for source in ("", "?source=1"):
        html = fetch(client, f"{path}.html{source}")
        assert {tag for tag, _ in Parsed(html).tags}.isdisjoint({"img", "script"})
        assert str(7919 * 7907) not in html
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", html)
        Report.model_validate_json(fetch(client, f"{path}.json{source}"))


def test_what_names_nothing_is_told_so(stopped: TestClient) -> None:
    for path, status in (
        ("run/9.html", 404),
        ("run/0.json", 404),
        ("stage/1.99.md", 404),
        ("failure/1.99.md", 404),
        ("failure/v1:ffff.md", 404),
        ("run/999999999999999999.html", 404),
        ("run/9223372036854775808.html", 422),
        ("run/-1.html", 422),
        ("run/a.html", 422),
        ("run/%D9%A1.html", 422),
        ("run/1%00.html", 422),
        ("run/%ED%A0%80.html", 422),
        ("stage/1.html", 422),
        ("failure/v1:%F0.md", 422),
        ("compare/1.html", 422),
        ("run/1.pdf", 404),
        ("nothing/1.html", 404),
        (f"run/{'1' * 100}.html", 404),
    ):
        answer = stopped.get(f"/api/reports/{path}")
        assert answer.status_code == status, path
        assert answer.json()["error"]["message"]
        assert stopped.get(f"/reports/{path}").status_code == status


def test_a_report_under_the_api_is_the_same(stopped: TestClient) -> None:
    made: list[dict[str, Any]] = [
        stopped.get(f"{prefix}/reports/run/1.json?source=1").json() for prefix in ("", "/api")
    ]
    assert made[0] | {"made_at": ""} == made[1] | {"made_at": ""}


def test_a_report_takes_the_same_number_of_queries_at_any_length(
    app: FastAPI, client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        stopped_run(seed)
        long = seed.searched(12)
        for n in range(5, 40):
            seed.failure(long, seed.stage(long, n, StageStatus.FAILED, StageKind.COMPONENT))
        for n in range(1, 20):
            seed.remedy(long, n, 1 + n % 12)
    counts = {
        run: count_queries(app, lambda run=run: client.get(f"/reports/run/{run}.html?source=1"))  # type: ignore[misc]
        for run in (1, 2)
    }
    assert counts[1] == counts[2]

"""A run's page while the run goes on: what a worker writes appears by itself."""

import time
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from app.db import session_scope
from app.models import Run, RunLog, RunStatus, Stage, StageKind, StageStatus, Verdict
from app.services.live import announce
from app.services.storage import BlobStore
from app.settings import Settings
from tests.conftest import LiveServer, wait_until
from tests.web_support import id_of, seeding

pytestmark = pytest.mark.browser


@pytest.fixture
def run_id(engine: Engine, store: BlobStore, settings: Settings) -> int:
    """A run with one stage done, one at work and one to come."""
    with seeding(engine, store, settings) as seed:
        run = seed.run("a long one", status=RunStatus.RUNNING)
        seed.stage(run, 1, name="backbone")
        seed.stage(run, 2, StageStatus.RUNNING, name="head")
        seed.stage(run, 3, StageStatus.PENDING, StageKind.WHOLE)
        return id_of(run)


def change(engine: Engine, run_id: int, n: int, **values: Any) -> None:
    """Write a stage as the worker does."""
    with session_scope(engine) as session:
        stage = stage_of(session, run_id, n)
        for name, value in values.items():
            setattr(stage, name, value)
        announce(session, run_id, "stage", n=n, status=stage.status)


def stage_of(session: Session, run_id: int, n: int) -> Stage:
    """The stage's row."""
    return session.exec(select(Stage).where(col(Stage.run_id) == run_id, col(Stage.n) == n)).one()


def end(engine: Engine, run_id: int) -> None:
    """End the run as the worker does."""
    with session_scope(engine) as session:
        run = session.get_one(Run, run_id)
        run.status, run.verdict = RunStatus.FINISHED, Verdict.EXPORTED
        announce(session, run_id, "run", status=run.status, verdict=run.verdict)


def test_stages_appear_one_by_one_and_the_sentence_changes(
    page: Page, engine: Engine, run_id: int
) -> None:
    page.goto(f"/runs/{run_id}")
    sentence = page.locator(".sentence")
    expect(sentence).to_have_text("Running: 1 of 3 stages is done.")
    change(engine, run_id, 2, status=StageStatus.PASSED, seconds=0.5)
    expect(page.locator("#stage-2")).to_contain_text("500 ms")
    expect(sentence).to_have_text("Running: 2 of 3 stages are done.")
    change(engine, run_id, 3, status=StageStatus.RUNNING)
    expect(page.locator("#stage-3")).to_contain_text("running")
    change(engine, run_id, 3, status=StageStatus.PASSED)
    expect(sentence).to_have_text("The whole model exports; 3 of 3 stages are done.")
    end(engine, run_id)
    expect(sentence).to_have_text("The whole model exports; it was not replayed.")
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)


def test_a_page_is_followed_however_late_a_script_of_it_comes(
    page: Page, engine: Engine, run_id: int
) -> None:
    def delay(route: Route) -> None:
        time.sleep(0.7)
        route.continue_()

    page.route("**/hx-sse.min.js*", delay)
    page.goto(f"/runs/{run_id}")
    change(engine, run_id, 2, status=StageStatus.PASSED, seconds=0.5)
    expect(page.locator("#stage-2")).to_contain_text("500 ms")


def test_what_a_person_opened_stays_open(page: Page, engine: Engine, run_id: int) -> None:
    page.goto(f"/runs/{run_id}")
    page.get_by_label("More actions").click()
    page.get_by_label("Title").fill("half written")
    change(engine, run_id, 2, status=StageStatus.PASSED)
    expect(page.locator(".sentence")).to_have_text("Running: 2 of 3 stages are done.")
    expect(page.get_by_label("Title")).to_have_value("half written")


def test_blockers_appear_as_they_are_found_and_what_was_opened_stays_open(
    page: Page, engine: Engine, store: BlobStore, settings: Settings, run_id: int
) -> None:
    def find(number: int, search: dict[str, str] | None = None) -> None:
        with seeding(engine, store, settings) as seed:
            run = seed.session.get_one(Run, run_id)
            run.search = search
            seed.blocker(run, number)
            announce(seed.session, run_id, "blockers", found=number)

    page.goto(f"/runs/{run_id}")
    find(1)
    blockers = page.locator(".blocker")
    expect(blockers).to_have_count(1)
    expect(blockers.first).to_have_attribute("open", "")
    find(2)
    expect(blockers).to_have_count(2)
    line = blockers.nth(1).locator(".line.lit")
    expect(line).to_be_hidden()
    blockers.nth(1).locator("summary").click()
    expect(line).to_be_visible()
    find(3, {"complete": "clean"})
    expect(blockers).to_have_count(3)
    expect(page.locator(".search")).to_have_text("With these 3 bypassed, the model exports.")
    expect(line).to_be_visible()


def test_the_log_grows(page: Page, engine: Engine, run_id: int) -> None:
    page.goto(f"/runs/{run_id}")
    expect(page.get_by_text("The script printed nothing so far.")).to_be_visible()
    with session_scope(engine) as session:
        session.add(RunLog(run_id=run_id, text="step 1\n"))
        announce(session, run_id, "log")
    expect(page.locator("#log")).to_contain_text("step 1")


def test_the_page_lets_go_of_the_stream_when_the_run_ends(
    page: Page, engine: Engine, run_id: int
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"/runs/{run_id}")
    wait_until(lambda: page.evaluate("1") and any("/events" in url for url in asked))
    end(engine, run_id)
    expect(page.locator(".sentence")).to_contain_text("The whole model")
    page.wait_for_timeout(1500)  # a stream that was let go is not asked for again
    assert sum("/events" in url for url in asked) == 1


def test_a_stage_can_be_followed_too(page: Page, engine: Engine, run_id: int) -> None:
    page.goto(f"/runs/{run_id}/stages/2")
    line = page.locator(".stage-line")
    expect(line).to_contain_text("running")
    change(engine, run_id, 2, status=StageStatus.PASSED, seconds=0.5)
    expect(line).to_contain_text("export took 500 ms")


def test_the_history_follows_its_runs(page: Page, engine: Engine, run_id: int) -> None:
    page.goto("/")
    row = page.locator(f"#run-{run_id}")
    expect(row).to_contain_text("running")
    end(engine, run_id)
    expect(row).to_contain_text("exported")
    # It goes on asking, for new runs may come, and gets nothing while none does.
    page.wait_for_event("response", lambda one: "/_history" in one.url and one.status == 204)


def test_a_run_is_cancelled_from_its_page(
    page: Page, live_server: LiveServer, engine: Engine, run_id: int
) -> None:
    page.goto(f"/runs/{run_id}")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".sentence")).to_have_text("Being cancelled after 1 of 3 stages.")
    expect(page.get_by_role("button", name="Cancel")).to_be_disabled()
    with session_scope(engine) as session:
        assert session.get_one(Run, run_id).cancel_requested

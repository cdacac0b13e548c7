"""Fixes in a real browser: they appear while they are tried, are copied, and are run."""

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine

from app.models import RemedyStatus, ReplayStatus, Run, RunStatus
from app.services.live import announce
from app.services.remedy_rows import save_remedy
from app.services.storage import BlobStore
from app.settings import Settings
from tests.web_support import id_of, seeding

pytestmark = pytest.mark.browser


def test_fixes_appear_as_they_are_tried_and_the_last_is_copied_and_run(
    page: Page, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    with seeding(engine, store, settings) as seed:
        run = seed.searched(1, status=RunStatus.RUNNING, following="remedies")
        run_id = id_of(run)
    page.goto(f"/runs/{run_id}")
    expect(page.locator(".following")).to_have_text("Going on in the background: fixes are tried.")
    expect(page.locator(".sentence")).to_contain_text("The whole model does not export")
    expect(page.locator(".fixes")).to_have_count(0)

    with seeding(engine, store, settings) as seed:
        run = seed.session.get_one(Run, run_id)
        seed.remedy(
            run, 1, status=RemedyStatus.TRYING, replay=ReplayStatus.NOT_RUN, replay_detail=None
        )
        announce(seed.session, run_id, "remedy", position=1, status="trying")
    blocker = page.locator("#blocker-1")
    expect(blocker.locator("summary .badge")).to_have_text("fix being tried")
    expect(page.locator(".fixes")).to_contain_text("0 tried so far")

    with seeding(engine, store, settings) as seed:
        save_remedy(seed.session, run_id, 1, RemedyStatus.WORKS)
    expect(blocker.locator("summary .badge").first).to_have_text("fix gets past it")

    with seeding(engine, store, settings) as seed:
        run = seed.session.get_one(Run, run_id)
        patch = seed.combined(run, 2).patch
        run.status, run.following = RunStatus.FINISHED, ""
        announce(seed.session, run_id, "remedy", position=2, status="works")
        announce(seed.session, run_id, "run", status=run.status, verdict=run.verdict)
    fixes = page.locator(".fixes")
    expect(fixes.locator("h2")).to_have_text("One patch that makes the whole model export")
    expect(blocker.locator("summary .badge").first).to_have_text("fix works")
    expect(fixes.locator(".diff-added .src")).to_have_text(re.compile("ReLU.*fix 2"))

    fixes.get_by_role("button", name="Copy the patch").click()
    expect(fixes.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == patch

    fixes.get_by_role("button", name="Run the fixed script").click()
    page.wait_for_url(re.compile(r"/runs/2$"))
    changes = page.get_by_role("region", name="Changes")
    expect(changes.locator("h2")).to_contain_text(f"Changed from run {run_id}")
    expect(changes.locator(".diff-added")).to_have_count(1)


def test_fixes_can_be_read_and_run_without_scripts(
    plain_page: Page, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        run = seed.searched(1)
        seed.remedy(run, 1)
    plain_page.goto("/runs/1/blockers/1")
    expect(plain_page.get_by_role("button", name="Copy the patch")).to_be_hidden()
    plain_page.get_by_text("What it was compared on").click()
    expect(plain_page.locator("#remedies .tries")).to_contain_text("own inputs: equal")
    plain_page.get_by_text("What it changes").click()
    expect(plain_page.locator(".diff-added")).to_be_visible()
    plain_page.get_by_role("button", name="Run the script with it").click()
    expect(plain_page).to_have_url(re.compile(r"/runs/2$"))

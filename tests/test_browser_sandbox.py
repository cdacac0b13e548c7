"""A person who wants to know how well scripts are sealed, in a real browser."""

import re

import pytest
from fastapi import FastAPI
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import Engine

from app.db import session_scope
from app.main import create_app
from app.models import RunStatus
from app.services.record import save_sandbox
from app.services.storage import BlobStore
from app.services.workers import register
from app.settings import Settings
from tests.test_browser_pages import CONTRAST
from tests.web_support import id_of, make_worker, seeding

pytestmark = pytest.mark.browser

WIDTHS = {"narrow": 390, "wide": 1280}


@pytest.fixture
def app(settings: Settings, engine: Engine, request: pytest.FixtureRequest) -> FastAPI:
    """The application; where a test is marked so, with its sandbox switched off."""
    off = "while_the_sandbox_is_off" in request.node.name
    return create_app(settings.model_copy(update={"sandbox": "off" if off else "auto"}))


def is_red(banner: Locator) -> bool:
    """Whether its background is red, as a browser paints it."""
    colour = banner.evaluate("element => getComputedStyle(element).backgroundColor")
    red, green, blue = (int(part) for part in re.findall(r"\d+", colour)[:3])
    return red > 2 * max(green, blue)


def test_the_settings_tell_what_a_worker_can_do_and_what_to_mend(
    page: Page, engine: Engine
) -> None:
    register(engine, make_worker("good-one"))
    register(engine, make_worker("bad-one", tier="", reason="Install bubblewrap.", layers={}))
    page.goto("/")
    page.get_by_role("link", name="Settings").click()
    expect(page.get_by_role("heading", name="Settings")).to_be_visible()
    good = page.locator(".worker", has_text="good-one")
    expect(good.locator(".badge")).to_have_text("full")
    expect(good).to_contain_text("ABI 7")
    bad = page.locator(".worker", has_text="bad-one")
    expect(bad.locator(".badge")).to_have_text("refuses")
    expect(bad.locator(".refusal")).to_have_text("Install bubblewrap.")
    expect(page.get_by_role("row", name="STAGELIGHT_WALL_SECONDS")).to_contain_text("600")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_a_run_without_a_sandbox_is_red_wherever_one_looks(
    width: str,
    scheme: str,
    page: Page,
    engine: Engine,
    store: BlobStore,
    settings: Settings,
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.partly("a title that is long enough to fill the column " * 3, sandbox="off")
    page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
    page.set_viewport_size({"width": WIDTHS[width], "height": 800})
    for path in ("/runs/1", "/runs/1/stages/1", "/graphs/1", "/runs/1/rerun"):
        page.goto(path)
        banner = page.locator(".alarm")
        expect(banner).to_be_in_viewport()
        expect(banner).to_contain_text("Not sandboxed")
        assert is_red(banner), path
        worst = page.evaluate(CONTRAST)
        assert worst["ratio"] >= 4.5, (path, worst)
    page.goto("/")
    badge = page.get_by_text("no sandbox")
    expect(badge).to_be_in_viewport(ratio=1)
    cell = badge.locator("xpath=ancestor::td")
    inside = cell.evaluate(
        "(cell, text) => { const badge = cell.querySelector('.badge').getBoundingClientRect();"
        " return badge.right <= cell.getBoundingClientRect().right && badge.width > 60 }"
    )
    assert inside, "a long title hides it"


def test_a_page_that_follows_a_run_turns_red_by_itself(
    page: Page, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        run_id = id_of(seed.run(status=RunStatus.RUNNING))
    page.goto(f"/runs/{run_id}")
    expect(page.locator(".verdict")).to_contain_text("Running")
    expect(page.locator(".alarm")).to_have_count(0)
    with session_scope(engine) as session:
        save_sandbox(session, run_id, "off")
    expect(page.locator(".alarm")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_while_the_sandbox_is_off_every_page_is_red_at_its_top(
    width: str, scheme: str, page: Page
) -> None:
    page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
    page.set_viewport_size({"width": WIDTHS[width], "height": 800})
    for path in ("/", "/settings", "/runs/9"):
        page.goto(path)
        banner = page.locator(".site-alarm .alarm")
        expect(banner).to_be_in_viewport(ratio=1)
        expect(banner).to_contain_text("The sandbox is off (STAGELIGHT_SANDBOX=off)")
        assert is_red(banner)
        assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width]
        worst = page.evaluate(CONTRAST)
        assert worst["ratio"] >= 4.5, (path, worst)

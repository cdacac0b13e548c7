"""A login ends while somebody writes: the page says so, and nothing is lost."""

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import Engine
from sqlmodel import select

from app.cookies import cookie_name
from app.db import session_scope
from app.models import Login, RunStatus
from app.services.storage import BlobStore
from app.settings import Settings
from tests.conftest import LiveServer
from tests.entry_support import PASSWORD, add_with_password
from tests.people_support import cookie_of
from tests.web_support import SCRIPT, seeding

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.accounts]


@pytest.fixture(autouse=True)
def run(engine: Engine, store: BlobStore, settings: Settings) -> None:
    """Run 1, which has ended."""
    with seeding(engine, store, settings) as seed:
        seed.run(status=RunStatus.FINISHED)


@pytest.fixture
def ana(page: Page, live_server: LiveServer) -> Page:
    """A page of somebody who is logged in."""
    add_with_password(live_server.engine, "ana")
    name, token = cookie_name(live_server.settings), cookie_of(live_server.engine, "ana")
    page.context.add_cookies([{"name": name, "value": token, "url": live_server.url}])
    return page


def end_logins(engine: Engine) -> None:
    with session_scope(engine) as session:
        for login in session.exec(select(Login)):
            session.delete(login)


def said(page: Page) -> Locator:
    """What stands above the page."""
    return page.locator("#logged-out")


def log_in_beside(page: Page, back: str) -> None:
    """By the link, in the tab that it opens; from where it leads to `back`."""
    with page.context.expect_page() as opened:
        page.get_by_role("alert").get_by_role("link", name="Log in").first.click()
    other = opened.value
    other.get_by_label("Name").fill("ana")
    other.get_by_label("Password").fill(PASSWORD)
    other.get_by_role("button", name="Log in").click()
    other.wait_for_url(f"**{back}")
    other.close()
    page.evaluate("dispatchEvent(new Event('focus'))")  # a headless one does not tell


def test_a_filled_upload_is_still_there_and_can_be_sent(ana: Page, engine: Engine) -> None:
    ana.goto("/")
    ana.get_by_text("Paste instead").click()
    ana.locator("textarea[name=pasted]").fill(SCRIPT.decode())
    expect(said(ana)).to_be_hidden()
    end_logins(engine)
    expect(said(ana)).to_contain_text("You are not logged in.")  # within two seconds, unasked
    ana.get_by_role("button", name="Run", exact=True).click()
    expect(ana.locator("form.upload .problem")).to_contain_text("what you wrote is kept")
    log_in_beside(ana, "/")
    expect(said(ana)).to_be_hidden()
    ana.get_by_role("button", name="Run", exact=True).click()
    ana.wait_for_url("**/runs/2")


def test_so_is_a_comment(ana: Page, engine: Engine) -> None:
    ana.goto("/runs/1")
    ana.locator("textarea[name=text]").fill("The decode, line 145.")
    end_logins(engine)
    ana.get_by_role("button", name="Comment").click()
    expect(ana.locator(".comment-form .problem")).to_contain_text("You are not logged in.")
    expect(said(ana)).to_be_visible(timeout=20_000)  # asked for every 15 s
    log_in_beside(ana, "/runs/1")
    ana.get_by_role("button", name="Comment").click()
    expect(ana.locator(".comment-text")).to_have_text("The decode, line 145.")


def test_a_plain_form_is_sent_again_by_a_reload(ana: Page, engine: Engine) -> None:
    ana.goto("/runs/1/rerun")
    ana.get_by_label("Title").fill("once more")
    end_logins(engine)
    ana.get_by_role("button", name="Run again", exact=True).click()
    expect(ana.get_by_role("alert")).to_contain_text("reload this page")
    log_in_beside(ana, "/runs/1/rerun")
    ana.reload()
    expect(ana.get_by_role("heading", level=1)).to_contain_text("once more")

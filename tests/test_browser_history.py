"""Errands at the history in a real browser: it follows, stars, filters, deletes and undoes."""

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.conftest import LiveServer
from tests.web_support import SCRIPT

pytestmark = pytest.mark.browser


def upload(server: LiveServer, title: str) -> None:
    files = {"script": ("model.py", SCRIPT)}
    answer = httpx.post(f"{server.url}/api/runs", files=files, data={"title": title})
    assert answer.status_code == 201


def test_the_list_follows_by_itself_and_keeps_its_place(
    live_server: LiveServer, page: Page
) -> None:
    page.goto("/")
    page.get_by_text("More filters").click()
    page.get_by_label("Model class").fill("half a wo")
    upload(live_server, "from elsewhere")
    expect(page.get_by_role("link", name="from elsewhere")).to_be_visible()
    star = page.get_by_role("button", name="Star of run 1")
    star.click()
    expect(star).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_label("Model class")).to_have_value("half a wo")
    httpx.post(f"{live_server.url}/api/runs/1/cancel")
    expect(page.locator("#run-1")).to_contain_text("cancelled")


def test_trends_come_into_the_page(live_server: LiveServer, page: Page) -> None:
    upload(live_server, "one")
    httpx.post(f"{live_server.url}/api/runs/1/cancel")
    page.goto("/?person=&q=one")
    page.get_by_role("link", name="Trends").click()
    expect(page.get_by_role("img", name="Verdicts a day")).to_be_visible()
    expect(page).to_have_url(f"{live_server.url}/?q=one")


def test_without_scripts_all_of_it_works(live_server: LiveServer, plain_page: Page) -> None:
    page = plain_page
    upload(live_server, "the one")
    upload(live_server, "another")
    httpx.patch(f"{live_server.url}/api/runs/1", json={"tags": ["nightly"]})
    page.goto("/")
    page.get_by_label("Search").fill("one")
    page.get_by_role("button", name="Search").click()
    expect(page).to_have_url(f"{live_server.url}/?q=one")
    page.get_by_role("link", name="Take off the filter text one").click()
    page.get_by_role("link", name="nightly").click()
    expect(page.get_by_role("link", name="another")).to_have_count(0)
    page.get_by_text("Save this filter").click()
    page.get_by_label("Name", exact=True).fill("Every night")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Every night")).to_be_visible()
    page.get_by_role("button", name="Star of run 1").click()
    expect(page.get_by_role("button", name="Star of run 1")).to_have_attribute(
        "aria-pressed", "true"
    )
    page.get_by_role("link", name="the one").click()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_label("More actions").click()
    page.get_by_role("button", name="Delete this run").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", name="the one")).to_be_visible()

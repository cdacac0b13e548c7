"""Two people at a run's page: what one says the other reads, and nobody loses what they write."""

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine

from app.models import RunStatus
from app.services.storage import BlobStore
from app.settings import Settings
from tests.web_support import seeding

pytestmark = [pytest.mark.browser, pytest.mark.full]


@pytest.fixture(autouse=True)
def run(engine: Engine, store: BlobStore, settings: Settings) -> None:
    """Run 1, which goes on."""
    with seeding(engine, store, settings) as seed:
        seed.run(status=RunStatus.RUNNING)


def say(page: Page, text: str) -> None:
    section = page.get_by_role("region", name="Comments")
    section.get_by_label("Comment").last.fill(text)
    section.get_by_role("button", name="Comment").click()


def test_a_comment_comes_to_who_looks_and_takes_nothing_from_who_writes(page: Page) -> None:
    other = page.context.new_page()
    for one in (page, other):
        one.goto("/runs/1")
    say(page, "The decode,\nline 145.")
    expect(page.locator(".comment-text")).to_have_text("The decode,\nline 145.")
    expect(page.get_by_label("Comment").last).to_have_value("")
    page.locator(".comment").get_by_text("Edit").click()
    page.locator(".comment textarea").fill("The heatmap")
    expect(other.locator(".comment")).to_have_count(1)
    say(other, "Mine.")
    expect(page.locator(".comment")).to_have_count(2)
    expect(page.locator(".comment textarea").first).to_have_value("The heatmap")
    say(other, " ")
    expect(other.get_by_role("alert")).to_contain_text("The comment says nothing.")
    page.get_by_role("button", name="Save").first.click()
    expect(page.locator(".comment-text").first).to_have_text("The heatmap")
    expect(other.locator(".comment-text").first).to_have_text("The heatmap")

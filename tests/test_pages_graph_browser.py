"""The page of a graph in a real browser: what opens without a new page, and without scripts."""

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine

from app.models import Verdict
from app.services.storage import BlobStore
from app.settings import Settings
from tests.conftest import wait_until
from tests.graph_view_support import chain, with_relu
from tests.graph_view_support import store as stored
from tests.web_support import seeding

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def _graphs(engine: Engine, store: BlobStore, settings: Settings) -> None:
    """Graph 1, and graph 2 with a ReLU more, of two stages of one run."""
    with seeding(engine, store, settings) as seed:
        run = seed.finished(Verdict.EXPORTED)
        made = chain(2_000)
        graphs = stored(seed, "base", made), stored(seed, "head", with_relu(made, "n707"))
        for n, graph in enumerate(graphs, 1):
            seed.stage(run, n, graph_id=graph)


def test_a_person_follows_a_change_through_the_views(page: Page) -> None:
    page.goto("/graphs/2?base=1")
    expect(page.get_by_label("Difference")).to_contain_text("+1 added")
    page.locator(".outline a.nf", has_text=re.compile("^extra$")).click()
    expect(page.locator("#node-title")).to_have_text(re.compile("extra"))
    expect(page.locator("#node-title")).to_be_focused()
    assert page.url.endswith("/graphs/2?base=1&node=extra")
    page.locator("#node .users a").click()
    expect(page.locator("#node .edits")).to_contain_text("argument [0]")
    page.get_by_role("link", name="Code", exact=True).click()
    expect(page.locator(".row-node.lit").first).to_be_in_viewport()
    expect(page.locator("#node-title")).to_contain_text("n708")
    page.locator(".row-fold a").first.click()
    expect(page.locator(".row-fold", has_text="more")).to_be_visible()
    page.get_by_role("link", name="Side by side").click()
    expect(page.locator(".half.none")).to_have_count(1)
    page.get_by_role("link", name="Table", exact=True).click()
    expect(page.locator(".nodes .chosen")).to_be_in_viewport()
    page.get_by_label("close").click()
    expect(page.locator("#node section")).to_have_count(0)
    page.go_back()
    expect(page.locator("#node-title")).to_contain_text("n708")


def test_a_branch_opens_in_place(page: Page) -> None:
    page.goto("/graphs/1")
    stage = page.locator(".outline > ul > li > details", has_text="stage3")
    block = stage.locator("summary", has_text="blocks.49")
    expect(block).to_have_count(0)
    stage.locator("> summary").focus()
    page.keyboard.press("Enter")
    expect(block).to_be_visible()
    page.keyboard.press("Enter")
    expect(block).to_be_hidden()


def test_the_table_scrolls_through_all_rows_and_keeps_few(page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 1600})
    page.goto("/graphs/1?view=table")
    rows = page.locator(".nodes [role=row]")
    expect(rows).to_have_count(201)  # the page on the screen, and the titles
    page.locator(".nodes").evaluate("table => { table.scrollTop = table.scrollHeight }")
    expect(page.locator(".nodes a", has_text=re.compile("^n1999$"))).to_be_in_viewport()
    wait_until(lambda: rows.count() < 450)
    page.locator(".nodes").evaluate("table => { table.scrollTop = 0 }")
    expect(page.locator(".nodes a", has_text=re.compile("^n0$"))).to_be_in_viewport()


def test_without_scripts_everything_is_a_link_away(plain_page: Page) -> None:
    page = plain_page
    page.goto("/graphs/1")
    stage = page.locator(".outline > ul > li > details", has_text="stage3")
    stage.locator("> summary").click()
    stage.get_by_role("link", name="Open").click()
    expect(page.locator("#here")).to_contain_text("blocks.49")
    page.get_by_role("link", name="Table", exact=True).click()
    page.get_by_label("Operator").fill("relu")
    page.get_by_role("button", name="Filter").click()
    expect(page.get_by_role("status")).to_contain_text("167 of 2,002 nodes")
    page.locator(".nodes a.nf").first.click()
    expect(page.locator("#node-title")).to_contain_text("n1500")
    page.get_by_role("link", name="Code", exact=True).click()
    page.goto("/graphs/1?view=code")
    page.get_by_role("link", name="After").first.click()
    expect(page.locator(".row-node").first).to_contain_text("n499")

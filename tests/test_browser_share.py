"""Sharing in a real browser: a file that opens offline, and a link in a stranger's window."""

import re
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine

from app.services.storage import BlobStore
from app.settings import Settings
from tests.conftest import REFUSED, LiveServer, watch
from tests.share_support import passed_stage, stopped_run
from tests.web_support import seeding

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def runs(engine: Engine, store: BlobStore, settings: Settings) -> None:
    """Run 1, which stops, with a stage 5 that passed; run 2 beside it."""
    with seeding(engine, store, settings) as seed:
        passed_stage(seed, stopped_run(seed), 5)
        seed.partly("another")


def colours(page: Page) -> tuple[str, str]:
    """Ground and ink, as the style that the file allows itself makes them."""
    read = "(name) => getComputedStyle(document.body)[name]"
    return page.evaluate(read, "backgroundColor"), page.evaluate(read, "color")


def look_at(file: Path, browser: Browser, scheme: Literal["light", "dark"]) -> tuple[str, str]:
    """Open a file without a network, wide and narrow, with every fold; its colours."""
    context = browser.new_context(color_scheme=scheme, offline=True)
    watched = watch(context)
    page = watched.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    for fold in page.locator("main summary").all():
        if fold.is_visible():
            fold.click()
    drawn = page.locator(".verdict > .icon use").bounding_box()
    assert drawn is not None
    assert drawn["width"] > 0
    seen = colours(page)
    context.close()
    assert watched.complaints == []
    assert asked == [file.as_uri()]
    return seen


@pytest.mark.parametrize("path", ["run/1", "stage/1.5", "failure/1.2", "compare/1:2"])
def test_the_file_opens_from_disk_without_a_network(
    path: str, page: Page, browser: Browser, tmp_path: Path
) -> None:
    file = tmp_path / "report.html"
    file.write_bytes(page.request.get(f"/reports/{path}.html?source=1").body())
    light, dark = look_at(file, browser, "light"), look_at(file, browser, "dark")
    assert light[0] != dark[0]
    assert light[1] != dark[1]


def test_a_stranger_understands_it_and_then_it_is_gone(
    page: Page, browser: Browser, live_server: LiveServer
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/runs/1")
    page.get_by_role("link", name="Share", exact=True).click()
    page.get_by_label("With source").check()
    page.get_by_role("button", name="Make a link").click()
    link = page.get_by_label("Link", exact=True).input_value()
    expect(page.locator(".made")).to_contain_text("Nobody else can open it")
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == link
    assert re.fullmatch(rf"{live_server.url}/s/[\w-]{{32}}", link)

    private = browser.new_context(base_url=live_server.url)
    stranger = watch(private)
    stranger.page.goto(link)
    expect(stranger.page.get_by_role("heading", level=1)).to_contain_text(
        "The whole model does not export, stopped by a Python branch on a tensor's value at model"
    )
    blocker = stranger.page.get_by_role("region", name="Blocker 1")
    expect(blocker.get_by_role("heading", level=2)).to_contain_text("model.py:8")
    expect(blocker.locator(".line.lit")).to_contain_text("if x > 0:")
    expect(blocker).to_contain_text("In the eager run it was True")
    read = "(links) => links.map((link) => link.getAttribute('href'))"
    addresses = stranger.page.locator("a").evaluate_all(read)
    path = link.removeprefix(live_server.url)
    assert addresses
    assert all(one.startswith(("#", f"{path}/")) for one in addresses)
    assert stranger.page.locator("form, button").count() == 0
    with stranger.page.expect_download() as download:
        stranger.page.get_by_role("link", name="HTML").click()
    assert "model.py:8" in Path(download.value.path()).read_text()

    page.goto("/shares")
    expect(page.locator("#share-1 .num").first).to_contain_text("2")
    page.get_by_role("button", name="Revoke").click()
    expect(page.locator("#share-1")).to_contain_text("revoked")
    gone = stranger.page.goto(link)
    assert gone is not None
    text = stranger.page.locator("body").inner_text()
    unknown = stranger.page.goto(f"/s/{'x' * 32}")
    assert unknown is not None
    assert (gone.status, text) == (unknown.status, stranger.page.locator("body").inner_text())
    assert gone.status == 404
    private.close()
    assert [one for one in stranger.complaints if REFUSED not in one] == []


def test_a_link_is_made_and_revoked_without_scripts(plain_page: Page) -> None:
    plain_page.goto("/share?failure=1.2")
    plain_page.get_by_label("It opens for").select_option("30 days")
    plain_page.get_by_role("button", name="Make a link").click()
    assert "/s/" in plain_page.get_by_label("Link", exact=True).input_value()
    expect(plain_page.get_by_role("button", name="Copy")).to_be_hidden()
    plain_page.get_by_role("button", name="Revoke").click()
    expect(plain_page).to_have_url(re.compile(r"/share\?failure=1\.2$"))
    expect(plain_page.locator(".ledger")).to_contain_text("revoked")

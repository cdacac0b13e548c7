"""A team's day by hand, in one go: upload, review, fix, compare, share, a stranger, revoked."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.settings import ROOT
from tests.conftest import REFUSED, LiveServer, watch

pytestmark = pytest.mark.browser

SECONDS = 120
BROKEN, FIXED = (ROOT / "examples" / f"pose_hrnet_{name}.py" for name in ("broken", "fixed"))
LINE = 1 + next(
    number
    for number, line in enumerate(BROKEN.read_text().splitlines())
    if "export stops here" in line
)


def upload(page: Page, script: Path) -> None:
    page.goto("/")
    page.locator("input[type=file]").set_input_files(script)
    page.get_by_role("button", name="Run", exact=True).click()
    wait_for_the_verdict(page)


def wait_for_the_verdict(page: Page) -> None:
    page.wait_for_url(re.compile(r"/runs/\d+$"))
    cancel = page.get_by_role("button", name="Cancel")
    expect(cancel).to_be_hidden(timeout=SECONDS * 1000)


def review(page: Page) -> None:
    """From the run to what is known of its failure, and to whoever takes care of it."""
    page.get_by_text("Add tags or a note").click()
    page.get_by_label("Tags").fill("pose release-1")
    page.get_by_label("Note", exact=True).fill("The heatmap decode; looked at on Monday.")
    page.get_by_role("button", name="Save").first.click()
    page.get_by_role("link", name="Failures").click()
    expect(page.locator(".groups tbody tr")).to_have_count(2)
    page.get_by_role("link", name="A Python branch on a tensor's value").click()
    expect(page.locator(".lit")).to_contain_text("# export stops here")
    expect(page.locator("#main")).to_contain_text("Seen in 1 run of 1 script")
    page.get_by_role("link", name="run 1").first.click()


def fix(page: Page) -> None:
    """Run it again with the fixed script, and see what that changed."""
    page.get_by_role("link", name="Run again").click()
    page.locator("input[type=file]").set_input_files(FIXED)
    page.get_by_role("button", name="Run again").click()
    wait_for_the_verdict(page)
    expect(page.locator(".verdict .sentence")).to_contain_text("The whole model exports")
    page.get_by_role("link", name="Compare", exact=True).click()
    expect(page).to_have_url(re.compile(r"/compare\?base=1&head=2$"))
    expect(page.locator(".verdict .sentence")).to_contain_text("Run 2 exports")
    stops = page.get_by_role("region", name="What stops it")
    expect(stops.get_by_text("gone", exact=True)).to_have_count(2)
    before = page.locator("tbody tr").count()
    page.get_by_role("link", name="Hide equal rows").click()
    expect(page).to_have_url(re.compile(r"hide=same"))
    assert page.locator("tbody tr").count() < before


def mark_as_fixed(page: Page) -> None:
    page.goto("/failures")
    page.get_by_role("link", name="A Python branch on a tensor's value").click()
    page.get_by_role("radio", name=re.compile("^fixed")).check()
    page.get_by_label("Fixed in run").fill("2")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#main")).to_contain_text("Fixed in run 2")
    expect(page.get_by_role("link", name="run 2").first).to_be_visible()


def share(page: Page) -> str:
    """The link to the failure, with its source."""
    page.goto("/runs/1/blockers/1")
    page.get_by_role("link", name="Share", exact=True).click()
    page.get_by_label("With source").check()
    page.get_by_role("button", name="Make a link").click()
    return page.get_by_label("Link", exact=True).input_value()


def look_as_a_stranger(page: Page, link: str) -> None:
    page.goto(link)
    headline = f"A Python branch on a tensor's value at {BROKEN.name}:{LINE} stops the whole model"
    expect(page.get_by_role("heading", level=1)).to_contain_text(headline)
    expect(page.locator(".lit").first).to_contain_text("# export stops here")
    expect(page.locator("#main")).to_contain_text("In the eager run it was False")
    expect(page.locator("#main")).to_contain_text("torch")
    read = "(links) => links.map((link) => new URL(link.href).pathname)"
    ways = page.locator("a[href]:not([href^='#'])").evaluate_all(read)
    assert ways
    assert all(way.startswith("/s/") for way in ways), ways


@pytest.mark.full
def test_a_team_s_day(page: Page, browser: Browser, live_server: LiveServer) -> None:
    live_server.start_worker()
    upload(page, BROKEN)
    expect(page.locator(".verdict .sentence")).to_contain_text(f"{BROKEN.name}:{LINE}")
    review(page)
    fix(page)
    mark_as_fixed(page)
    link = share(page)
    private = browser.new_context()
    stranger = watch(private)
    look_as_a_stranger(stranger.page, link)

    page.goto("/shares")
    expect(page.locator("#share-1 .num").first).to_contain_text("1")
    page.get_by_role("button", name="Revoke").click()
    expect(page.locator("#share-1")).to_contain_text("revoked")
    gone = stranger.page.goto(link)
    assert gone is not None
    assert gone.status == 404
    expect(stranger.page.locator("body")).not_to_contain_text(BROKEN.name)
    private.close()
    assert [one for one in stranger.complaints if REFUSED not in one] == []

    page.goto("/?tag=release-1")
    expect(page.locator("tr[id^=run-]")).to_have_count(1)
    page.goto(f"/scripts?name={BROKEN.name}")
    expect(page.locator(".timeline > li")).to_have_count(1)

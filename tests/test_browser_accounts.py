"""A team with accounts, by hand: one uploads, one reviews, one reads, and an admin ends a login.

A real `stagelight serve`, its worker and its sandbox; each person in a browser of their own.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.cli_support import start
from tests.conftest import REFUSED, watch
from tests.entry_support import join
from tests.web_support import SCRIPT

pytestmark = [pytest.mark.browser, pytest.mark.full]

VERDICT = 120_000  # ms that a worker may take to import torch and run the script


@dataclass
class Team:
    """The server, and a browser for each person."""

    browser: Browser
    url: str
    stack: ExitStack

    def window(self) -> Page:
        """A browser of its own, in which nobody is logged in."""
        return self.stack.enter_context(window(self.browser, self.url))

    def join(self, link: str, name: str) -> Page:
        """The browser of somebody who opened a link that they were sent, and is in."""
        page = self.window()
        join(page, link, name)
        return page


@contextmanager
def window(browser: Browser, url: str) -> Iterator[Page]:
    """A page that must not complain, but of what it was refused."""
    context = browser.new_context(base_url=url)
    watched = watch(context)
    yield watched.page
    context.close()
    assert [text for text in watched.complaints if REFUSED not in text] == []


@pytest.fixture
def served(browser: Browser, tmp_path: Path) -> Iterator[tuple[Team, str]]:
    """A team without anybody yet, and the link for its first admin."""
    settings = {
        "STAGELIGHT_ACCOUNTS": "true",
        "STAGELIGHT_DATA": "data",
        "STAGELIGHT_PORT": "0",
        "STAGELIGHT_FOLLOW_UPS": "false",
    }
    with start(tmp_path, "serve", **settings) as server, ExitStack() as stack:
        try:
            assert server.stdout is not None
            url = server.stdout.readline().split()[-1]
            link = next(part for part in server.stdout.readline().split() if "/invite/" in part)
            yield Team(browser, url, stack), link
            stack.close()
        finally:
            server.terminate()
        assert server.wait(20) == 0


def invite(admin: Page, role: str) -> str:
    """The link that an admin's page makes for somebody of this role."""
    admin.goto("/admin/invites")
    admin.get_by_label("Role").select_option(role)
    admin.get_by_role("button", name="Make an invite").click()
    shown = admin.get_by_text("/invite/").or_(admin.locator("input[readonly]")).first
    return shown.input_value() if shown.evaluate("e => 'value' in e") else shown.inner_text()


def upload(page: Page) -> str:
    """Upload a script by the form; the path of its run."""
    page.goto("/")
    files = {"name": "pose.py", "mimeType": "text/x-python", "buffer": SCRIPT}
    page.locator("input[type=file]").set_input_files(files)  # type: ignore[arg-type]
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_url("**/runs/*")
    return page.url.removeprefix(page.evaluate("location.origin"))


def test_a_team_with_accounts(served: tuple[Team, str]) -> None:
    team, link = served
    admin = team.join(link, "Ada")
    ana = team.join(invite(admin, "member"), "Ana")
    ben = team.join(invite(admin, "member"), "Ben")
    vera = team.join(invite(admin, "viewer"), "Vera")

    run = upload(ana)
    expect(ana.locator(".verdict .sentence")).to_be_visible(timeout=VERDICT)

    # Ben reviews it: he may say something, and star it, but it is not his to delete.
    ben.goto(run)
    expect(ben.locator(".verdict").get_by_role("link", name="Ana")).to_be_visible()
    section = ben.get_by_role("region", name="Comments")
    section.get_by_label("Comment").last.fill("Line 3 is the decode.")
    section.get_by_role("button", name="Comment").click()
    expect(ben.locator(".comment-text")).to_have_text("Line 3 is the decode.")
    expect(ben.get_by_role("button", name="Delete run")).to_have_count(0)
    ana.reload()
    expect(ana.locator(".comment-text")).to_have_text("Line 3 is the decode.")
    expect(ana.locator(".comment")).to_contain_text("Ben")

    # Vera reads all of it, is offered nothing else, and what she sends all the same is refused.
    vera.goto("/")
    expect(vera.locator("input[type=file]")).to_have_count(0)
    vera.goto(run)
    expect(vera.locator(".comment-text")).to_have_text("Line 3 is the decode.")
    expect(vera.get_by_role("button", name="Comment")).to_have_count(0)
    status = vera.evaluate(
        """async () => {
            const form = new FormData();
            form.append("script", new File(["import torch"], "m.py"));
            return (await fetch("/api/runs", {method: "POST", body: form})).status;
        }"""
    )
    assert status == 404
    assert vera.evaluate("fetch('/api/runs').then(a => a.json()).then(b => b.runs.length)") == 1

    # Ada ends Ben's login: the page that he has open is of no use any more, at once.
    admin.goto("/admin")
    admin.get_by_role("link", name="Ben").click()
    sessions = admin.get_by_role("region", name="Sessions")
    sessions.get_by_role("button", name="End", exact=True).click()
    expect(sessions).to_contain_text("They are logged in nowhere.")
    assert ben.evaluate("fetch('/api/runs').then(answer => answer.status)") == 401
    ben.goto(run)
    assert ben.url == f"{team.url}/login?next={run}"
    admin.goto("/admin/audit")
    for words in ("Ben", "Ana", "Vera"):
        expect(admin.get_by_text(words).first).to_be_visible()

"""The first admin's errand by hand: from the printed link to a teammate who is in."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.db import make_engine, session_scope
from app.models import PersonRole
from app.services.identity import console_asker
from app.services.invites import invite_url, make_invite
from tests.cli_support import start
from tests.conftest import REFUSED, watch
from tests.entry_support import PASSWORD, join

pytestmark = [pytest.mark.browser, pytest.mark.full]


def log_out_and_in(page: Page, url: str, name: str) -> None:
    """With a wrong password first; back to the page that was asked for."""
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url(f"{url}/login")
    assert page.context.cookies() == []
    page.goto(f"{url}/failures?state=open")
    page.keyboard.type(name)
    page.get_by_label("Password").fill("a wrong password")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("do not fit")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{url}/failures?state=open")
    expect(page.locator(".who")).to_contain_text(name)


@pytest.mark.parametrize("scripts", [True, False])
def test_the_first_admin_joins_by_the_printed_link_and_a_member_by_theirs(
    scripts: bool, browser: Browser, tmp_path: Path
) -> None:
    settings = {
        "STAGELIGHT_ACCOUNTS": "true",
        "STAGELIGHT_DATA": "data",
        "STAGELIGHT_PORT": "0",
        "STAGELIGHT_WORKERS": "0",
    }
    with start(tmp_path, "serve", **settings) as served:
        try:
            assert served.stdout is not None
            url = served.stdout.readline().split()[-1]
            said = served.stdout.readline()
            link = re.fullmatch(
                rf"Make the first admin account at ({url}/invite/\S+) \(once, within 24 hours\)\n",
                said,
            )
            assert link is not None, said
            for name, role in (("Ana", PersonRole.ADMIN), ("Bob", PersonRole.MEMBER)):
                context = browser.new_context(java_script_enabled=scripts)
                watched = watch(context)
                mine = link[1] if role is PersonRole.ADMIN else invited(tmp_path, url)
                join(watched.page, mine, name)
                admin = watched.page.get_by_role("link", name="Admin")
                expect(admin).to_have_count(1 if role is PersonRole.ADMIN else 0)
                log_out_and_in(watched.page, url, name)
                context.close()
                assert [text for text in watched.complaints if REFUSED not in text] == []
        finally:
            served.terminate()
        assert served.wait(10) == 0


def invited(folder: Path, url: str) -> str:
    """A link for a member, from the database of that server."""
    engine = make_engine(f"sqlite:///{folder / 'data' / 'stagelight.db'}")
    with session_scope(engine) as session:
        token = make_invite(session, console_asker(), PersonRole.MEMBER)[1]
    engine.dispose()
    return invite_url(url, token)

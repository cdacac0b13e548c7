"""Login with OpenID Connect at a real provider, which is certified: oidc-provider, under Node."""

import re
import subprocess
from collections.abc import Iterator
from html import unescape

import httpx2
import pytest
from playwright.sync_api import Page, expect
from pydantic import SecretStr
from sqlmodel import select

from app.db import session_scope
from app.models import Person, PersonRole
from app.services.invites import make_invite
from app.settings import ROOT, Settings
from tests.conftest import LiveServer
from tests.oidc_support import CLIENT_ID, REDIRECT_URI, SECRET
from tests.people_support import add_person, asker_of

PROVIDER = ROOT / "tests" / "oidc" / "provider.mjs"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """The provider's address."""
    command = ["node", str(PROVIDER), REDIRECT_URI, CLIENT_ID, SECRET]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(10) == 0


@pytest.fixture
def settings(settings: Settings, issuer: str) -> Settings:
    given = {
        "accounts": True,
        "oidc_issuer": issuer,
        "oidc_client_id": CLIENT_ID,
        "oidc_client_secret": SecretStr(SECRET),
        "oidc_name": "the team's login",
    }
    return settings.model_copy(update=given)


@pytest.fixture
def invite(live_server: LiveServer) -> str:
    """The path of an invite."""
    boss = add_person(live_server.engine, "boss", PersonRole.ADMIN)
    with session_scope(live_server.engine) as session:
        return f"/invite/{make_invite(session, asker_of(boss), PersonRole.VIEWER)[1]}"


def joined(live_server: LiveServer) -> list[tuple[str, str | None, str | None]]:
    with session_scope(live_server.engine) as session:
        people = session.exec(select(Person).where(Person.issuer.is_not(None))).all()  # type: ignore[union-attr]
        return [(person.name, person.issuer, person.subject) for person in people]


class Walker:
    """Somebody who goes from page to page and sends forms: no browser, and no script."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx2.Client(follow_redirects=True, timeout=10)

    def log_in(self, name: str, **form: str) -> httpx2.Response:
        """By the provider's own forms: who one is, and that Stagelight may know it."""
        headers = {"Origin": self.url}
        left = self.http.post(f"{self.url}/login/oidc", data=form, headers=headers)
        page = self.http.get(left.headers["refresh"].removeprefix("0; url="))
        while page.url.path.startswith("/interaction/"):
            prompt = re.findall(r'name="prompt" value="(\w+)"', page.text)[0]
            action = unescape(re.findall(r'<form [^>]*action="([^"]+)"', page.text)[0])
            sent = {"prompt": prompt, "login": name, "password": "any"}
            page = self.http.post(action, data=sent)
        return page


def test_all_the_way(live_server: LiveServer, issuer: str, invite: str) -> None:
    walker = Walker(live_server.url)
    stranger = walker.log_in("dora")
    assert "dora of the provider has no account here" in stranger.text
    page = walker.log_in("dora", invite=invite.removeprefix("/invite/"))
    assert (page.status_code, page.url.path) == (200, "/")
    assert joined(live_server) == [("dora of the provider", issuer, "dora")]
    again = Walker(live_server.url)
    page = again.log_in("dora", next="/failures?a=b")
    assert page.url == f"{live_server.url}/failures?a=b"
    assert len(joined(live_server)) == 1
    for one in (walker, again):
        one.http.close()


@pytest.mark.browser
@pytest.mark.full
def test_in_a_browser_without_scripts(
    plain_page: Page, live_server: LiveServer, issuer: str, invite: str
) -> None:
    page = plain_page
    # The provider's pages ask for a font from elsewhere.
    page.route(re.compile("^https:"), lambda route: route.fulfill(body=""))
    page.goto(invite)
    page.get_by_role("button", name="Join with the team's login").click()
    page.wait_for_url(f"{issuer}/interaction/*")
    page.get_by_role("link", name="Cancel").click()
    page.wait_for_url(f"{live_server.url}/login/oidc/callback**")
    expect(page.get_by_text("It says: access_denied: End-User aborted interaction")).to_be_visible()
    page.goto(invite)
    page.get_by_role("button", name="Join with the team's login").click()
    page.get_by_placeholder("Enter any login").fill("emil")
    page.get_by_placeholder("and password").fill("any")
    page.get_by_role("button", name="Sign-in").click()
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url(f"{live_server.url}/")
    expect(page.get_by_role("link", name="emil of the provider")).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    page.goto("/failures")
    page.get_by_role("button", name="Log in with the team's login").click()
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url(f"{live_server.url}/failures")
    assert joined(live_server) == [("emil of the provider", issuer, "emil")]

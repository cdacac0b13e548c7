"""Tokens of logins, programs and links: nothing tells a wrong one from one that has ended."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import event
from sqlmodel import Session, update
from starlette.responses import Response as Plain

from app.cookies import cookie_name, drop_cookie, set_cookie
from app.db import session_scope
from app.models import ApiToken, Login, Person, Share
from app.models.columns import utc_now
from app.services.tokens import hash_of
from app.settings import Settings
from tests.people_support import stranger
from tests.rights.row import LINK_TOKEN, PROGRAM_TOKEN, Cast
from tests.rights.team import token_of

SECRETS = {"login": token_of(Cast.ADMIN), "program": PROGRAM_TOKEN, "link": LINK_TOKEN}
PAST = timedelta(seconds=-1)


def show(client: TestClient, kind: str, token: str) -> Response:
    """What is answered to this token of this kind."""
    if kind == "link":
        return client.get(f"/s/{token}")
    headers = {"Authorization": f"Bearer stl_{token}"}
    if kind == "login":
        headers = {"Cookie": f"stagelight={token}"}
    return client.get("/api/settings", headers=headers)


def _expire(table: Any) -> Callable[[Session], object]:
    return lambda session: session.execute(update(table).values(expires_at=utc_now() + PAST))


def _revoke(table: Any) -> Callable[[Session], object]:
    return lambda session: session.execute(update(table).values(revoked_at=utc_now()))


def _disable(session: Session) -> object:
    return session.execute(update(Person).values(disabled_at=utc_now()))


@pytest.mark.parametrize(
    ("kind", "end"),
    [
        pytest.param("login", _expire(Login), id="login-expired"),
        pytest.param("login", _disable, id="login-disabled"),
        pytest.param("program", _expire(ApiToken), id="program-expired"),
        pytest.param("program", _revoke(ApiToken), id="program-revoked"),
        pytest.param("program", _disable, id="program-disabled"),
        pytest.param("link", _expire(Share), id="link-expired"),
        pytest.param("link", _revoke(Share), id="link-revoked"),
    ],
)
def test_one_that_has_ended_looks_like_one_that_never_was(
    kind: str, end: Callable[[Session], object], team: FastAPI
) -> None:
    token = SECRETS[kind]
    with stranger(team) as client:
        assert show(client, kind, token).status_code == 200
        with session_scope(team.state.web.engine) as session:
            end(session)
        answers = [show(client, kind, one) for one in (token, "A" * 32, "x", "A" * 5_000)]
    assert {one.status_code for one in answers} == {404 if kind == "link" else 401}
    assert len({one.content for one in answers}) == 1
    assert len({tuple(one.headers.items()) for one in answers}) == 1


@contextmanager
def statements(app: FastAPI) -> Iterator[list[tuple[str, str]]]:
    """Each statement that the application sends, with what it is given."""
    sent: list[tuple[str, str]] = []

    def listen(_connection: Any, _cursor: Any, text: str, given: Any, *_: Any) -> None:
        sent.append((text, repr(given)))

    engine = app.state.web.engine
    event.listen(engine, "before_cursor_execute", listen)
    yield sent
    event.remove(engine, "before_cursor_execute", listen)


@pytest.mark.parametrize("kind", SECRETS)
def test_the_database_is_asked_for_its_hash_alone(kind: str, team: FastAPI) -> None:
    """So how long the answer takes tells nothing of how much of a guess is right, and neither the
    database nor its log can be read for a token.
    """
    token = SECRETS[kind]
    with stranger(team) as client, statements(team) as sent:
        assert show(client, kind, token).status_code == 200
        assert show(client, kind, token[:-1] + "y").status_code in (401, 404)
    asked = [given for text, given in sent if "token_sha256 = " in text]
    hashes = [hash_of(one) for one in (token, token[:-1] + "y")]
    assert [one in given for one, given in zip(hashes, asked, strict=True)] == [True, True]
    assert [given for _, given in sent if token[:-1] in given] == []


@pytest.mark.parametrize(
    ("public_url", "name", "secure"),
    [("", "stagelight", False), ("https://stage.example", "__Host-stagelight", True)],
)
def test_a_cookie_is_for_this_site_alone(public_url: str, name: str, secure: bool) -> None:
    settings = Settings(accounts=True, public_url=public_url, session_days=2)
    assert cookie_name(settings) == name
    response = Plain()
    set_cookie(response, settings, "token")
    drop_cookie(response, settings)
    told = [
        {part.lower() for part in header.split("; ") if not part.startswith("expires=")}
        for header in response.headers.getlist("set-cookie")
    ]
    flags = {"httponly", "path=/", "samesite=lax", *(["secure"] if secure else [])}
    assert told == [
        flags | {f"{name.lower()}=token", f"max-age={2 * 86_400}"},
        flags | {f'{name.lower()}=""', "max-age=0"},
    ]

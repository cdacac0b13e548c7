"""The page of one's own account, and its forms."""

from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import HTMLResponse

from app.account_pages import AccountPage, NewToken, TokenForm
from app.db import read_scope, session_scope
from app.errors import StagelightError
from app.models import Scope
from app.pages import Problem
from app.rates import Rate
from app.routes.moves import go
from app.routes.once import told_once
from app.services.accounts import WrongPasswordError, account_of, change_password
from app.services.api_tokens import TokenError, list_tokens, make_token, revoke_token, scopes_of
from app.services.asker import Asker
from app.services.passwords import PasswordError
from app.services.quotas import read_usage
from app.services.sessions import end_other_sessions, end_session, list_sessions
from app.usage_pages import UsageCard
from app.web import Here, Id, Web, Who

router = APIRouter(prefix="/account", include_in_schema=False)

Entered = Annotated[str, Form(max_length=1_000)]
Password = Annotated[str, Form(max_length=10_000)]


def entered(name: Entered = "", scope: Entered = "", days: Entered = "") -> TokenForm:
    """The form for a token, as it was sent."""
    return TokenForm(name, scope, days)


@router.get("")
def show(
    web: Here, asker: Who, done: Annotated[Literal["", "password"], Query()] = ""
) -> HTMLResponse:
    """Name and role, API tokens, sessions, password, quotas."""
    return web.render(replace(_page(web, asker), changed=done == "password"))


@router.post("/sessions/revoke")
def end_others(request: Request, web: Here, asker: Who) -> Response:
    """End all sessions but this one."""
    with session_scope(web.engine) as session:
        end_other_sessions(session, asker)
    return go(request, "/account")


@router.post("/sessions/{session_id}/revoke")
def end(request: Request, web: Here, asker: Who, session_id: Id) -> Response:
    """End one session."""
    with session_scope(web.engine) as session:
        end_session(session, asker, session_id)
    return go(request, "/account")


@router.post("/password")
def password(
    request: Request, web: Here, asker: Who, old: Password = "", new: Password = ""
) -> Response:
    """Change the password, and end all sessions but this one."""
    web.rates.take(Rate.LOGIN, f"account {asker.person_id}")
    try:
        change_password(web.engine, asker, old, new)
    except (WrongPasswordError, PasswordError) as error:
        page = replace(_page(web, asker), password_problem=Problem.of(error))
        return web.render(page, error.status)
    return go(request, "/account?done=password")


@router.post("/tokens")
def make(web: Here, asker: Who, form: Annotated[TokenForm, Depends(entered)]) -> HTMLResponse:
    """Make an API token and show it, this once."""
    try:
        with session_scope(web.engine) as session:
            token, text = make_token(
                session, asker, form.name, _scope(form.scope), _days(form.days)
            )
    except StagelightError as error:
        page = replace(_page(web, asker), form=form, token_problem=Problem.of(error))
        return web.render(page, error.status)
    new = NewToken(text, token.name, token.expires_at)
    return told_once(web.render(replace(_page(web, asker), made=new), 201))


@router.post("/tokens/{token_id}/revoke")
def revoke(request: Request, web: Here, asker: Who, token_id: Id) -> Response:
    """End an API token."""
    with session_scope(web.engine) as session:
        revoke_token(session, asker, token_id)
    return go(request, "/account")


def _scope(text: str) -> Scope:
    if text not in set(Scope):
        raise TokenError("It is not said what the token is for.", "Choose one of the scopes.")
    return Scope(text)


def _days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise TokenError(f"{text[:40]!r} is no number of days.", "Write a whole number.")
    return int(text)


def _page(web: Web, asker: Asker) -> AccountPage:
    """The page with a form for a token as it is at first."""
    scopes = scopes_of(asker)
    with read_scope(web.engine) as session:
        usage = read_usage(session, asker, web.settings)
        assert usage is not None, "only who is logged in gets here"
        return AccountPage(
            account=account_of(session, asker),
            sessions=tuple(list_sessions(session, asker)),
            tokens=tuple(list_tokens(session, asker)),
            scopes=scopes,
            form=TokenForm(scope=Scope.WRITE if Scope.WRITE in scopes else Scope.READ),
            usage=UsageCard.of(usage),
        )

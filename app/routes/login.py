"""Logging in and out."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, Response

from app.cookies import drop_cookie
from app.db import session_scope
from app.errors import NoAccountsError, StagelightError
from app.login_pages import LoginPage, own_path
from app.models import Act
from app.pages import Problem
from app.rates import Rate, network_of
from app.rights import LOGIN, LOGOUT
from app.routes.moves import go
from app.routes.visits import let_in, visit_of
from app.services.asker import Asker
from app.services.audit import record
from app.services.entry import log_in, tried_key
from app.services.logins import end_login
from app.web import Here, Web, Who, need_accounts

router = APIRouter(include_in_schema=False)


@router.get(LOGIN)
def form(
    request: Request, web: Here, asker: Who, back: Annotated[str, Query(alias="next")] = ""
) -> Response:
    """The form; who is logged in goes where it would lead."""
    if asker.role is not None:
        return go(request, own_path(back))
    if not web.settings.accounts:
        raise NoAccountsError
    return web.render(LoginPage(own_path(back), oidc=web.settings.oidc_provider))


@router.post(LOGIN, dependencies=[Depends(need_accounts)])
def enter(
    request: Request,
    web: Here,
    asker: Who,
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    back: Annotated[str, Form(alias="next")] = "",
) -> Response:
    """Log in; on an error show the form again."""
    try:
        _count(web, asker, name)
        token = log_in(web.engine, name, password, visit_of(request, web, asker))
    except StagelightError as error:
        oidc = web.settings.oidc_provider
        page = LoginPage(own_path(back), name, oidc, Problem.of(error))
        response = web.render(page, error.status)
        response.headers.update(error.headers)
        return response
    return let_in(request, web, token, own_path(back))


@router.post(LOGOUT)
def leave(request: Request, web: Here, asker: Who) -> Response:
    """End this login, and have the browser forget its pages."""
    assert asker.login_id is not None
    with session_scope(web.engine) as session:
        end_login(session, asker.login_id)
        record(session, asker, Act.LOGOUT, asker.name)
    response = go(request, LOGIN)
    drop_cookie(response, web.settings)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def _count(web: Web, asker: Asker, name: str) -> None:
    """TooOftenError where this address, or whoever tries this name, tried too often."""
    web.rates.take(Rate.LOGIN, f"address {network_of(asker.address)}")
    web.rates.take(Rate.LOGIN, f"name {tried_key(name)}")

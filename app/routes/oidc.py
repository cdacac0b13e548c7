"""Logging in with OpenID Connect: the way to the provider, and the way back."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from app.cookies import cookie_in, drop_flow_cookie, flow_cookie_name, set_flow_cookie
from app.db import session_scope
from app.errors import NotFoundError, StagelightError
from app.login_pages import LeavePage, LoginPage, own_path
from app.pages import Problem
from app.public import base_url
from app.rates import Rate, network_of
from app.rights import LOGIN
from app.routes.invite import find_shown
from app.routes.visits import let_in, visit_of
from app.services.oidc import Provider, Return
from app.services.oidc_entry import log_in_by
from app.services.oidc_flows import FLOW_SECONDS, begin_flow, take_flow
from app.web import Here, Web, Who

CALLBACK = f"{LOGIN}/oidc/callback"

router = APIRouter(include_in_schema=False)


@router.post(f"{LOGIN}/oidc")
def leave(
    request: Request,
    web: Here,
    asker: Who,
    back: Annotated[str, Form(alias="next")] = "",
    invite: Annotated[str, Form()] = "",
) -> Response:
    """Send the browser to the provider. A form does it: no other site's link begins a login."""
    provider = _provider(web)
    goal = own_path(back)
    try:
        web.rates.take(Rate.LOGIN, f"oidc {network_of(asker.address)}")
        invite_id = find_shown(web, asker, invite).id if invite else None
        start = provider.start(_redirect_uri(request, web))
    except StagelightError as error:
        return _refuse(web, goal, error)
    with session_scope(web.engine) as session:
        token = begin_flow(session, start, goal, invite_id)
    response = web.render(LeavePage(web.settings.oidc_provider, start.url))
    # Not a redirect: browsers hold those that follow a form to the form-action of the policy,
    # which would have to name every host that the provider sends people on to.
    response.headers["Refresh"] = f"0; url={start.url}"
    set_flow_cookie(response, web.settings, token, FLOW_SECONDS)
    return response


@router.get(CALLBACK)
def come_back(
    request: Request,
    web: Here,
    asker: Who,
    state: str = "",
    code: str = "",
    iss: str = "",
    error: str = "",
    error_description: str = "",
) -> Response:
    """Log in who the provider says it is."""
    provider = _provider(web)
    goal = "/"
    try:
        with session_scope(web.engine) as session:
            cookie = cookie_in(request, flow_cookie_name(web.settings))
            flow = take_flow(session, cookie, state)
        goal = flow.next
        said = ": ".join(filter(None, (error, error_description)))
        uri = _redirect_uri(request, web)
        back = Return(uri, code, said, iss, flow.nonce, flow.code_verifier)
        visit = visit_of(request, web, asker)
        login = log_in_by(web.engine, provider, flow, back, visit, web.settings.oidc_role)
        response = let_in(request, web, login, goal)
    except StagelightError as problem:
        response = _refuse(web, goal, problem)
    drop_flow_cookie(response, web.settings)
    return response


def _provider(web: Web) -> Provider:
    if web.oidc is None:
        raise NotFoundError(
            "There is no single sign-on here.", "STAGELIGHT_OIDC_ISSUER names a provider."
        )
    return web.oidc


def _redirect_uri(request: Request, web: Web) -> str:
    return base_url(request, web.settings) + CALLBACK


def _refuse(web: Web, goal: str, error: StagelightError) -> Response:
    """The login page, with why."""
    page = LoginPage(goal, oidc=web.settings.oidc_provider, problem=Problem.of(error))
    response = web.render(page, error.status)
    response.headers.update(error.headers)
    return response

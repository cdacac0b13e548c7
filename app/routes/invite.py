"""What an invite opens: the form that makes an account, or sets a password."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from app.db import read_scope
from app.errors import StagelightError
from app.login_pages import InvitePage
from app.models import Invite
from app.pages import Problem
from app.routes.visits import let_in, visit_of
from app.services.asker import Asker
from app.services.entry import join, reset
from app.services.invites import INVITE, InviteGoneError, find_invite
from app.services.passwords import PasswordError
from app.web import Here, Web, Who

router = APIRouter(include_in_schema=False)


@router.get(INVITE + "{token:path}")
def form(web: Here, asker: Who, token: str) -> Response:
    """The form."""
    invite = find_shown(web, asker, token)
    return web.render(InvitePage.of(invite, INVITE + token, web.settings.oidc_provider))


@router.post(INVITE + "{token:path}")
def accept(
    request: Request,
    web: Here,
    asker: Who,
    token: str,
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    again: Annotated[str, Form()] = "",
) -> Response:
    """Do what the form says, and log in; on an error show it again."""
    invite = find_shown(web, asker, token)
    visit = visit_of(request, web, asker)
    try:
        _check_same(password, again)
        if invite.person_id is None:
            login = join(web.engine, token, name, password, visit)
        else:
            login = reset(web.engine, token, password, visit)
    except InviteGoneError:  # another request was faster
        raise
    except StagelightError as error:
        oidc = web.settings.oidc_provider
        page = InvitePage.of(invite, INVITE + token, oidc, name, Problem.of(error))
        return web.render(page, error.status)
    return let_in(request, web, login, "/")


def find_shown(web: Web, asker: Asker, token: str) -> Invite:
    """The invite, if it holds. Who asks for many that do not is told to wait."""
    with web.rates.guess(asker.address):
        if not web.settings.accounts:
            raise InviteGoneError
        with read_scope(web.engine) as session:
            return find_invite(session, token)


def _check_same(password: str, again: str) -> None:
    if password != again:
        raise PasswordError(
            "The two passwords are not the same.",
            "Write the same one twice.",
            code="passwords_differ",
        )

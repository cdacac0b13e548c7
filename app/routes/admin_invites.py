"""The page of invites: the form that makes one, and those that are open."""

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import HTMLResponse
from sqlmodel import Session

from app.admin_pages import InviteForm, InvitesPage, NewInvite, NoAccountsPage
from app.db import read_scope, session_scope
from app.models import PersonRole
from app.pages import Problem
from app.public import base_url, only_here
from app.routes.moves import go
from app.routes.once import told_once
from app.services.invites import (
    MAX_DAYS,
    invite_url,
    make_invite,
    open_invites,
    revoke_invite,
)
from app.services.person_names import BadNameError
from app.services.shares import ExpiryError
from app.text import one_line
from app.web import Here, Id, Who, need_accounts

_DAYS = re.compile(r"[0-9]{1,6}")

router = APIRouter(prefix="/admin/invites", include_in_schema=False)
needs = [Depends(need_accounts)]


@router.get("")
def listing(web: Here) -> HTMLResponse:
    """The form, and the invites that are open."""
    if not web.settings.accounts:
        return web.render(NoAccountsPage())
    with read_scope(web.engine) as session:
        return web.render(_page(session, InviteForm()))


@router.post("", dependencies=needs)
def create(
    request: Request,
    web: Here,
    asker: Who,
    role: Annotated[PersonRole, Form()],
    name: Annotated[str, Form(max_length=200)] = "",
    days: Annotated[str, Form(max_length=20)] = "",
) -> HTMLResponse:
    """Make an invite and show its link, this once."""
    form = InviteForm(role.value, name, days)
    try:
        with session_scope(web.engine) as session:
            invite, token = make_invite(session, asker, role, one_line(name), _days(days))
            link = invite_url(base_url(request, web.settings), token)
            made = NewInvite(link, invite.expires_at, only_here(request, web.settings))
            page = _page(session, InviteForm(), made=made)
    except (BadNameError, ExpiryError) as error:
        with read_scope(web.engine) as session:
            return web.render(_page(session, form, problem=Problem.of(error)), error.status)
    return told_once(web.render(page, 201))


@router.post("/{invite_id}/revoke", dependencies=needs)
def revoke(request: Request, web: Here, asker: Who, invite_id: Id) -> Response:
    """End one that is open."""
    with session_scope(web.engine) as session:
        revoke_invite(session, asker, invite_id)
    return go(request, "/admin/invites")


def _days(text: str) -> int:
    if not _DAYS.fullmatch(text):
        raise ExpiryError(f"{text!r} is no number of days.", f"Give it 1 to {MAX_DAYS}.")
    return int(text)


def _page(
    session: Session,
    form: InviteForm,
    *,
    made: NewInvite | None = None,
    problem: Problem | None = None,
) -> InvitesPage:
    return InvitesPage(tuple(open_invites(session)), form, made, problem)

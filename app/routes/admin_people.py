"""The pages of people: all of them, and each with what lets them in."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import HTMLResponse
from sqlmodel import Session

from app.access import find_person
from app.admin_pages import NewInvite, NoAccountsPage, PeoplePage, PersonPage, QuotaForm
from app.db import read_scope, session_scope
from app.errors import StagelightError
from app.models import Person, PersonRole
from app.pages import Problem
from app.public import base_url, only_here
from app.routes.moves import go
from app.routes.once import told_once
from app.services.api_tokens import list_tokens, revoke_token
from app.services.asker import Asker
from app.services.audit_log import AuditFilters, list_audit
from app.services.invites import invite_url, make_reset
from app.services.people import (
    LastAdminError,
    disable,
    enable,
    list_people,
    person_view,
    set_role,
)
from app.services.quotas import BadQuotaError, quota_of, set_quota, usage_view
from app.services.sessions import end_other_sessions, end_session, list_sessions
from app.usage_pages import UsageCard
from app.web import Here, Id, Web, Who, need_accounts

LATELY = 10  # entries of the log

Entered = Annotated[str, Form(max_length=40)]

listing = APIRouter(include_in_schema=False)
router = APIRouter(
    prefix="/admin/people/{person_id}",
    include_in_schema=False,
    dependencies=[Depends(need_accounts)],
)


@listing.get("/admin")
def people(web: Here) -> HTMLResponse:
    """Everybody who has an account."""
    if not web.settings.accounts:
        return web.render(NoAccountsPage())
    with read_scope(web.engine) as session:
        return web.render(PeoplePage(tuple(list_people(session))))


@router.get("")
def show(web: Here, asker: Who, person_id: Id) -> HTMLResponse:
    """One person."""
    with read_scope(web.engine) as session:
        return web.render(_page(session, web, asker, find_person(session, person_id)))


@router.post("/role")
def role(
    request: Request, web: Here, asker: Who, person_id: Id, role: Annotated[PersonRole, Form()]
) -> Response:
    """Give them another role."""
    try:
        with session_scope(web.engine) as session:
            set_role(session, asker, find_person(session, person_id), role)
    except LastAdminError as error:
        return _refused(web, asker, person_id, error)
    return go(request, _address(person_id))


@router.post("/disable")
def lock(request: Request, web: Here, asker: Who, person_id: Id) -> Response:
    """Let them in no more."""
    try:
        with session_scope(web.engine) as session:
            disable(session, asker, find_person(session, person_id))
    except LastAdminError as error:
        return _refused(web, asker, person_id, error)
    return go(request, _address(person_id))


@router.post("/enable")
def unlock(request: Request, web: Here, asker: Who, person_id: Id) -> Response:
    """Let them in again."""
    with session_scope(web.engine) as session:
        enable(session, asker, find_person(session, person_id))
    return go(request, _address(person_id))


@router.post("/quota")
def quota(
    request: Request,
    web: Here,
    asker: Who,
    person_id: Id,
    runs: Entered = "",
    minutes: Entered = "",
    storage_mb: Entered = "",
) -> Response:
    """Give them quotas of their own."""
    try:
        with session_scope(web.engine) as session:
            set_quota(
                session,
                asker,
                find_person(session, person_id),
                runs=_number(runs),
                minutes=_number(minutes),
                storage_mb=_number(storage_mb),
            )
    except BadQuotaError as error:
        return _refused(web, asker, person_id, error, QuotaForm(runs, minutes, storage_mb))
    return go(request, _address(person_id))


@router.post("/reset")
def reset(request: Request, web: Here, asker: Who, person_id: Id) -> HTMLResponse:
    """Make a link by which they set a new password, and show it this once."""
    with session_scope(web.engine) as session:
        person = find_person(session, person_id)
        invite, token = make_reset(session, asker, person)
        link = invite_url(base_url(request, web.settings), token)
        made = NewInvite(link, invite.expires_at, only_here(request, web.settings))
        page = _page(session, web, asker, person, made)
    return told_once(web.render(page, 201))


@router.post("/sessions/revoke")
def end_all(request: Request, web: Here, asker: Who, person_id: Id) -> Response:
    """End all their sessions, but not this very one."""
    with session_scope(web.engine) as session:
        end_other_sessions(session, asker, find_person(session, person_id))
    return go(request, _address(person_id))


@router.post("/sessions/{session_id}/revoke")
def end(request: Request, web: Here, asker: Who, person_id: Id, session_id: Id) -> Response:
    """End one of them."""
    with session_scope(web.engine) as session:
        end_session(session, asker, session_id, find_person(session, person_id))
    return go(request, _address(person_id))


@router.post("/tokens/{token_id}/revoke")
def revoke(request: Request, web: Here, asker: Who, person_id: Id, token_id: Id) -> Response:
    """End one of their API tokens."""
    with session_scope(web.engine) as session:
        revoke_token(session, asker, token_id, find_person(session, person_id))
    return go(request, _address(person_id))


def _refused(
    web: Web,
    asker: Asker,
    person_id: int,
    error: StagelightError,
    form: QuotaForm | None = None,
) -> HTMLResponse:
    """The page with what is wrong, and the form as it was sent."""
    with read_scope(web.engine) as session:
        page = _page(session, web, asker, find_person(session, person_id))
    page = replace(page, problem=Problem.of(error), quota=form or page.quota)
    return web.render(page, error.status)


def _number(text: str) -> int | None:
    """A quota as it was written; empty: the settings'."""
    if not text.strip():
        return None
    if not (text.isascii() and text.strip().isdigit() and len(text) <= 20):
        raise BadQuotaError(
            f"{text[:40]!r} is no quota.",
            "Write a whole number, 0 for no limit, or nothing for what the settings say.",
        )
    return int(text)


def _page(
    session: Session, web: Web, asker: Asker, person: Person, reset: NewInvite | None = None
) -> PersonPage:
    return PersonPage(
        person=person_view(session, person),
        sessions=tuple(list_sessions(session, asker, person)),
        tokens=tuple(list_tokens(session, asker, person)),
        lately=tuple(list_audit(session, AuditFilters(actor=person.name), LATELY).entries),
        usage=UsageCard.of(usage_view(session, person, web.settings)),
        usual=quota_of(None, web.settings),
        quota=QuotaForm.of(person),
        reset=reset,
    )


def _address(person_id: int) -> str:
    return f"/admin/people/{person_id}"

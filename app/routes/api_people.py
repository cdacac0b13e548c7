"""People and invites as JSON, for admins."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from app.access import find_person
from app.db import read_scope, session_scope
from app.models import Invite, PersonRole
from app.models.person import NAME_CHARACTERS
from app.public import base_url
from app.routes.once import told_once
from app.services.api_tokens import TokenList, list_tokens, revoke_token
from app.services.invites import (
    DAYS,
    invite_url,
    make_invite,
    make_reset,
    open_invites,
    revoke_invite,
)
from app.services.people import (
    PersonList,
    PersonView,
    disable,
    enable,
    list_people,
    person_view,
    set_role,
)
from app.services.quotas import MOST, UsageView, set_quota, usage_view
from app.services.sessions import SessionList, end_other_sessions, end_session, list_sessions
from app.services.view import View
from app.web import Here, Id, Web, Who, need_accounts

router = APIRouter(prefix="/api/admin", tags=["admin"], dependencies=[Depends(need_accounts)])


Limit = Annotated[int, Field(strict=True, ge=0, le=MOST)] | None


class QuotaChange(BaseModel):
    """Somebody's own quotas, all of them: null is what the settings say, 0 no limit."""

    model_config = ConfigDict(extra="forbid")

    runs: Limit = None
    minutes: Limit = None
    storage_mb: Limit = None


class PersonChange(BaseModel):
    """What is to be another way; what is not given stays."""

    model_config = ConfigDict(extra="forbid")

    role: PersonRole | None = None
    disabled: Annotated[bool, Field(strict=True)] | None = None
    quota: QuotaChange | None = None


class InviteRequest(BaseModel):
    """For whom an invite is. `name` empty: theirs to choose."""

    model_config = ConfigDict(extra="forbid")

    role: PersonRole = PersonRole.MEMBER
    name: Annotated[str, Field(max_length=NAME_CHARACTERS)] = ""
    days: Annotated[int, Field(strict=True)] = DAYS


class InviteView(View):
    """An invite that is open, without its token. With a `person_id` it sets their password."""

    id: int
    person_id: int | None
    role: PersonRole
    name: str
    created_by: str
    created_at: datetime
    expires_at: datetime


class InviteList(View):
    """All that are open, newest first."""

    invites: list[InviteView]


class InviteMade(View):
    """A new link. Its address is told this once."""

    id: int
    url: str
    expires_at: datetime


@router.get("/people")
def people(web: Here) -> PersonList:
    """Everybody who has an account, by name; who is disabled comes last."""
    with read_scope(web.engine) as session:
        return PersonList(people=list_people(session))


@router.get("/people/{person_id}")
def person(web: Here, person_id: Id) -> PersonView:
    """One person."""
    with read_scope(web.engine) as session:
        return person_view(session, find_person(session, person_id))


@router.patch("/people/{person_id}")
def change(web: Here, asker: Who, person_id: Id, wanted: PersonChange) -> PersonView:
    """Change a role or quotas, disable an account or enable it; all of it, or nothing."""
    with session_scope(web.engine) as session:
        found = find_person(session, person_id)
        if wanted.role is not None:
            set_role(session, asker, found, wanted.role)
        if wanted.disabled is not None:
            (disable if wanted.disabled else enable)(session, asker, found)
        if wanted.quota is not None:
            set_quota(session, asker, found, **wanted.quota.model_dump())
        return person_view(session, found)


@router.get("/people/{person_id}/usage")
def usage(web: Here, person_id: Id) -> UsageView:
    """What somebody has of what they may have."""
    with read_scope(web.engine) as session:
        return usage_view(session, find_person(session, person_id), web.settings)


@router.post("/people/{person_id}/reset", status_code=201)
def reset(request: Request, web: Here, asker: Who, response: Response, person_id: Id) -> InviteMade:
    """Make a link by which somebody sets a new password, once, within a day."""
    told_once(response)
    with session_scope(web.engine) as session:
        return _made(request, web, *make_reset(session, asker, find_person(session, person_id)))


@router.get("/people/{person_id}/sessions")
def sessions(web: Here, asker: Who, person_id: Id) -> SessionList:
    """Where somebody is logged in."""
    with read_scope(web.engine) as session:
        return SessionList(sessions=list_sessions(session, asker, find_person(session, person_id)))


@router.delete("/people/{person_id}/sessions", status_code=204)
def revoke_sessions(web: Here, asker: Who, person_id: Id) -> Response:
    """End all sessions of somebody at once, but not this very one."""
    with session_scope(web.engine) as session:
        end_other_sessions(session, asker, find_person(session, person_id))
    return Response(status_code=204)


@router.delete("/people/{person_id}/sessions/{session_id}", status_code=204)
def revoke_one_session(web: Here, asker: Who, person_id: Id, session_id: Id) -> Response:
    """End one of them at once, and the streams that it follows runs by."""
    with session_scope(web.engine) as session:
        end_session(session, asker, session_id, find_person(session, person_id))
    return Response(status_code=204)


@router.get("/people/{person_id}/tokens")
def tokens(web: Here, asker: Who, person_id: Id) -> TokenList:
    """Somebody's API tokens, without their secrets."""
    with read_scope(web.engine) as session:
        return TokenList(tokens=list_tokens(session, asker, find_person(session, person_id)))


@router.delete("/people/{person_id}/tokens/{token_id}", status_code=204)
def revoke_one_token(web: Here, asker: Who, person_id: Id, token_id: Id) -> Response:
    """End one of them at once."""
    with session_scope(web.engine) as session:
        revoke_token(session, asker, token_id, find_person(session, person_id))
    return Response(status_code=204)


@router.get("/invites")
def invites(web: Here) -> InviteList:
    """The invites that are open, without their tokens: those are not known any more."""
    with read_scope(web.engine) as session:
        found = [InviteView.model_validate(one) for one in open_invites(session)]
    return InviteList(invites=found)


@router.post("/invites", status_code=201)
def invite(
    request: Request, web: Here, asker: Who, response: Response, wanted: InviteRequest
) -> InviteMade:
    """Make a link by which somebody makes themselves an account, once."""
    told_once(response)
    with session_scope(web.engine) as session:
        made = make_invite(session, asker, wanted.role, wanted.name, wanted.days)
        return _made(request, web, *made)


@router.delete("/invites/{invite_id}", status_code=204)
def end_invite(web: Here, asker: Who, invite_id: Id) -> Response:
    """End one that is open."""
    with session_scope(web.engine) as session:
        revoke_invite(session, asker, invite_id)
    return Response(status_code=204)


def _made(request: Request, web: Web, invite: Invite, token: str) -> InviteMade:
    assert invite.id is not None
    url = invite_url(base_url(request, web.settings), token)
    return InviteMade(id=invite.id, url=url, expires_at=invite.expires_at)

"""Links to reports, as JSON."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.access import find_own_share
from app.db import read_scope, session_scope
from app.models import ShareKind
from app.public import share_url
from app.routes.once import told_once
from app.services.shares import DAYS, ShareList, create_share, list_shares, revoke_share
from app.services.view import View
from app.subjects import find_subject
from app.web import Here, Id, Sharer, Who

LIMIT = 100

RunNumber = Annotated[int, Field(ge=1, le=2**63 - 1, strict=True)]
Words = Annotated[str, Field(max_length=80)]

router = APIRouter(prefix="/api/shares", tags=["shares"])


class Pair(BaseModel):
    """Two runs."""

    model_config = ConfigDict(extra="forbid")

    base: RunNumber
    head: RunNumber


class ShareRequest(BaseModel):
    """What to share, exactly one thing, and how. `days` null or never: until it is revoked."""

    model_config = ConfigDict(extra="forbid")

    run: RunNumber | None = None
    stage: Words | None = None  # run and number, 12.3
    failure: Words | None = None  # run and blocker, 12.2, or a fingerprint: the newest run with it
    compare: Words | Pair | None = None  # base and head, 11:12
    days: Annotated[int, Field(strict=True)] | Literal["never"] | None = DAYS
    source: bool = False  # whether lines of code may be shown

    @model_validator(mode="after")
    def _one_thing(self) -> "ShareRequest":
        if len(self._given()) != 1:
            raise ValueError("give exactly one of run, stage, failure, compare")
        return self

    @property
    def subject(self) -> tuple[ShareKind, str]:
        """What is to be shared, as an address names it."""
        ((kind, value),) = self._given().items()
        return kind, f"{value.base}:{value.head}" if isinstance(value, Pair) else str(value)

    def _given(self) -> dict[ShareKind, int | str | Pair]:
        every = {kind: getattr(self, kind.value) for kind in ShareKind}
        return {kind: value for kind, value in every.items() if value is not None}


class ShareMade(View):
    """A new link. Its address is told this once."""

    id: int
    url: str
    expires_at: datetime | None


@router.post("", status_code=201)
def create(
    request: Request, web: Here, asker: Sharer, response: Response, wanted: ShareRequest
) -> ShareMade:
    """Make a link to one report."""
    told_once(response)
    with session_scope(web.engine) as session:
        share, token = create_share(
            session,
            find_subject(session, *wanted.subject),
            with_source=wanted.source,
            days=None if wanted.days == "never" else wanted.days,
            asker=asker,
            settings=web.settings,
        )
    assert share.id is not None
    url = share_url(request, web.settings, token)
    return ShareMade(id=share.id, url=url, expires_at=share.expires_at)


@router.get("")
def listing(
    web: Here,
    limit: Annotated[int, Query(ge=1, le=LIMIT)] = 50,
    cursor: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> ShareList:
    """All links, newest first, without their tokens: those are not known any more."""
    with read_scope(web.engine) as session:
        return list_shares(session, limit, cursor)


@router.delete("/{share_id}", status_code=204)
def revoke(web: Here, asker: Who, share_id: Id) -> Response:
    """End a link now. To end it again changes nothing."""
    with session_scope(web.engine) as session:
        revoke_share(session, find_own_share(session, share_id, asker), asker)
    return Response(status_code=204)

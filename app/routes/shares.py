"""The pages of sharing: the form that makes a link, and the list of all links."""

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import HTMLResponse
from sqlmodel import Session

from app.access import find_own_share
from app.db import read_scope, session_scope
from app.models import ShareKind
from app.pages import Problem
from app.public import only_here, share_url
from app.routes.moves import go
from app.routes.once import told_once
from app.services.reports import Subject, has_repro
from app.services.shares import (
    MAX_DAYS,
    ExpiryError,
    create_share,
    list_shares,
    revoke_share,
    shares_of,
)
from app.share_pages import NewLink, ShareForm, SharePage, SharesPage
from app.subjects import SubjectError, find_subject, name_of, page_of, subject_words
from app.web import Here, Id, Sharer, Web, Who

SHARES = 50  # on one page

_BACK = re.compile(r"/shares?(\?[a-z]+=[\w.:]+)?", re.ASCII)
_DAYS = re.compile(r"\d{1,6}")

router = APIRouter(include_in_schema=False)

Named = Annotated[str, Query(max_length=80)]
Entered = Annotated[str, Form(max_length=80)]


def asked(
    run: Named = "", stage: Named = "", failure: Named = "", compare: Named = ""
) -> ShareForm:
    """The form for what the address names."""
    return _form({"run": run, "stage": stage, "failure": failure, "compare": compare})


def entered(
    run: Entered = "",
    stage: Entered = "",
    failure: Entered = "",
    compare: Entered = "",
    source: Annotated[bool, Form()] = False,
    days: Annotated[str, Form(max_length=20)] = "",
) -> ShareForm:
    """The form as it was sent."""
    named = {"run": run, "stage": stage, "failure": failure, "compare": compare}
    form = _form(named)
    return ShareForm(form.kind, form.what, source, days or form.days)


@router.get("/share")
def form(web: Here, form: Annotated[ShareForm, Depends(asked)]) -> HTMLResponse:
    """The form, the files to take instead, and the links that are there."""
    return web.render(_page(web, form))


@router.post("/share")
def create(
    request: Request, web: Here, asker: Sharer, form: Annotated[ShareForm, Depends(entered)]
) -> HTMLResponse:
    """Make a link and show it, this once."""
    try:
        with session_scope(web.engine) as session:
            share, token = create_share(
                session,
                find_subject(session, form.kind, form.what),
                with_source=form.source,
                days=_days(form.days),
                asker=asker,
                settings=web.settings,
            )
    except ExpiryError as error:
        return web.render(_page(web, form, problem=Problem.of(error)), error.status)
    link = NewLink(
        share_url(request, web.settings, token), share.expires_at, only_here(request, web.settings)
    )
    return told_once(web.render(_page(web, form, made=link), 201))


@router.get("/shares")
def listing(web: Here, before: Annotated[int | None, Query(ge=1, lt=2**63)] = None) -> HTMLResponse:
    """All links, newest first."""
    with read_scope(web.engine) as session:
        return web.render(SharesPage(list_shares(session, SHARES, before)))


@router.post("/shares/{share_id}/revoke")
def revoke(
    request: Request,
    web: Here,
    asker: Who,
    share_id: Id,
    back: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """End a link, and go back to the list that it was in."""
    with session_scope(web.engine) as session:
        revoke_share(session, find_own_share(session, share_id, asker), asker)
    return go(request, back if _BACK.fullmatch(back) else "/shares")


def _form(named: dict[str, str]) -> ShareForm:
    given = [(ShareKind(kind), what) for kind, what in named.items() if what]
    if len(given) != 1:
        raise SubjectError(
            "The address does not say what to share.",
            "Use the Share button on the page of a run, a stage, a blocker or a comparison.",
        )
    return ShareForm(*given[0])


def _days(text: str) -> int | None:
    """The days of the form; None for never."""
    if text == "never":
        return None
    if not (text.isascii() and _DAYS.fullmatch(text)):
        raise ExpiryError(f"{text!r} is no number of days.", f"Give it 1 to {MAX_DAYS}.")
    return int(text)


def _page(
    web: Web, form: ShareForm, *, made: NewLink | None = None, problem: Problem | None = None
) -> SharePage:
    with read_scope(web.engine) as session:
        subject = find_subject(session, form.kind, form.what)
        return _shown(session, web, form, subject, made, problem)


def _shown(
    session: Session,
    web: Web,
    form: ShareForm,
    subject: Subject,
    made: NewLink | None,
    problem: Problem | None,
) -> SharePage:
    head = subject.head
    return SharePage(
        form=ShareForm(subject.kind, name_of(subject), form.source, form.days),
        subject=subject_words(subject),
        title=f"{subject.run.title}, {head.title}" if head else subject.run.title,
        address=page_of(subject),
        repro=has_repro(session, subject),
        forever=web.settings.share_forever,
        shares=tuple(shares_of(session, subject, SHARES)),
        made=made,
        problem=problem,
    )

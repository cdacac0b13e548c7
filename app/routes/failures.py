"""The pages of failures over all runs."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import HTMLResponse

from app.access import find_group
from app.db import read_scope, session_scope
from app.errors import StagelightError
from app.failure_pages import FailurePage, FailuresPage, StateForm
from app.models import GroupState
from app.pages import Problem
from app.routes.failure_addresses import Before, Fingerprint, read_filters
from app.routes.moves import go
from app.services.failure_details import group_detail
from app.services.failure_groups import (
    FailureFilters,
    NewState,
    StateError,
    list_groups,
    set_state,
)
from app.services.failure_sightings import list_sightings
from app.text import row_id
from app.web import Here, Web, Who

ROWS = 30  # of a page, of failures or of their sightings

router = APIRouter(prefix="/failures", include_in_schema=False)


@router.get("")
def listing(web: Here, filters: Annotated[FailureFilters, Depends(read_filters)]) -> HTMLResponse:
    """All failures, newest seen first."""
    with read_scope(web.engine) as session:
        found = list_groups(session, filters, ROWS)
    return web.render(FailuresPage(found, filters, tuple(web.settings.pythons)))


@router.get("/{fingerprint}")
def show(web: Here, fingerprint: Fingerprint, before: Before = None) -> HTMLResponse:
    """One failure: why it is one, where it was seen, what fixed it."""
    return web.render(_page(web, fingerprint, before))


@router.post("/{fingerprint}/state")
def change(
    request: Request,
    web: Here,
    asker: Who,
    fingerprint: Fingerprint,
    state: Annotated[str, Form(max_length=40)],
    note: Annotated[str, Form(max_length=10_000)] = "",
    fixed_run: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Keep what a person says of it; on an error show the page with what was entered."""
    form = StateForm(state, note, fixed_run)
    try:
        new = _read(form)
        with session_scope(web.engine) as session:
            set_state(session, find_group(session, fingerprint), new, asker)
    except StagelightError as error:
        page = _page(web, fingerprint, None, form, Problem.of(error))
        return web.render(page, error.status)
    return go(request, f"/failures/{fingerprint}")


def _read(form: StateForm) -> NewState:
    if form.state not in tuple(GroupState):
        raise StateError(
            f"There is no state {form.state!r}.", f"Choose one of: {', '.join(GroupState)}."
        )
    state = GroupState(form.state)
    number = form.fixed_run.strip()
    if state is not GroupState.FIXED or not number:
        return NewState(state, form.note)
    run_id = row_id(number)
    if run_id is None:
        raise StateError("The run that it is fixed in is no number.", "Give it as in /runs/12: 12.")
    return NewState(state, form.note, run_id)


def _page(
    web: Web,
    fingerprint: str,
    before: int | None,
    form: StateForm | None = None,
    problem: Problem | None = None,
) -> FailurePage:
    with read_scope(web.engine) as session:
        group = group_detail(session, web.store, find_group(session, fingerprint))
        sightings = list_sightings(session, fingerprint, before, ROWS)
    return FailurePage.of(group, sightings, before, form, problem)

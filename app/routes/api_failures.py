"""Failures over all runs as JSON: list, read, say what is to be done."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from app.access import find_group
from app.db import read_scope, session_scope
from app.models import GroupState
from app.routes.failure_addresses import Before, Fingerprint, read_filters
from app.services.failure_details import group_detail
from app.services.failure_group_views import FailureGroupDetail, FailureGroupList, SightingList
from app.services.failure_groups import FailureFilters, NewState, list_groups, set_state
from app.services.failure_sightings import list_sightings
from app.web import Here, Who

router = APIRouter(prefix="/api/failures", tags=["failures"])

Limit = Annotated[int, Query(ge=1, le=100)]


class StateChange(BaseModel):
    """What a person says of a failure. A note that is left out stays as it was."""

    model_config = ConfigDict(extra="forbid")

    state: GroupState
    note: Annotated[str | None, Field(max_length=1_000)] = None
    fixed_run: Annotated[int | None, Field(ge=1, lt=2**63)] = None


@router.get("")
def listing(
    web: Here, filters: Annotated[FailureFilters, Depends(read_filters)], limit: Limit = 30
) -> FailureGroupList:
    """Failures, newest seen first."""
    with read_scope(web.engine) as session:
        return list_groups(session, filters, limit)


@router.get("/{fingerprint}")
def show(web: Here, fingerprint: Fingerprint) -> FailureGroupDetail:
    """A failure: why runs are grouped, where it was seen, what fixed it, what helps."""
    with read_scope(web.engine) as session:
        return group_detail(session, web.store, find_group(session, fingerprint))


@router.patch("/{fingerprint}")
def change(
    web: Here, asker: Who, fingerprint: Fingerprint, change: StateChange
) -> FailureGroupDetail:
    """Say that a failure is open, fixed, in a run that it is gone from, or ignored."""
    new = NewState(**change.model_dump())
    with session_scope(web.engine) as session:
        group = find_group(session, fingerprint)
        set_state(session, group, new, asker)
        return group_detail(session, web.store, group)


@router.get("/{fingerprint}/occurrences")
def occurrences(
    web: Here, fingerprint: Fingerprint, cursor: Before = None, limit: Limit = 30
) -> SightingList:
    """The runs that have a failure, newest first."""
    with read_scope(web.engine) as session:
        find_group(session, fingerprint)
        return list_sightings(session, fingerprint, cursor, limit)

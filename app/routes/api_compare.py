"""Two runs side by side, as JSON."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.access import find_run
from app.db import read_scope
from app.services.compare import GUARD_ROWS, compare_runs
from app.services.compare_views import CompareView
from app.web import Here

router = APIRouter(prefix="/api/compare", tags=["runs"])

RunId = Annotated[int, Query(ge=1, le=2**63 - 1)]


@router.get("")
def compare(
    web: Here,
    base: RunId,
    head: RunId,
    guards: Annotated[int, Query(ge=0, le=2_000, description="Rows of guards.")] = GUARD_ROWS,
) -> CompareView:
    """What differs in the run `head` from the run `base`, and what is the same."""
    with read_scope(web.engine) as session:
        ours, theirs = find_run(session, base), find_run(session, head)
        return compare_runs(session, web.store, ours, theirs, guard_rows=guards)

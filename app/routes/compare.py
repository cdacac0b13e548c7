"""The page of two runs side by side, and the form to choose them."""

from typing import Annotated, TypeVar

from fastapi import APIRouter, Query, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from app.access import find_run
from app.compare_address import CompareAddress, run_named
from app.compare_pages import Candidate, ComparePage, ComparePart, ComparePickPage
from app.db import read_scope
from app.errors import StagelightError
from app.history_pages import HistoryRow
from app.pages import Problem
from app.patches import read_diff
from app.services.compare import GUARD_ROWS, compare_runs
from app.services.history import list_runs
from app.services.history_filters import Filters
from app.services.views import RunHead
from app.web import Here, Web

CANDIDATES = 15  # latest runs that the form offers
ALL_GUARD_ROWS = 2_000  # where the page shows guards alone

router = APIRouter(prefix="/compare", include_in_schema=False)

AnyComparePage = TypeVar("AnyComparePage", bound=ComparePage)


@router.get("")
def show(web: Here, address: Annotated[CompareAddress, Query()]) -> Response:
    """The comparison; without two runs, or with a name of none, the form."""
    if not address.complete:
        return _form(web, address)
    try:
        base, head = run_named(address.base), run_named(address.head)
        if (str(base), str(head)) != (address.base, address.head):
            return RedirectResponse(address.to(base=base, head=head), status_code=303)
        return web.render(_page(web, address, ComparePage))
    except StagelightError as error:
        return _form(web, address, Problem.of(error))


@router.get("/_result")
def part(web: Here, address: Annotated[CompareAddress, Query()]) -> HTMLResponse:
    """The comparison alone, for a page that keeps itself fresh."""
    return web.render(_page(web, address, ComparePart))


def _page(web: Web, address: CompareAddress, kind: type[AnyComparePage]) -> AnyComparePage:
    rows = ALL_GUARD_ROWS if address.only == "guards" else GUARD_ROWS
    with read_scope(web.engine) as session:
        base = find_run(session, run_named(address.base))
        head = find_run(session, run_named(address.head))
        view = compare_runs(session, web.store, base, head, guard_rows=rows)
    shows_script = address.only in ("", "script")
    return kind(view=view, diff=read_diff(view.diff) if shows_script else None, address=address)


def _form(web: Web, address: CompareAddress, problem: Problem | None = None) -> HTMLResponse:
    with read_scope(web.engine) as session:
        runs = list_runs(session, Filters(), CANDIDATES).runs
    candidates = tuple(_candidate(run, address) for run in runs)
    page = ComparePickPage(address=address, candidates=candidates, problem=problem)
    return web.render(page, 200 if problem is None else problem.status)


def _candidate(run: RunHead, address: CompareAddress) -> Candidate:
    return Candidate(
        row=HistoryRow.of(run),
        as_base=address.to(base=run.id),
        as_head=address.to(head=run.id),
        with_parent=address.to(base=run.parent, head=run.id) if run.parent else "",
    )

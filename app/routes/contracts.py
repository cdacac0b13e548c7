"""What a run's input dimensions can be: the page, and the text to paste as a file."""

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from app.access import find_run
from app.db import read_scope
from app.errors import NotFoundError
from app.graphs.render import render_code
from app.routes.files import PYTHON, file
from app.services.contracts import contract_of
from app.shape_pages import ShapesPage
from app.web import Here, Id

router = APIRouter(prefix="/runs", include_in_schema=False)


@router.get("/{run_id}/shapes")
def show(web: Here, run_id: Id) -> HTMLResponse:
    """The table of dimensions."""
    with read_scope(web.engine) as session:
        run = find_run(session, run_id)
        contract = contract_of(session, run)
    page = ShapesPage(
        run_id=run_id,
        run_title=run.title,
        sandbox=run.sandbox,
        contract=contract,
        code=render_code(contract.code) if contract.code else None,
    )
    return web.render(page)


@router.get("/{run_id}/shapes.py")
def code(web: Here, run_id: Id) -> Response:
    """The `dynamic_shapes` that works, to be pasted above the export call."""
    with read_scope(web.engine) as session:
        text = contract_of(session, find_run(session, run_id)).code
    if not text:
        raise NotFoundError(
            f"No dynamic_shapes of run {run_id} was exported and compared.",
            "Its page says which dimensions are fixed, and by what.",
        )
    return file(text, f"run-{run_id}-shapes.py", PYTHON)

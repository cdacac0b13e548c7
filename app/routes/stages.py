"""The page of a stage."""

from typing import TypeVar

from fastapi import APIRouter
from fastapi.responses import FileResponse, HTMLResponse

from app.access import find_graph, find_run, find_stage
from app.cards import Culprit, GuardTable, LogPart
from app.db import read_scope
from app.errors import NotFoundError
from app.graphs.render import CHARACTERS, render_code
from app.pages import StagePage, StagePart
from app.services.graphs import code_beginning
from app.services.pairs import stage_pairs
from app.services.present import last_event, log_text, neighbours, stage_view
from app.web import Here, Id, Web

router = APIRouter(prefix="/runs", include_in_schema=False)

AnyStagePage = TypeVar("AnyStagePage", bound=StagePage)


@router.get("/{run_id}/stages/{n}")
def show(web: Here, run_id: Id, n: Id) -> HTMLResponse:
    """The stage."""
    return web.render(_page(web, run_id, n, StagePage))


@router.get("/{run_id}/stages/{n}/_stage")
def part(web: Here, run_id: Id, n: Id) -> HTMLResponse:
    """The part of its page that changes while it goes on."""
    return web.render(_page(web, run_id, n, StagePart))


@router.get("/{run_id}/stages/{n}/program.pt2")
def program(web: Here, run_id: Id, n: Id) -> FileResponse:
    """The saved program of a stage. It is the script's: load it only where you would run that."""
    with read_scope(web.engine) as session:
        sha256 = find_stage(session, find_run(session, run_id), n).file_sha256
    if sha256 is None:
        raise NotFoundError("This stage has no saved program.", "Look at the serialized stage.")
    return FileResponse(
        web.programs.file(sha256),
        media_type="application/octet-stream",
        filename=f"run-{run_id}.pt2",
    )


def _page(web: Web, run_id: int, n: int, kind: type[AnyStagePage]) -> AnyStagePage:
    code, pairs = None, []
    with read_scope(web.engine) as session:
        run = find_run(session, run_id)
        event = last_event(session, run_id)
        row = find_stage(session, run, n)
        stage = stage_view(session, run, row)
        before, after = neighbours(session, run_id, n)
        log = log_text(session, run)
        if row.graph_id is not None:
            code = code_beginning(find_graph(session, row.graph_id), CHARACTERS)
            pairs = stage_pairs(session, run, n)
    return kind(
        run_id=run_id,
        run_title=run.title,
        sandbox=run.sandbox,
        stage=stage,
        before=before,
        after=after,
        culprit=Culprit.of(stage.failure),
        guards=GuardTable.of(stage.guards),
        code=None if code is None else render_code(code),
        pairs=tuple(pairs),
        log=LogPart.of(log.text, log.dropped),
        event=event,
    )

"""A run's changes as server-sent events, resumable where a reader left off."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated

import anyio
from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Header, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent
from sqlalchemy import Engine, select
from sqlmodel import col

from app.access import find_run
from app.db import read_scope
from app.models import Run, RunEvent, RunStatus
from app.services.asker import Asker
from app.services.identity import still_holds
from app.services.live import since
from app.web import Here, Id, Who

POLL_SECONDS = 0.25
BATCH = 200  # events read at a time
LAST_ID = 2**63 - 1

router = APIRouter(prefix="/api/runs", tags=["runs"])


def existing_run(web: Here, run_id: Id) -> int:
    """The id, once it is known that there is such a run: before the stream begins."""
    with read_scope(web.engine) as session:
        find_run(session, run_id)
    return run_id


@router.get(
    "/{run_id}/events",
    response_class=EventSourceResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def events(
    web: Here,
    asker: Who,
    run_id: Annotated[int, Depends(existing_run)],
    after: Annotated[int, Query(ge=0, le=LAST_ID, description="Events later than this id.")] = 0,
    last_event_id: Annotated[str, Header(description="The same; what a browser sends.")] = "",
) -> AsyncIterator[ServerSentEvent]:
    """Stream what changes: run, stage, blockers, following, remedy, contract, repro, log, comment.

    `end` comes last, when the run has ended; a stream whose login or token ends breaks off.
    """
    if last_event_id.isascii() and last_event_id.isdigit():
        after = min(int(last_event_id), LAST_ID)
    while not web.stopping.is_set():
        holds, status, rows = await run_sync(_read, web.engine, asker, run_id, after)
        if not holds:
            return
        for row in rows:
            assert row.id is not None
            after = row.id
            yield ServerSentEvent(event=row.type, id=str(row.id), data=row.data)
        if len(rows) == BATCH:
            continue
        if status is None or status.ended:
            yield ServerSentEvent(event="end", data={"status": status})
            return
        await anyio.sleep(POLL_SECONDS)


def _read(
    engine: Engine, asker: Asker, run_id: int, after: int
) -> tuple[bool, RunStatus | None, Sequence[RunEvent]]:
    """Whether the asker may still read on, the run's status and its next events, of one moment.
    No status: it was deleted.
    """
    with read_scope(engine) as session:
        if not still_holds(session, asker):
            return False, None, ()
        status = session.scalar(select(col(Run.status)).where(col(Run.id) == run_id))
        return True, status, since(session, run_id, after, BATCH)

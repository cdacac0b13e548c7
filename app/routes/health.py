"""Whether the process lives, whether it can serve, and figures for monitoring."""

from fastapi import APIRouter, Response
from sqlalchemy.exc import SQLAlchemyError

from app.db import read_scope
from app.errors import StagelightError
from app.services.metrics import metrics_text
from app.services.view import View
from app.web import Here

router = APIRouter(tags=["health"])


class NotReadyError(StagelightError):
    """The process lives, but its database cannot be used."""

    code = "not_ready"
    status = 503


class Health(View):
    """All is well."""

    status: str = "ok"


@router.get("/healthz")
async def alive() -> Health:
    """The process answers."""
    return Health()


@router.get("/readyz")
def ready(web: Here) -> Health:
    """The database answers and has the schema of this version."""
    from app.services.migrate import is_current  # Alembic takes as long to import as all of this

    try:
        current = is_current(web.engine)
    except SQLAlchemyError as error:
        raise NotReadyError(
            f"The database does not answer: {type(error).__name__}.",
            "Check STAGELIGHT_DATABASE_URL and STAGELIGHT_DATA.",
        ) from None
    if not current:
        raise NotReadyError("The database has another schema.", "Run: stagelight migrate.")
    return Health()


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def metrics(web: Here) -> Response:
    """Runs by status and the queue's length, for Prometheus."""
    with read_scope(web.engine) as session:
        text = metrics_text(session)
    return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")

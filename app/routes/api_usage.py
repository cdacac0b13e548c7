"""What the asker's runs take, as JSON."""

from fastapi import APIRouter

from app.db import read_scope
from app.services.quotas import UsageView, read_usage
from app.web import Here, Who

router = APIRouter(prefix="/api/account", tags=["account"])


@router.get("/usage")
def usage(web: Here, asker: Who) -> UsageView:
    """How much you have of runs, worker time and storage, and how much you may have."""
    with read_scope(web.engine) as session:
        found = read_usage(session, asker, web.settings)
    assert found is not None, "only who is logged in gets here"
    return found

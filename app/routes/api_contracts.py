"""What a run's input dimensions can be, as JSON."""

from fastapi import APIRouter

from app.access import find_run
from app.db import read_scope
from app.services.contracts import ContractView, contract_of
from app.web import Here, Id

router = APIRouter(prefix="/api/runs", tags=["runs"])


@router.get("/{run_id}/shapes")
def show(web: Here, run_id: Id) -> ContractView:
    """Each dimension: what was asked, what it can be, what fixed it; and the text to paste."""
    with read_scope(web.engine) as session:
        return contract_of(session, find_run(session, run_id))

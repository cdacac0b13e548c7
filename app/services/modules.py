"""The modules that a run's eager forward called, with what became of each."""

from itertools import chain, repeat

from sqlalchemy import select
from sqlmodel import Session, col

from app.models import Run
from app.services.views import ModuleView


def module_views(session: Session, run: Run) -> tuple[ModuleView, ...]:
    """In order of their first call; none before the eager run has ended."""
    eager = session.scalar(select(col(Run.eager)).where(col(Run.id) == run.id)) or {}
    fates = (run.coverage or {}).get("fates", ())  # none yet, or of a run before there were any
    return tuple(
        ModuleView.model_validate({**module, "fate": fate})
        for module, fate in zip(eager.get("modules", ()), chain(fates, repeat(None)), strict=False)
    )

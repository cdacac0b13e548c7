"""The course `repros`: for each blocker the smallest script found that fails alike."""

from collections.abc import Generator
from typing import Any

from sqlmodel import col, select

from app.models import Blocker, Run
from app.services.record import save_repro
from workers.follow.context import Context
from workers.follow.model import Answer, Errand
from workers.follow.repro_search import Budget, search


def repros(context: Context) -> Generator[Errand, Answer, None]:
    """Look for one for each blocker, and store it as soon as it was run."""

    def keep(blocker: Blocker, repro: dict[str, Any]) -> None:
        with context.writing() as session:
            save_repro(session, context.run_id, blocker.position, repro)

    budget = Budget.of(context.run_seconds, context.settings.wall_seconds)
    yield from search(context.blockers(), _environment(context), budget, keep)


def _environment(context: Context) -> dict[str, Any]:
    with context.reading() as session:
        loaded = session.scalar(select(Run.loaded).where(col(Run.id) == context.run_id))
    return dict((loaded or {}).get("environment", {}))

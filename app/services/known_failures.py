"""What is known of the failures of one run from other runs."""

from datetime import datetime
from typing import Any

from sqlalchemy import case, func, literal, select, union_all
from sqlmodel import Session, col

from app.models import Blocker, Failure, FailureGroup, GroupState, Run, Stage
from app.services.failure_runs import back_run, fixed_run
from app.services.main_failure import is_main
from app.services.view import View

OWN = 0  # in the place of a blocker's position: the run itself failed of it


class KnownFailure(View):
    """A failure of a run, as its group knows it. `back_run` is the run that it is back in."""

    fingerprint: str
    url: str
    runs: int
    scripts: int
    first_run: int
    since: datetime
    state: GroupState
    state_by: str
    fixed_run: int | None
    back_run: int | None

    def is_new(self, run_id: int) -> bool:
        """Whether no other run has it."""
        return self.runs == 1 and self.first_run == run_id


def known_failures(session: Session, run_id: int) -> dict[int, KnownFailure]:
    """What is known of each blocker of a run, by its position; OWN is the run's own failure.

    Where no search has told any blocker, the whole stage's failure is the first, as on its page.
    """
    seen = _seen(run_id)
    first_at = func.coalesce(Run.started_at, Run.created_at).label("since")
    query = (
        select(
            seen.c.position,
            FailureGroup,
            first_at,
            fixed_run().label("fixed_run"),
            back_run().label("back_run"),
        )
        .join(FailureGroup, col(FailureGroup.fingerprint) == seen.c.fingerprint)
        .join(Run, col(Run.id) == col(FailureGroup.first_run_id))
        .order_by(seen.c.searched.desc())
    )
    found: dict[int, KnownFailure] = {}
    for row in session.execute(query):
        found.setdefault(row.position, _view(row))
    return found


def _seen(run_id: int) -> Any:
    """Position and fingerprint of all that stops a run."""
    blockers = select(
        col(Blocker.position), col(Blocker.fingerprint), literal(1).label("searched")
    ).where(col(Blocker.run_id) == run_id)
    position = case((col(Failure.stage_id).is_(None), OWN), else_=1).label("position")
    failures = (
        select(position, col(Failure.fingerprint), literal(0))
        .outerjoin(Stage, col(Stage.id) == col(Failure.stage_id))
        .where(
            col(Failure.run_id) == run_id,
            is_main(),
        )
    )
    return union_all(blockers, failures).subquery()


def _view(row: Any) -> KnownFailure:
    group: FailureGroup = row.FailureGroup
    assert group.first_run_id is not None
    return KnownFailure(
        fingerprint=group.fingerprint,
        url=f"/failures/{group.fingerprint}",
        runs=group.runs,
        scripts=group.scripts,
        first_run=group.first_run_id,
        since=row.since,
        state=group.state,
        state_by=group.state_by,
        fixed_run=row.fixed_run,
        back_run=row.back_run,
    )

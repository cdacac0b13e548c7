"""Which of a run's failures is the one that is told of it."""

from sqlalchemy import ColumnElement, or_
from sqlmodel import col

from app.models import Failure, Stage, StageKind


def is_main() -> ColumnElement[bool]:
    """Whether a failure is the run's own, or its whole stage's; where there are both, its own is
    told. For a query of failures with the stages that they have, if any.
    """
    return or_(col(Failure.stage_id).is_(None), col(Stage.kind) == StageKind.WHOLE)

"""Writes the remedies of a run, as they are tried, and tells those who watch."""

from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col

from app.models import Remedy, RemedyStatus
from app.services.live import announce


def add_remedy(session: Session, remedy: Remedy) -> None:
    """Store one more; its position is the caller's to count."""
    session.add(remedy)
    announce(session, remedy.run_id, "remedy", position=remedy.position, status=remedy.status.value)


def save_remedy(
    session: Session, run_id: int, position: int, status: RemedyStatus, **values: Any
) -> None:
    """Say how a remedy stands now; `values` are other columns of its row."""
    which = (col(Remedy.run_id) == run_id) & (col(Remedy.position) == position)
    session.execute(update(Remedy).where(which).values(status=status, **values))
    announce(session, run_id, "remedy", position=position, status=status.value)

"""How much each owner's runs keep: their scripts, and what their stages left.

A script counts once for each owner, however many runs of theirs have it. What a stage left counts
for its run, also where another run has the same graph. A deleted run counts until it is removed
for good. The sum is changed last in a transaction, so that no two wait for each other's.
"""

from sqlalchemy import exists, select
from sqlmodel import Session, col

from app.db import insert_into
from app.models import Holding, Run, Script


def held_bytes(session: Session, owner: str) -> int:
    """The sum."""
    return session.scalar(select(col(Holding.bytes)).where(col(Holding.owner) == owner)) or 0


def largest(session: Session, limit: int) -> list[Holding]:
    """The owners that keep most."""
    query = select(Holding).where(col(Holding.bytes) > 0)
    return list(session.scalars(query.order_by(col(Holding.bytes).desc()).limit(limit)))


def add_script(session: Session, owner: str, script: Script) -> None:
    """Count a script that a new run of theirs is about to have, unless another one has it."""
    if not _has(session, owner, script):
        _change(session, owner, script.size)


def add_result(session: Session, run: Run) -> None:
    """Count what a run that ended has left."""
    _change(session, run.owner, run.stored_bytes)


def remove_run(session: Session, run: Run, script: Script) -> None:
    """Count neither any more, for the run's row was removed."""
    size = 0 if _has(session, run.owner, script) else script.size
    _change(session, run.owner, -run.stored_bytes - size)


def _has(session: Session, owner: str, script: Script) -> bool:
    uses = exists().where(col(Run.script_id) == script.id, col(Run.owner) == owner)
    return bool(session.scalar(select(uses)))


def _change(session: Session, owner: str, size: int) -> None:
    if not size:
        return
    one = insert_into(session, Holding).values(owner=owner, bytes=size)
    total = col(Holding.bytes) + one.excluded.bytes
    session.execute(one.on_conflict_do_update(index_elements=["owner"], set_={"bytes": total}))

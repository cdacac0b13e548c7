"""Saved programs: the .pt2 files that stages offer, kept until no stage names them."""

from collections.abc import Sequence

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from app.db import read_scope
from app.models import Stage
from app.services.storage import BlobStore
from app.settings import Settings

# A younger file may be of a stage whose row is about to be written.
FRESH_SECONDS = 600.0
BATCH = 500  # names in one query


def program_store(settings: Settings) -> BlobStore:
    """Where they lie."""
    return BlobStore(settings.data / "programs")


def programs_of(session: Session, run_id: int) -> list[str]:
    """The files that a run's stages name."""
    named = col(Stage.file_sha256)
    mine = select(named).where(col(Stage.run_id) == run_id, named.is_not(None))
    return [sha256 for sha256 in session.exec(mine) if sha256]


def forget_programs(session: Session, store: BlobStore, files: Sequence[str]) -> int:
    """Delete those of these files that no stage names any more; returns how many."""
    used: set[str | None] = set()
    for start in range(0, len(files), BATCH):
        batch = files[start : start + BATCH]
        used |= set(
            session.exec(select(Stage.file_sha256).where(col(Stage.file_sha256).in_(batch)))
        )
    unused = set(files) - used
    for sha256 in unused:
        store.delete(sha256)
    return len(unused)


def sweep_programs(engine: Engine, store: BlobStore) -> int:
    """Delete what workers that were killed left behind; returns how many files it was."""
    old = list(store.older_than(FRESH_SECONDS))
    with read_scope(engine) as session:
        return store.remove_halves(FRESH_SECONDS) + forget_programs(session, store, old)

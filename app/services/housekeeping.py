"""What a worker tidies up between runs: what is deleted, unnamed or too old goes, texts are
indexed.
"""

from collections.abc import Iterator

from sqlalchemy import Engine

from app.services.audit_log import forget_old
from app.services.deliveries import purge_deliveries
from app.services.programs import program_store, sweep_programs
from app.services.search import index_scripts
from app.services.storage import BlobStore
from app.services.trash import purge
from app.settings import Settings


def keep_house(engine: Engine, settings: Settings) -> Iterator[str]:
    """Do all that is to be done, piece by piece, so that nobody waits long; says what was."""
    store, programs = BlobStore(settings.data / "scripts"), program_store(settings)
    while count := purge(engine, store, programs, settings.undo_hours):
        yield f"removed deleted runs for good: {count}"
    while count := index_scripts(engine, store):
        yield f"made older scripts searchable: {count}"
    if count := sweep_programs(engine, programs):
        yield f"removed programs that no run names: {count} file(s)"
    if count := purge_deliveries(engine):
        yield f"removed old deliveries of webhooks: {count}"
    while count := forget_old(engine, settings.audit_days):
        yield f"removed entries of the audit log: {count}"

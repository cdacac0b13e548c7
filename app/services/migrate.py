"""Brings a database to the schema of this version."""

from pathlib import Path

from sqlalchemy import Engine, inspect, text
from sqlalchemy.engine import make_url

from app.db import make_engine, read_scope
from app.settings import ROOT

MIGRATIONS = ROOT / "migrations"


def migrate(url: str) -> None:
    """Upgrade the database at `url` to the newest revision; a SQLite file is made if need be."""
    where = make_url(url)
    if where.get_backend_name() == "sqlite" and where.database:
        Path(where.database).parent.mkdir(parents=True, exist_ok=True)
    engine = make_engine(url)
    current = is_current(engine)
    engine.dispose()
    if not current:
        _upgrade(url)


def is_current(engine: Engine) -> bool:
    """Whether the database has the schema that this version's code expects."""
    with read_scope(engine) as session:
        if not inspect(session.connection()).has_table("alembic_version"):
            return False
        revision = session.connection().scalar(text("SELECT version_num FROM alembic_version"))
        return bool(revision == head())


def head() -> str:
    """The newest revision. They are numbered: `0001_first.py` is revision 0001."""
    newest = max(path.name for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))
    return newest.partition("_")[0]


def _upgrade(url: str) -> None:
    # Imported here: it is a fifth of the time that the web process takes to start.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    command.upgrade(config, "head")

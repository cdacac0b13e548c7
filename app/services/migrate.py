"""Brings a database to the schema of this version."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from app.db import read_scope
from app.settings import ROOT


def migrate(url: str) -> None:
    """Upgrade the database at `url` to the newest revision; a SQLite file is made if need be."""
    where = make_url(url)
    if where.get_backend_name() == "sqlite" and where.database:
        Path(where.database).parent.mkdir(parents=True, exist_ok=True)
    config = _config()
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    command.upgrade(config, "head")


def is_current(engine: Engine) -> bool:
    """Whether the database has the schema that this version's code expects."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    with read_scope(engine) as session:
        return MigrationContext.configure(session.connection()).get_current_revision() == head


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations").replace("%", "%%"))
    return config

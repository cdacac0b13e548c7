"""Runs migrations on one connection, in one transaction, one migrator at a time."""

from alembic import context
from sqlalchemy import text
from sqlmodel import SQLModel

import app.models  # noqa: F401 - fills the metadata that autogenerate compares with
from app.db import make_engine
from app.settings import Settings

LOCK = 7_823_104_455  # any number that nothing else in the database locks


def migrate() -> None:
    engine = make_engine(context.config.get_main_option("sqlalchemy.url") or Settings().url)
    # On SQLite the transaction is immediate, so a second migrator waits and finds nothing to do.
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
        context.configure(
            connection=connection,
            target_metadata=SQLModel.metadata,
            transactional_ddl=True,
            render_as_batch=connection.dialect.name == "sqlite",
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


migrate()

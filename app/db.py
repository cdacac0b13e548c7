"""Engine, sessions and the SQLite pragmas; the database's own clock."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Boolean, Engine, Float, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction
from sqlmodel import Session, SQLModel, create_engine

BUSY_MILLISECONDS = 5000


def make_engine(url: str) -> Engine:
    """An engine on `url`. On SQLite every transaction is immediate and the journal is WAL."""
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"check_same_thread": False})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_immediate)
    return engine


@contextmanager
def session_scope(engine: Engine) -> Iterator[Session]:
    """One transaction that may write: committed at the end, rolled back if the block raises."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def read_scope(engine: Engine) -> Iterator[Session]:
    """One transaction that only reads: on SQLite it waits for no writer."""
    with Session(engine.execution_options(read_only=True), expire_on_commit=False) as session:
        yield session


def insert_into(session: Session, table: type[SQLModel]) -> sqlite.Insert | postgresql.Insert:
    """An insert that can say what is to be done about a row that is there already."""
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    return postgresql.insert(table) if on_postgresql else sqlite.insert(table)


def brief(error: SQLAlchemyError) -> str:
    """What a database error says in its first line; the rest is SQL and links."""
    return str(error).partition("\n")[0]


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # pysqlite opens transactions by itself, and late; None leaves that to _begin_immediate.
    connection.isolation_level = None
    for pragma in (
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "foreign_keys = ON",
        f"busy_timeout = {BUSY_MILLISECONDS}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(connection: Any) -> None:
    # A deferred transaction that reads and then writes fails at once with "database is locked"
    # when another writer came between; an immediate one waits its turn.
    connection.exec_driver_sql(
        "BEGIN" if connection.get_execution_options().get("read_only") else "BEGIN IMMEDIATE"
    )


class db_now(GenericFunction[float]):  # noqa: N801 - a SQL function
    """Seconds since 1970 by the database's clock: leases must not depend on a worker's."""

    type = Float()
    inherit_cache = True


@compiles(db_now, "sqlite")
def _sqlite_now(_element: db_now, _compiler: Any, **_: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(db_now, "postgresql")
def _postgresql_now(_element: db_now, _compiler: Any, **_: Any) -> str:
    return "extract(epoch from clock_timestamp())"


class has_words(GenericFunction[bool]):  # noqa: N801 - a SQL function
    """Whether a text holds another, in whatever case, see `pattern_of`.

    SQLite's LIKE ignores the case of ASCII letters by itself; lower() around it, as SQLAlchemy
    writes it, takes twice the time and ignores no more.
    """

    type = Boolean()
    inherit_cache = True


@compiles(has_words, "sqlite")
def _sqlite_has_words(element: has_words, compiler: Any, **given: Any) -> str:
    text, pattern = (compiler.process(one, **given) for one in element.clauses)
    return f"({text} LIKE {pattern} ESCAPE '/')"


@compiles(has_words, "postgresql")
def _postgresql_has_words(element: has_words, compiler: Any, **given: Any) -> str:
    text, pattern = (compiler.process(one, **given) for one in element.clauses)
    return f"({text} ILIKE {pattern} ESCAPE '/')"


def pattern_of(words: str) -> str:
    """What `has_words` looks for: these characters, none of which stands for others."""
    return "%" + re.sub(r"([%_/])", r"/\1", words) + "%"

"""Full-text search: one row of text a run and one a script, kept by the database's own index.

On SQLite that is FTS5, on PostgreSQL a tsvector. What is searched for are words, see
app/services/search_words.py; rows are written in the transaction of what they tell.
"""

import zipfile
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Engine,
    Integer,
    String,
    TableClause,
    column,
    delete,
    func,
    insert,
    literal,
    select,
    table,
    union,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import Session, col

from app.db import read_scope, session_scope
from app.errors import NotFoundError
from app.models import Blocker, Failure, Run, RunTag, Script, ScriptKind
from app.services.archives import is_wanted
from app.services.search_words import fts5_query, ts_query
from app.services.storage import BlobStore

SCRIPT_CHARACTERS = 100_000  # of a script that are searched
MESSAGE_CHARACTERS = 2_000  # of one message
MESSAGES_CHARACTERS = 20_000  # of all messages of a run
BATCH = 20  # scripts in one transaction

FIELDS = ("title", "filename", "note", "tags", "reason", "failures")
RUN_TEXT = table("run_text", column("rowid", Integer), *(column(name, String) for name in FIELDS))
SCRIPT_TEXT = table("script_text", column("rowid", Integer), column("text", String))
TABLES = (RUN_TEXT.name, SCRIPT_TEXT.name)  # and those that FTS5 keeps beside them, TABLE_…


class _Matches(FunctionElement[Any]):
    """Whether a row of a text table has all words; made by `matches`.

    Not of type Boolean, of which SQLAlchemy would make `… MATCH … = 1` on SQLite.
    """

    inherit_cache = True


@compiles(_Matches, "sqlite")
def _fts5(element: _Matches, compiler: Any, **options: Any) -> str:
    name, fts5, _ = element.clauses
    return f"{compiler.process(name, **options)} MATCH {compiler.process(fts5, **options)}"


@compiles(_Matches, "postgresql")
def _tsvector(element: _Matches, compiler: Any, **options: Any) -> str:
    name, _, tsquery = element.clauses
    query = compiler.process(tsquery, **options)
    return f"{compiler.process(name, **options)}.words @@ to_tsquery('simple', {query})"


def matches(text: TableClause, words: Sequence[str]) -> ColumnElement[bool]:
    """Whether a row of RUN_TEXT or SCRIPT_TEXT has all these words."""
    return _Matches(column(text.name), literal(fts5_query(words)), literal(ts_query(words)))


def index_run(session: Session, run_id: int) -> None:
    """Write what a run is found by, as its rows say it now."""
    session.flush()
    session.execute(delete(RUN_TEXT).where(RUN_TEXT.c.rowid == run_id))
    rows = _run_rows().where(col(Run.id) == run_id)
    session.execute(insert(RUN_TEXT).from_select(["rowid", *FIELDS], rows))


def index_runs(session: Session) -> None:
    """Write it for every run: what was there is written again."""
    session.execute(delete(RUN_TEXT))
    session.execute(insert(RUN_TEXT).from_select(["rowid", *FIELDS], _run_rows()))


def index_script(session: Session, script: Script, data: bytes) -> None:
    """Write what a script is found by; its bytes were checked when it was taken."""
    text = script_text(data, script.kind)
    session.execute(insert(SCRIPT_TEXT).values(rowid=script.id, text=text))


def index_scripts(engine: Engine, store: BlobStore) -> int:
    """Write it for scripts from before there was a search; returns how many there were."""
    missing = (
        select(Script)
        .outerjoin(SCRIPT_TEXT, SCRIPT_TEXT.c.rowid == col(Script.id))
        .where(SCRIPT_TEXT.c.rowid.is_(None))
        .order_by(col(Script.id).desc())
        .limit(BATCH)
    )
    with read_scope(engine) as session:
        if session.scalars(missing).first() is None:
            return 0
    with session_scope(engine) as session:
        scripts = session.scalars(missing).all()
        for script in scripts:
            try:
                data = store.get(script.sha256)
            except NotFoundError:  # the store was changed from outside
                data = b""
            index_script(session, script, data)
    return len(scripts)


def forget_run(session: Session, run_id: int) -> None:
    """Remove what a run was found by."""
    session.execute(delete(RUN_TEXT).where(RUN_TEXT.c.rowid == run_id))


def forget_script(session: Session, script_id: int) -> None:
    """Remove what a script was found by."""
    session.execute(delete(SCRIPT_TEXT).where(SCRIPT_TEXT.c.rowid == script_id))


def script_text(data: bytes, kind: ScriptKind) -> str:
    """The text of a .py, or of all .py in a .zip, each after its path; capped."""
    if kind is ScriptKind.PY or not data:
        return _decode(data)
    return _decode("\n".join(_members(data)).encode())


def _members(data: bytes) -> Iterator[str]:
    left = SCRIPT_CHARACTERS
    with zipfile.ZipFile(BytesIO(data)) as archive:
        for info in archive.infolist():
            if left <= 0:
                return
            if is_wanted(info) and info.filename.endswith(".py"):
                with archive.open(info) as file:
                    text = f"# {info.filename}\n{_decode(file.read(4 * left))}"
                left -= len(text)
                yield text


def _decode(data: bytes) -> str:
    text = data[: 4 * SCRIPT_CHARACTERS].decode("utf-8-sig", "ignore")
    return text.replace("\0", " ")[:SCRIPT_CHARACTERS]


def _run_rows() -> Any:
    """What runs are found by, in the order of the columns."""
    tags = (
        select(func.aggregate_strings(col(RunTag.tag), " "))
        .where(col(RunTag.run_id) == col(Run.id))
        .correlate(Run)
        .scalar_subquery()
    )
    said = union(
        *(
            select(
                (
                    col(cause.exception)
                    + " "
                    + func.substr(col(cause.message), 1, MESSAGE_CHARACTERS)
                ).label("text")
            )
            .where(col(cause.run_id) == col(Run.id))
            .correlate(Run)
            for cause in (Failure, Blocker)
        )
    ).subquery()
    failures = select(func.aggregate_strings(said.c.text, "\n")).scalar_subquery()
    return select(
        col(Run.id),
        col(Run.title),
        col(Run.filename),
        col(Run.note),
        func.coalesce(tags, ""),
        col(Run.reason),
        func.substr(func.coalesce(failures, ""), 1, MESSAGES_CHARACTERS),
    )

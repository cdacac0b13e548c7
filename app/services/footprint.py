"""How much room what is kept takes. No file is looked for: the database knows what there is."""

import shutil
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, func, select
from sqlmodel import Session, col

from app.models import Graph, Run, Script, Stage
from app.services.holdings import largest
from app.services.view import View
from app.settings import Settings

SAMPLE = 500  # graphs, or runs, of which the sizes are added up; beyond it is estimated
PEOPLE = 20  # that are listed with what they keep


class Part(View):
    """One part of what is kept. `sample`: of how many of the newest it is estimated; null: exact.

    `count` and `bytes` are of what is stored once, however many runs have it.
    """

    name: str  # scripts, graphs, programs
    count: int
    bytes: int
    sample: int | None = None


class Share(View):
    """What one owner's runs keep; what others have too counts for each of them."""

    owner: str  # empty: of runs that are older than names
    bytes: int


class Trash(View):
    """Deleted runs that can be restored. `oldest`: when the first of them was deleted."""

    runs: int
    oldest: datetime | None
    hours: float  # after which they are removed for good


class Footprint(View):
    """How much room everything takes, in bytes.

    `database` is all of it, graphs included; `log` is what SQLite has not yet written into it.
    """

    database: int
    log: int | None
    parts: list[Part]
    people: list[Share]  # those that keep most
    trash: Trash
    free: int  # on the disk of the data folder
    disk: int


def read_footprint(session: Session, engine: Engine, settings: Settings) -> Footprint:
    """What is kept at this moment."""
    disk = shutil.disk_usage(settings.data)
    database, log = _database(session, engine)
    runs = session.scalar(select(func.count(col(Run.id)))) or 0
    return Footprint(
        database=database,
        log=log,
        parts=[_scripts(session), _programs(session, runs), _graphs(session)],
        people=[Share.model_validate(one) for one in largest(session, PEOPLE)],
        trash=_trash(session, settings),
        free=disk.free,
        disk=disk.total,
    )


def _database(session: Session, engine: Engine) -> tuple[int, int | None]:
    """The database's size, and that of SQLite's log beside it."""
    path = engine.url.database
    if engine.dialect.name != "sqlite" or not path:
        whole = select(func.pg_database_size(func.current_database()))
        return int(session.scalar(whole) or 0), None
    return _size(Path(path)), _size(Path(f"{path}-wal"))


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _scripts(session: Session) -> Part:
    query = select(func.count(col(Script.id)), func.coalesce(func.sum(col(Script.size)), 0))
    count, size = session.execute(query).one()
    return Part(name="scripts", count=count, bytes=size)


def _programs(session: Session, runs: int) -> Part:
    """Saved programs, by those of the newest runs."""
    newest = select(col(Run.id)).order_by(col(Run.id).desc()).limit(SAMPLE)
    files = (
        select(col(Stage.file_sha256), func.max(col(Stage.file_bytes)).label("size"))
        .where(col(Stage.run_id).in_(newest), col(Stage.file_sha256).is_not(None))
        .group_by(col(Stage.file_sha256))
        .subquery()
    )
    query = select(func.count(), func.coalesce(func.sum(files.c.size), 0)).select_from(files)
    count, size = session.execute(query).one()
    return _scaled("programs", count, size, of=SAMPLE, all_of=runs)


def _graphs(session: Session) -> Part:
    """Graphs and their code, by the newest."""
    all_of = session.scalar(select(func.count(col(Graph.digest)))) or 0
    sizes = (
        select((func.length(col(Graph.document)) + func.length(col(Graph.code))).label("size"))
        .order_by(col(Graph.id).desc())
        .limit(SAMPLE)
        .subquery()
    )
    query = select(func.count(), func.coalesce(func.sum(sizes.c.size), 0)).select_from(sizes)
    count, size = session.execute(query).one()
    return _scaled("graphs", count, size, of=SAMPLE, all_of=all_of)


def _scaled(name: str, count: int, size: int, *, of: int, all_of: int) -> Part:
    """What was counted of so many, as it would be of all."""
    if all_of <= of:
        return Part(name=name, count=count, bytes=size)
    share = all_of / of
    return Part(name=name, count=round(count * share), bytes=round(size * share), sample=of)


def _trash(session: Session, settings: Settings) -> Trash:
    deleted = col(Run.deleted_at)
    query = select(func.count(deleted), func.min(deleted)).where(deleted.is_not(None))
    runs, oldest = session.execute(query).one()
    return Trash(runs=runs, oldest=oldest, hours=settings.undo_hours)

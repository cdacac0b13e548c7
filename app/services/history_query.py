"""Filters as SQL that stays cheap over 100,000 runs, whatever they are.

Runs are read from the newest on, and every filter has an index that ends with the id. Of several
filters one index leads, and which one is best depends on their values, of which SQLite knows
nothing: so each is counted first, up to a cap, and the rarest leads. One that stays below the cap
bounds the work; where none does, what is looked for is met soon.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    exists,
    func,
    literal_column,
    or_,
    select,
    union,
)
from sqlmodel import Session, col

from app.models import Run, RunTag, Script
from app.services.history_filters import Filters
from app.services.search import RUN_TEXT, SCRIPT_TEXT, matches
from app.services.there import not_deleted

RARE = 2_000  # rows that an index may lead to
NO_ID = 2**63 - 1

Condition = ColumnElement[bool]


@dataclass(frozen=True)
class Selection:
    """Which runs there are, for queries by falling id.

    Where very many are found by their text, `newest` are those among the newest of them: a page
    that these fill is the page, and costs a tenth.
    """

    where: Sequence[Condition]
    newest: Sequence[Condition] | None = None


@dataclass(frozen=True)
class _Filter:
    """One filter: its runs' ids, and itself as a condition that an index is taken for, or not."""

    ids: Select[Any]
    leading: Condition
    following: Condition


def selection(session: Session, filters: Filters) -> Selection:
    """What a run must be, to be in the history with these filters."""
    always = [not_deleted(), *_bounds(session, filters)]
    columns = [*_columns(filters), *map(_tag, filters.tags)]
    if not filters.q and len(columns) <= 1:
        return Selection([*always, *(one.leading for one in columns)])
    hits = _Hits(filters) if filters.q else None
    counts = _count(session, [one.ids for one in columns], hits)
    ranked = [columns[at] for _, at in sorted(zip(counts, range(len(columns)), strict=False))]
    following = [one.following for one in ranked]
    led = [*always, *(one.leading for one in ranked[:1]), *following[1:]]
    if hits is None:
        return Selection(led)
    rarest = min(counts[: len(columns)], default=RARE)
    of_runs, of_scripts, floor = counts[len(columns) :]
    if of_runs < RARE and of_scripts < RARE and of_runs + of_scripts <= rarest:
        return Selection([*always, hits.leading(), *following])
    everything = Selection([*led, hits.following()])
    if of_runs < RARE or rarest < RARE:
        return everything
    return replace(everything, newest=[*led, col(Run.id) >= floor, hits.following(floor)])


def read_newest(
    session: Session, chosen: Selection, query: Select[*tuple[Any, ...]], limit: int
) -> Sequence[Row[Any]]:
    """The first rows of a query of runs, newest first."""
    rows: Sequence[Row[Any]] = ()
    for where in filter(None, (chosen.newest, chosen.where)):
        if len(rows) < limit:
            page = query.where(*where).order_by(col(Run.id).desc()).limit(limit)
            rows = session.execute(page).all()
    return rows


def count_newest(
    session: Session, chosen: Selection, query: Select[*tuple[Any, ...]], limit: int
) -> Sequence[Row[Any]]:
    """Among the first rows of a query of runs, newest first: each once, `runs` says how often."""
    rows: Sequence[Row[Any]] = ()
    for where in filter(None, (chosen.newest, chosen.where)):
        if sum(row.runs for row in rows) < limit:
            page = query.where(*where).order_by(col(Run.id).desc()).limit(limit).subquery()
            counted = select(*page.c, func.count().label("runs")).group_by(*page.c)
            rows = session.execute(counted).all()
    return rows


class _Hits:
    """What is found by its text: all words are in the run's own, or all in its script's."""

    def __init__(self, filters: Filters) -> None:
        self.runs = select(RUN_TEXT.c.rowid).where(matches(RUN_TEXT, filters.q))
        if filters.before is not None:
            self.runs = self.runs.where(RUN_TEXT.c.rowid < filters.before)
        self.scripts = select(SCRIPT_TEXT.c.rowid).where(matches(SCRIPT_TEXT, filters.q))

    @property
    def newest(self) -> Select[Any]:
        """The newest runs, as many as are counted."""
        return self.runs.order_by(RUN_TEXT.c.rowid.desc()).limit(RARE)

    def leading(self) -> Condition:
        """The condition for few hits: runs are looked up by it."""
        of_scripts = select(col(Run.id)).where(col(Run.script_id).in_(self.scripts))
        return col(Run.id).in_(union(self.runs, of_scripts))

    def following(self, floor: int = 0) -> Condition:
        """The condition for runs that are come by in another way, with ids from `floor` on."""
        runs = self.runs.where(RUN_TEXT.c.rowid >= floor) if floor else self.runs
        return or_(_hidden(Run.id).in_(runs), _hidden(Run.script_id).in_(self.scripts))


def _hidden(column: Any) -> ColumnElement[Any]:
    """A column inside of a function: none that an index could be taken for."""
    return func.coalesce(column, None)


def _bounds(session: Session, filters: Filters) -> Iterator[Condition]:
    """The cursor and the times as bounds of the id: runs get their ids in order of time."""
    if filters.before is not None:
        yield col(Run.id) < filters.before
    created = col(Run.created_at)
    ids = select(col(Run.id)).limit(1)
    wanted = {}
    if filters.since is not None:
        first = ids.where(created >= filters.since).order_by(created, col(Run.id))
        wanted["first"] = first.scalar_subquery().label("first")
    if filters.until is not None:
        last = ids.where(created < filters.until).order_by(created.desc(), col(Run.id).desc())
        wanted["last"] = last.scalar_subquery().label("last")
    if not wanted:
        return
    row = session.execute(select(*wanted.values())).one()
    # Where there is no such run, no id is within the bounds.
    if "first" in wanted:
        yield col(Run.id) >= (row.first or NO_ID)
    if "last" in wanted:
        yield col(Run.id) <= (row.last or 0)


def _columns(filters: Filters) -> Iterator[_Filter]:
    """The filters that are one column each."""
    wanted: list[tuple[Any, Any]] = [
        (Run.status, filters.status),
        (Run.verdict, filters.verdict),
        (Run.category, filters.category),
        (Run.owner, filters.person or None),
        (Run.model_class, filters.model or None),
        (Run.runtime, filters.runtime or None),
    ]
    if _is_sha256(filters.script):
        script = select(col(Script.id)).where(col(Script.sha256) == filters.script.lower())
        wanted.append((Run.script_id, script.scalar_subquery()))
    else:
        wanted.append((Run.filename, filters.script or None))
    for column, value in wanted:
        if value is not None:
            equal = col(column) == value
            yield _Filter(select(col(Run.id)).where(equal), equal, _hidden(column) == value)
    if filters.pin:
        pinned: Condition = literal_column("run.pin")  # as the index has it
        yield _Filter(select(col(Run.id)).where(pinned), pinned, col(Run.pin).is_(True))


def _tag(tag: str) -> _Filter:
    ids = select(col(RunTag.run_id)).where(col(RunTag.tag) == tag)
    has = exists().where(col(RunTag.run_id) == col(Run.id), col(RunTag.tag) == tag)
    return _Filter(ids, col(Run.id).in_(ids), has)


def _is_sha256(text: str) -> bool:
    return len(text) == 64 and all(c in "0123456789abcdefABCDEF" for c in text)


def _count(session: Session, queries: Sequence[Select[Any]], hits: _Hits | None) -> list[int]:
    """How many rows each has, up to the cap; of hits also the oldest run of so many."""
    counted = [func.count().label("rows")]
    wanted = [select(*counted).select_from(query.limit(RARE).subquery()) for query in queries]
    if hits is not None:
        newest = hits.newest.subquery()
        scripts = hits.scripts.limit(RARE).subquery()
        wanted += [select(*counted).select_from(newest), select(*counted).select_from(scripts)]
        wanted += [select(func.coalesce(func.min(newest.c.rowid), 0))]
    return list(session.execute(select(*(one.scalar_subquery() for one in wanted))).one())

"""What the history can be filtered by: the values that runs have, read without reading runs."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ScalarSelect, Select, func, literal, select, union_all
from sqlmodel import Session, col

from app.models import Run, RunTag

VALUES = 60  # of each kind, in their order


@dataclass(frozen=True)
class Facets:
    """The values of each kind, the first so many of them."""

    people: tuple[str, ...]
    models: tuple[str, ...]
    runtimes: tuple[str, ...]
    tags: tuple[str, ...]


def read_facets(session: Session) -> Facets:
    """Each value costs one look into an index, however many runs have it."""
    rows = session.execute(_QUERY).all()
    values = (
        tuple(sorted(row.value for row in rows if row.kind == number and row.value))
        for number in range(len(_KINDS))
    )
    return Facets(*values)


def _values(kind: int, column: Any) -> Select[Any]:
    """The values of a column in order: the least one, then always the least that is greater."""
    least = select(_least(column).label("value"), literal(1).label("place"))
    values = least.cte(f"values_{kind}", recursive=True)
    following = _least(column, col(column) > values.c.value)
    values = values.union_all(
        select(following, values.c.place + 1).where(
            values.c.value.is_not(None), values.c.place < VALUES
        )
    )
    return select(literal(kind).label("kind"), values.c.value).where(values.c.value.is_not(None))


def _least(column: Any, *where: Any) -> ScalarSelect[Any]:
    return select(func.min(col(column))).where(*where).scalar_subquery()


_KINDS = (Run.owner, Run.model_class, Run.runtime, RunTag.tag)
_QUERY = union_all(*(_values(number, column) for number, column in enumerate(_KINDS)))

"""The remedies that worked against a failure, in any run."""

from collections import defaultdict

from sqlalchemy import select
from sqlmodel import Session, col

from app.models import Remedy, RemedyKind, RemedyStatus, ReplayStatus, Sighting
from app.services.failure_group_views import HelpfulRemedy

LOOKED_AT = 200  # sightings, the newest
SHOWN = 8


def helpful_remedies(session: Session, fingerprint: str) -> list[HelpfulRemedy]:
    """Each once, by its name in the catalogue: those first that worked in most runs."""
    newest = (
        select(col(Sighting.run_id), col(Sighting.blocker))
        .where(col(Sighting.fingerprint) == fingerprint, col(Sighting.blocker).is_not(None))
        .order_by(col(Sighting.run_id).desc())
        .limit(LOOKED_AT)
        .subquery()
    )
    query = (
        select(
            col(Remedy.run_id),
            col(Remedy.position),
            col(Remedy.name),
            col(Remedy.title),
            col(Remedy.kind),
            col(Remedy.replay),
        )
        .join(
            newest,
            (newest.c.run_id == col(Remedy.run_id)) & (newest.c.blocker == col(Remedy.blocker)),
        )
        .where(col(Remedy.status) == RemedyStatus.WORKS, col(Remedy.kind) != RemedyKind.COMBINED)
        .order_by(col(Remedy.run_id).desc(), col(Remedy.position))
    )
    by_name = defaultdict(list)
    for row in session.execute(query):
        by_name[row.name].append(row)
    found = [
        HelpfulRemedy(
            name=name,
            title=rows[0].title,
            kind=rows[0].kind,
            replayed=any(row.replay is ReplayStatus.EQUAL for row in rows),
            runs=len({row.run_id for row in rows}),
            run=rows[0].run_id,
            position=rows[0].position,
            url=f"/runs/{rows[0].run_id}#remedy-{rows[0].position}",
        )
        for name, rows in by_name.items()
    ]
    return sorted(found, key=lambda one: -one.runs)[:SHOWN]

"""What waits, what is worked on, and who does: by runtime and by person."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select
from sqlmodel import Session, col

from app.models import Run, RunStatus
from app.services.view import View
from app.services.workers import WorkerView, worker_views
from app.settings import Settings

RUNNING = 200  # runs that are listed as being worked on; each has two processes

_OPEN = (RunStatus.QUEUED, RunStatus.RUNNING)


class Load(View):
    """Runs that have not ended. `oldest` is when the one was uploaded that waits longest."""

    queued: int = 0
    running: int = 0
    oldest: datetime | None = None

    def plus(self, other: "Load") -> "Load":
        """Both together."""
        times = [one for one in (self.oldest, other.oldest) if one is not None]
        return Load(
            queued=self.queued + other.queued,
            running=self.running + other.running,
            oldest=min(times, default=None),
        )


class RuntimeLoad(View):
    """A runtime, and what there is to do in it.

    `workers` are those that live and serve it. `offered`: the web process takes uploads for it.
    """

    name: str
    offered: bool
    workers: int
    load: Load


class PersonLoad(View):
    """A person's part of it; an empty name: of runs that are older than names."""

    name: str
    load: Load


class RunningView(View):
    """A run that a worker holds. `following`: its verdict is there, and this is tried after it."""

    id: int
    title: str
    owner: str
    runtime: str
    worker: str | None
    started_at: datetime | None
    following: str


class Workload(View):
    """All of it. Runtimes by name, people with those first that have most of it."""

    workers: list[WorkerView]
    runtimes: list[RuntimeLoad]
    people: list[PersonLoad]
    running: list[RunningView]


def read_workload(session: Session, settings: Settings) -> Workload:
    """What there is to do at this moment."""
    workers = worker_views(session)
    loads = _loads(session)
    return Workload(
        workers=workers,
        runtimes=_runtimes(workers, _sums((runtime, one) for runtime, _, one in loads), settings),
        people=_people(_sums((owner, one) for _, owner, one in loads)),
        running=_running(session),
    )


def _loads(session: Session) -> list[tuple[str, str, Load]]:
    """Runtime, person, and what they have there."""
    waits = col(Run.status) == RunStatus.QUEUED
    query = (
        select(
            col(Run.runtime),
            col(Run.owner),
            func.count(case((waits, 1))),
            func.count(case((~waits, 1))),
            func.min(case((waits, col(Run.created_at)))),
        )
        .where(col(Run.status).in_(_OPEN))
        .group_by(col(Run.runtime), col(Run.owner))
    )
    return [
        (runtime, owner, Load(queued=queued, running=running, oldest=oldest))
        for runtime, owner, queued, running, oldest in session.execute(query)
    ]


def _sums(loads: Iterable[tuple[str, Load]]) -> dict[str, Load]:
    sums: dict[str, Load] = {}
    for name, load in loads:
        sums[name] = sums.get(name, Load()).plus(load)
    return sums


def _runtimes(
    workers: list[WorkerView], loads: dict[str, Load], settings: Settings
) -> list[RuntimeLoad]:
    served = [name for one in workers if not one.lost for name in one.runtimes]
    return [
        RuntimeLoad(
            name=name,
            offered=name in settings.pythons,
            workers=served.count(name),
            load=loads.get(name, Load()),
        )
        for name in sorted({*settings.pythons, *served, *loads})
    ]


def _people(loads: dict[str, Load]) -> list[PersonLoad]:
    most = sorted(loads.items(), key=lambda one: (-one[1].running, -one[1].queued, one[0]))
    return [PersonLoad(name=name, load=load) for name, load in most]


def _running(session: Session) -> list[RunningView]:
    fields: tuple[Any, ...] = tuple(getattr(Run, name) for name in RunningView.model_fields)
    query = select(*fields).where(col(Run.status) == RunStatus.RUNNING)
    rows = session.execute(query.order_by(col(Run.id)).limit(RUNNING))
    return [RunningView.model_validate(row) for row in rows]

"""Quotas: how much one person may have of the queue, the workers and the store.

Only where there are accounts. The settings say it for everybody, an admin otherwise for one person;
0 is no limit.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlmodel import Session, col

from app.errors import StagelightError
from app.models import Act, Person, Run, RunStatus
from app.models.columns import utc_now
from app.services.asker import Asker
from app.services.audit import record
from app.services.holdings import held_bytes
from app.services.view import View
from app.settings import Settings

DAY = timedelta(hours=24)
MB = 2**20
MOST = 2**31 - 1  # that a quota can be


class QuotaError(StagelightError):
    """A person has as much as they may. Nothing was done."""

    code = "quota"
    status = 429

    def __init__(self, message: str, hint: str, *, seconds: int | None = None) -> None:
        super().__init__(message, f"{hint} An admin can give you more.")
        self.headers = {} if seconds is None else {"Retry-After": str(seconds)}


class StorageQuotaError(QuotaError):
    """A person's runs keep as much as they may: waiting does not help."""

    status = 409


class BadQuotaError(StagelightError):
    """What was to be a quota is none. Nothing was changed."""

    code = "bad_quota"
    status = 422


@dataclass(frozen=True)
class Quota:
    """What somebody may have; 0: no limit."""

    runs: int  # queued or running at once
    minutes: int  # of a worker, in the last 24 hours
    storage_mb: int  # of scripts and of what stages left


@dataclass(frozen=True)
class Usage:
    """What somebody has."""

    runs: int
    seconds: float  # of workers, on all runs that began in the last 24 hours
    bytes: int

    @property
    def minutes(self) -> float:
        """The same time in the quota's unit."""
        return self.seconds / 60

    @property
    def storage_mb(self) -> float:
        """The same room in the quota's unit."""
        return self.bytes / MB


class Measure(View):
    """How much of one thing there is, and how much there may be; null: no limit."""

    used: float
    allowed: int | None


class UsageView(View):
    """What a person has of what they may have."""

    runs: Measure  # queued or running
    minutes: Measure  # of a worker, in the last 24 hours
    storage_mb: Measure  # MiB of scripts and of what stages left


def quota_of(person: Person | None, settings: Settings) -> Quota:
    """A person's own, each where they have one, else the settings'."""
    usual = Quota(settings.quota_runs, settings.quota_minutes, settings.quota_storage_mb)
    if person is None:
        return usual
    own = {
        "runs": person.quota_runs,
        "minutes": person.quota_minutes,
        "storage_mb": person.quota_storage_mb,
    }
    return replace(usual, **{name: value for name, value in own.items() if value is not None})


def usage_of(session: Session, name: str) -> Usage:
    """What the runs of this owner take: cheap, however many they are."""
    is_open = col(Run.status).in_((RunStatus.QUEUED, RunStatus.RUNNING))
    runs = select(func.count()).where(col(Run.owner) == name, is_open)
    seconds = select(func.sum(col(Run.used_seconds))).where(_lately(name))
    return Usage(
        session.scalar(runs) or 0, session.scalar(seconds) or 0.0, held_bytes(session, name)
    )


def read_usage(session: Session, asker: Asker, settings: Settings) -> UsageView | None:
    """The asker's usage beside their quotas; None where there are no accounts."""
    if asker.person_id is None:
        return None
    return usage_view(session, session.get_one(Person, asker.person_id), settings)


def usage_view(session: Session, person: Person, settings: Settings) -> UsageView:
    """A person's usage beside their quotas."""
    quota, usage = quota_of(person, settings), usage_of(session, person.name)
    return UsageView(
        runs=Measure(used=usage.runs, allowed=quota.runs or None),
        minutes=Measure(used=round(usage.minutes, 1), allowed=quota.minutes or None),
        storage_mb=Measure(used=round(usage.storage_mb, 1), allowed=quota.storage_mb or None),
    )


def check_quota(session: Session, asker: Asker, settings: Settings, upload_bytes: int) -> None:
    """QuotaError where the asker may not queue a run of an upload of this size.

    For the transaction that queues it: of two of one person that come at once, the second waits
    here for the first.
    """
    if asker.person_id is None:
        return
    person = session.get_one(Person, asker.person_id, with_for_update=True)
    quota, usage = quota_of(person, settings), usage_of(session, person.name)
    if quota.runs and usage.runs >= quota.runs:
        raise QuotaError(
            f"You have {usage.runs:,} runs that are queued or running; you may have "
            f"{quota.runs:,} at once.",
            "Wait until one has ended, or cancel one that is not needed.",
        )
    if quota.minutes and usage.minutes >= quota.minutes:
        raise _out_of_minutes(session, person.name, quota, usage)
    if quota.storage_mb and usage.bytes + upload_bytes > quota.storage_mb * MB:
        raise StorageQuotaError(
            f"Your runs keep {usage.storage_mb:,.1f} MiB, and this upload has "
            f"{upload_bytes / MB:,.1f}; you may have {quota.storage_mb:,} MiB.",
            "Delete runs that are not needed: their room is free once they cannot be restored any "
            f"more, after {settings.undo_hours:g} h.",
        )


def set_quota(
    session: Session,
    asker: Asker,
    person: Person,
    *,
    runs: int | None,
    minutes: int | None,
    storage_mb: int | None,
) -> None:
    """Give a person quotas of their own; None: what the settings say. BadQuotaError where one is
    no number that a quota can be.
    """
    given = {"runs": runs, "minutes": minutes, "storage_mb": storage_mb}
    for name, value in given.items():
        if value is not None and not 0 <= value <= MOST:
            raise BadQuotaError(
                f"The quota {name} cannot be {value:,}.",
                f"Give 0, for no limit, to {MOST:,}; nothing for what the settings say.",
            )
    person.quota_runs, person.quota_minutes, person.quota_storage_mb = runs, minutes, storage_mb
    session.add(person)
    record(session, asker, Act.PERSON_QUOTA, person.name, **given)


def _out_of_minutes(session: Session, name: str, quota: Quota, usage: Usage) -> QuotaError:
    now = utc_now()
    free = _free_at(session, name, usage.seconds - quota.minutes * 60)
    day = "" if free.date() == now.date() else " tomorrow"
    return QuotaError(
        f"Your runs had {usage.minutes:,.0f} minutes of a worker in the last 24 hours; you may "
        f"have {quota.minutes:,}.",
        f"Try again at {free:%H:%M} UTC{day}, when the oldest of them do not count any more.",
        seconds=max(1, round((free - now).total_seconds())),
    )


def _free_at(session: Session, name: str, too_many: float) -> datetime:
    """When more seconds than that will be longer ago than 24 hours."""
    query = select(col(Run.started_at), col(Run.used_seconds)).where(_lately(name))
    began = utc_now()
    for started_at, seconds in session.execute(query.order_by(col(Run.started_at))):
        began = started_at
        too_many -= seconds
        if too_many < 0:
            break
    return began + DAY + timedelta(minutes=1)  # it is shown to the minute


def _lately(name: str) -> ColumnElement[bool]:
    """The condition that a run counts as worked on lately: as a whole, from its start on."""
    return (col(Run.owner) == name) & (col(Run.started_at) > utc_now() - DAY)

"""How runs came out over time: the numbers that plots are drawn from."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Integer, cast, func, select
from sqlmodel import Session, col

from app.models import Run, Verdict
from app.services.history_filters import Filters
from app.services.history_query import count_newest, read_newest, selection
from app.services.view import View

DAYS = 30
RUNS = 2_000  # the newest ones that days are counted from
POINTS = 60  # the newest ones that are shown each by itself


class DayView(View):
    """How the runs of one day came out."""

    day: date
    exported: int = 0
    partly: int = 0
    blocked: int = 0
    script_error: int = 0
    other: int = 0  # failed or cancelled, no verdict


class PointView(View):
    """One run that has a verdict. `seconds` until it came; `coverage`: the share of modules that
    were exported.
    """

    run: int
    created_at: datetime
    verdict: Verdict
    seconds: float | None
    coverage: float | None


class TrendsView(View):
    """Days up to that of the newest run, and the newest runs, oldest first. `runs` counts those
    that the days were counted from.
    """

    runs: int
    days: list[DayView]
    points: list[PointView]


def trends(session: Session, filters: Filters) -> TrendsView:
    """The trends of the newest runs with these filters."""
    chosen = selection(session, filters)
    day = func.date(col(Run.created_at)).label("day")
    outcomes = select(day, col(Run.verdict), col(Run.status))
    rows = count_newest(session, chosen, outcomes, RUNS)
    # What a run covers stands behind what is long in its row, so fewer are asked for it.
    coverage: Any = col(Run.coverage)
    judged = select(
        col(Run.id),
        col(Run.created_at),
        col(Run.verdict),
        col(Run.started_at),
        col(Run.whole_at),
        cast(coverage["modules"].as_string(), Integer).label("modules"),
        cast(coverage["modules_exported"].as_string(), Integer).label("exported"),
    ).where(col(Run.verdict).is_not(None))
    points = [_point(row) for row in read_newest(session, chosen, judged, POINTS)]
    return TrendsView(runs=sum(row.runs for row in rows), days=_days(rows), points=points[::-1])


def _days(rows: Sequence[Any]) -> list[DayView]:
    if not rows:
        return []
    counts: Counter[tuple[date, str]] = Counter()
    for row in rows:
        if row.verdict or row.status.ended:
            counts[_day(row), row.verdict or "other"] += row.runs
    last = max(map(_day, rows))
    days = [last - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    words = [*Verdict, "other"]
    return [DayView(day=day, **{word: counts[day, word] for word in words}) for day in days]


def _day(row: Any) -> date:
    """SQLite says it as text."""
    return date.fromisoformat(str(row.day))


def _point(row: Any) -> PointView:
    took = None
    if row.started_at is not None and row.whole_at is not None:
        took = max(0.0, (row.whole_at - row.started_at).total_seconds())
    return PointView(
        run=row.id,
        created_at=row.created_at,
        verdict=row.verdict,
        seconds=took,
        coverage=(row.exported or 0) / row.modules if row.modules else None,
    )

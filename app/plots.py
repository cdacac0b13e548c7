"""Small plots as shapes on a canvas of fixed size, for a template to draw as SVG. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from app.models import Verdict
from app.services.trends import DayView, PointView, TrendsView
from app.templating import seconds

WIDTH, HEIGHT = 320, 90
LEFT, BOTTOM, TOP = 34, 14, 8  # margins of the canvas
GAP = 2  # between bars

_PARTS = ("exported", "partly", "blocked", "script_error", "other")
_TONES = {"exported": "good", "partly": "part", "blocked": "bad", "script_error": "script"}


@dataclass(frozen=True)
class Bar:
    """A piece of a stacked bar."""

    x: float
    y: float
    width: float
    height: float
    tone: str
    words: str


@dataclass(frozen=True)
class Dot:
    """A run, which it links to."""

    x: float
    y: float
    tone: str
    words: str
    url: str


@dataclass(frozen=True)
class Plot:
    """One plot. `words` say in text what it shows; `top` and `bottom` are the ends of its axis,
    `first` and `last` those of its time.
    """

    title: str
    words: str
    top: str
    bottom: str
    first: str
    last: str
    bars: tuple[Bar, ...] = ()
    dots: tuple[Dot, ...] = ()
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    base: int = HEIGHT - BOTTOM
    ceiling: int = TOP


def plots_of(trends: TrendsView) -> tuple[Plot, ...]:
    """Verdicts a day, time to the verdict, coverage: those of them that there is something of."""
    return tuple(
        plot
        for plot in (_verdicts(trends.days), _times(trends.points), _coverage(trends.points))
        if plot is not None
    )


def _verdicts(days: Sequence[DayView]) -> Plot | None:
    totals = [sum(getattr(day, part) for part in _PARTS) for day in days]
    most = max(totals, default=0)
    if not most:
        return None
    step = (WIDTH - LEFT) / len(days)
    bars = []
    for place, day in enumerate(days):
        y = float(HEIGHT - BOTTOM)
        for part in _PARTS:
            count = getattr(day, part)
            if not count:
                continue
            height = count / most * (HEIGHT - BOTTOM - TOP)
            y -= height
            words = f"{day.day}: {count} {part.replace('_', ' ')}"
            tone = _TONES.get(part, "off")
            bars.append(
                Bar(
                    round(LEFT + place * step, 1),
                    round(y, 1),
                    round(step - GAP, 1),
                    round(height, 1),
                    tone,
                    words,
                )
            )
    sums = {part: sum(getattr(day, part) for day in days) for part in _PARTS}
    told = ", ".join(f"{n:,} {part.replace('_', ' ')}" for part, n in sums.items() if n)
    return Plot(
        title="Verdicts a day",
        words=f"From {days[0].day} to {days[-1].day}: {told}; at most {most:,} a day.",
        top=f"{most:,}",
        bottom="0",
        first=str(days[0].day),
        last=str(days[-1].day),
        bars=tuple(bars),
    )


def _times(points: Sequence[PointView]) -> Plot | None:
    known = [(point, point.seconds) for point in points if point.seconds is not None]
    if not known:
        return None
    values = [value for _, value in known]
    words = (
        f"Of the last {len(known)} runs with a verdict: median {seconds(median(values))}, "
        f"longest {seconds(max(values))}, last {seconds(values[-1])}."
    )
    return _scatter("Time to verdict", words, known, max(values) or 1.0, seconds)


def _coverage(points: Sequence[PointView]) -> Plot | None:
    known = [(point, point.coverage) for point in points if point.coverage is not None]
    if not known:
        return None
    values = [value for _, value in known]
    words = (
        f"Share of modules exported, of the last {len(known)} runs: "
        f"median {_percent(median(values))}, last {_percent(values[-1])}."
    )
    return _scatter("Coverage", words, known, 1.0, _percent)


def _scatter(
    title: str,
    words: str,
    known: Sequence[tuple[PointView, float]],
    most: float,
    write: Callable[[float], str],
) -> Plot:
    """Runs in their order, each at its value."""
    step = (WIDTH - LEFT - 8) / max(1, len(known) - 1)
    dots = tuple(
        Dot(
            x=round(LEFT + 4 + place * step, 1),
            y=round(HEIGHT - BOTTOM - min(1.0, value / most) * (HEIGHT - BOTTOM - TOP), 1),
            tone=_tone(point.verdict),
            words=f"run {point.run}: {write(value)}",
            url=f"/runs/{point.run}",
        )
        for place, (point, value) in enumerate(known)
    )
    return Plot(
        title=title,
        words=words,
        top=write(most),
        bottom=write(0.0),
        first=f"run {known[0][0].run}",
        last=f"run {known[-1][0].run}",
        dots=dots,
    )


def _tone(verdict: Verdict) -> str:
    return _TONES[verdict.value]


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"

"""Options, environments, times and coverage of two runs, row by row. Pure."""

from collections.abc import Mapping
from typing import Any

from app.services.compare_views import Change, CoverageRow, Share, ValueRow
from app.services.views import CoverageView

# A time differs where it is another by more than both of these: less is noise.
NOISE_SECONDS = 0.05
NOISE_SHARE = 0.2  # of the larger one
NOISE_BYTES = 32 * 2**20  # of peak memory, in place of the seconds

PEAK_MEMORY = "peak_memory"  # the one that is no time


def times_differ(base: float, head: float, noise: float = NOISE_SECONDS) -> bool:
    """Whether two times are further apart than noise."""
    return abs(base - head) > max(noise, NOISE_SHARE * max(base, head))


def value_rows(base: Mapping[str, Any] | None, head: Mapping[str, Any] | None) -> list[ValueRow]:
    """Each name that either has. None for a run that has not told them."""
    before, after = base or {}, head or {}
    known = base is not None and head is not None
    return [
        _value_row(name, before.get(name), after.get(name), known=known)
        for name in {**after, **before}
    ]


def time_rows(base: Mapping[str, float | None], head: Mapping[str, float | None]) -> list[ValueRow]:
    """Times that either has: the two have the same names."""
    return [
        ValueRow(name=name, base=base[name], head=head[name], change=_time(name, base, head))
        for name in base
        if base[name] is not None or head[name] is not None
    ]


def coverage_rows(base: CoverageView | None, head: CoverageView | None) -> list[CoverageRow]:
    """Modules, parameters and call sites; none where neither run came to it."""
    if base is None and head is None:
        return []
    rows = []
    for name in ("modules", "parameters", "calls"):
        before, after = _share(name, base), _share(name, head)
        rows.append(CoverageRow(name=name, base=before, head=after, change=_change(before, after)))
    return rows


def flattened(environment: Mapping[str, Any]) -> dict[str, Any]:
    """The same without tables in it: `packages.numpy`."""
    flat: dict[str, Any] = {}
    for name, value in environment.items():
        if isinstance(value, Mapping):
            flat |= {f"{name}.{key}": one for key, one in value.items()}
        else:
            flat[name] = value
    return flat


def _value_row(name: str, base: Any, head: Any, *, known: bool) -> ValueRow:
    change = Change.SAME if base == head else Change.CHANGED
    return ValueRow(name=name, base=base, head=head, change=change if known else Change.NOT_KNOWN)


def _time(name: str, base: Mapping[str, float | None], head: Mapping[str, float | None]) -> Change:
    before, after = base[name], head[name]
    if before is None or after is None:
        return Change.NOT_KNOWN
    noise = NOISE_BYTES if name == PEAK_MEMORY else NOISE_SECONDS
    return Change.CHANGED if times_differ(before, after, noise) else Change.SAME


def _share(name: str, coverage: CoverageView | None) -> Share | None:
    if coverage is None:
        return None
    return Share(part=getattr(coverage, f"{name}_exported"), of=getattr(coverage, name))


def _change(base: Share | None, head: Share | None) -> Change:
    if base is None or head is None:
        return Change.NOT_KNOWN
    return Change.SAME if base == head else Change.CHANGED

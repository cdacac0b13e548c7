"""Module paths: those around one, and runs such as `blocks.0 … blocks.11` in short. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class PathRun:
    """Paths next to each other that differ in one number, which grows by one."""

    first: str
    last: str
    count: int

    @property
    def text(self) -> str:
        """`blocks.0 … blocks.11`, or the path alone."""
        if self.count == 1:
            return self.first
        return f"{self.first}{', ' if self.count == 2 else ' … '}{self.last}"


def ancestors(path: str) -> Iterator[str]:
    """`a.b` and `a` of `a.b.c`."""
    while "." in path:
        path = path.rpartition(".")[0]
        yield path


def path_runs(paths: Sequence[str]) -> list[PathRun]:
    """The paths in their order, runs of them together."""
    runs: list[PathRun] = []
    differs: int | None = None  # the segment in which those of the last run differ
    for path in paths:
        step = _step(runs[-1].last, path) if runs else None
        if step is None or differs not in (None, step):
            runs.append(PathRun(path, path, 1))
            differs = None
        else:
            runs[-1] = PathRun(runs[-1].first, path, runs[-1].count + 1)
            differs = step
    return runs


def _step(before: str, after: str) -> int | None:
    """The one segment in which `after` is the next number, or None."""
    pairs = list(zip(before.split("."), after.split("."), strict=False))
    if before.count(".") != after.count("."):
        return None
    differing = [index for index, (one, other) in enumerate(pairs) if one != other]
    if len(differing) != 1:
        return None
    one, other = pairs[differing[0]]
    if not (_is_number(one) and _is_number(other)):
        return None
    return differing[0] if int(other) == int(one) + 1 else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10

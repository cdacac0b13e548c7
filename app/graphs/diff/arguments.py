"""Changes of arguments: compared through the alignment, lists by what they have in common."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from app.graphs.diff.canonical import DEPTH
from app.graphs.diff.sequences import common_subsequence

Change = tuple[str, Any, Any]  # where, before, after
Key = Callable[[str, str], str | None]  # of what one key names: the same text on both sides


class Arguments:
    """Compares arguments of a pair. `ours` and `theirs` say what a reference or symbol is."""

    def __init__(self, ours: Key, theirs: Key) -> None:
        self._ours = ours
        self._theirs = theirs

    def changes(self, base: Any, head: Any, where: str = "", depth: int = 0) -> Iterator[Change]:
        """What differs, each with the place where it does."""
        if _text(base, self._ours) == _text(head, self._theirs):
            return
        if isinstance(base, list) and isinstance(head, list) and depth < DEPTH:
            yield from self._lists(base, head, where, depth)
        elif _are_dicts(base, head) and depth < DEPTH:
            yield from self.mappings(base["dict"], head["dict"], where, depth + 1)
        else:
            yield where, base, head

    def mappings(
        self, base: Mapping[str, Any], head: Mapping[str, Any], where: str = "", depth: int = 0
    ) -> Iterator[Change]:
        """What differs by key; a key that is not there is None, as most defaults are."""
        for key in [*base, *(key for key in head if key not in base)]:
            place = f"{where}[{key!r}]"
            yield from self.changes(base.get(key), head.get(key), place, depth)

    def _lists(self, base: list[Any], head: list[Any], where: str, depth: int) -> Iterator[Change]:
        numbers: dict[str, int] = {}
        ours = [numbers.setdefault(_text(item, self._ours), len(numbers)) for item in base]
        theirs = [numbers.setdefault(_text(item, self._theirs), len(numbers)) for item in head]
        different = sum(i != j for i, j in zip(ours, theirs, strict=False))
        different += abs(len(base) - len(head))
        moves = list(_gaps(common_subsequence(ours, theirs), len(base), len(head)))
        if len(moves) >= different:
            places = range(max(len(base), len(head)))
            moves = [(i, i) for i in places]
        for i, j in moves:
            if i == j and i < len(base) and i < len(head):
                yield from self.changes(base[i], head[i], f"{where}[{i}]", depth + 1)
                continue
            if 0 <= i < len(base) and base[i] is not None:
                yield f"{where}[{i}]", base[i], None
            if 0 <= j < len(head) and head[j] is not None:
                yield f"{where}[{j}]", None, head[j]


def _gaps(common: list[tuple[int, int]], base: int, head: int) -> Iterator[tuple[int, int]]:
    """Places outside the common ones; two at one index are one change of it, -1 is none."""
    i_next = j_next = 0
    for i, j in [*common, (base, head)]:
        for index in sorted({*range(i_next, i), *range(j_next, j)}):
            yield (index if i_next <= index < i else -1), (index if j_next <= index < j else -1)
        i_next, j_next = i + 1, j + 1


def _are_dicts(base: Any, head: Any) -> bool:
    return all(
        isinstance(value, dict) and len(value) == 1 and isinstance(value.get("dict"), dict)
        for value in (base, head)
    )


def _text(value: Any, key: Key, depth: int = 0) -> str:
    """The value as text, with references and symbols as `key` has them."""
    if isinstance(value, list) and depth < DEPTH:
        return f"[{','.join(_text(item, key, depth + 1) for item in value)}]"
    if isinstance(value, dict) and depth < DEPTH:
        if len(value) == 1:
            ((name, inner),) = value.items()
            found = key(name, inner) if isinstance(inner, str) else None
            if found is not None:
                return found
        parts = (f"{name!r}:{_text(item, key, depth + 1)}" for name, item in value.items())
        return f"{{{','.join(sorted(parts))}}}"
    if isinstance(value, str):
        return key("", value) or repr(value)
    return repr(value)

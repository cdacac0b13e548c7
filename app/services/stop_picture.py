"""Where a model stops, as one picture: its modules in order of execution, that one opened. Pure.

Made from the tree of modules; templates/_stops.html draws it. Sizes are in units of its view box.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.models import Fate
from app.services.failure_views import FailureView
from app.services.module_tree import Branch, ModuleTree, Stops
from app.text import visible

WIDTH = 420
TRACE = 26  # the line that export goes along
ROW = 38
LINE = 16  # that says that export stops
GAP = 6
INSET = 10
LEVELS = 4  # of modules in modules, below the model itself
AROUND = 3  # modules that are drawn before and after the one that is opened
PLACE = 26  # characters of the file and line, which are in the sentence in full
BLOCKERS = 4  # that are named at one module
CHARACTERS = 44  # of a name, at the outermost level


@dataclass(frozen=True)
class Row:
    """One module, or some next to each other that are drawn as one."""

    x: int
    y: int
    width: int
    height: int
    fate: Fate | None
    title: str
    detail: str
    stop: str  # what is said where export stops, or which further blockers are in it
    here: bool  # whether it is the first of them
    frame: bool  # whether others are in it


@dataclass(frozen=True)
class StopPicture:
    """The picture, and the same in words."""

    rows: tuple[Row, ...]
    width: int
    height: int
    stop: int | None  # how far down export came; None if that is in no row
    place: str  # file:line
    sentence: str
    fates: tuple[Fate, ...]  # that are in it


def picture_of_stop(
    tree: ModuleTree, stops: Stops, model_class: str, failure: FailureView
) -> StopPicture | None:
    """The picture of a model whose whole export failed so; None where no module is known."""
    if not tree.branches:
        return None
    artist = _Artist(failure)
    own = stops.get("", ())
    artist.stopped = 1 in own
    artist.model(model_class, tree.branches, tree.hidden)
    rows = tuple(sorted(artist.rows, key=lambda row: (row.y, row.x)))
    seen = {row.fate for row in rows}
    return StopPicture(
        rows=rows,
        width=WIDTH,
        height=artist.y + GAP,
        stop=artist.stop,
        place=artist.place,
        sentence=_sentence(tree, failure, artist.place),
        fates=tuple(fate for fate in Fate if fate in seen),
    )


def written(fate: Fate) -> str:
    """As people write it."""
    return fate.value.replace("_", " ")


def _place(failure: FailureView) -> str:
    return f"{failure.file}:{failure.line}" if failure.file else ""


def _sentence(tree: ModuleTree, failure: FailureView, place: str) -> str:
    where = f"in {failure.module}" if failure.module else "in the model's own code"
    counts = [f"{tree.fates[fate]} {written(fate)}" for fate in Fate if tree.fates.get(fate)]
    at = f", at {place}" if place else ""
    return f"Export stops {where}{at}. Modules: {', '.join(counts)}."


class _Artist:
    """Puts rows below each other."""

    def __init__(self, failure: FailureView) -> None:
        self.rows: list[Row] = []
        self.y = GAP
        self.stop: int | None = None
        self.place = _place(failure)
        self.module = failure.module or ""
        self.stopped = False  # the model's own code is where it stops

    def model(self, model_class: str, branches: Sequence[Branch], hidden: int) -> None:
        """The model itself, a frame around its modules."""
        top = self.y
        said = self._said() if self.stopped else ""
        if said:
            self.stop = top + ROW // 2
        self.y += ROW + (LINE if said else 0)
        self._level(branches, hidden, 1)
        title, detail = model_class or "the model", "the model itself"
        fate = Fate.FAILED
        self._put(0, top, self.y - top, fate, title, detail, said, here=bool(said), frame=True)
        self.y += GAP

    def _said(self) -> str:
        place = _short(self.place, PLACE)
        return f"Export stops here{f': {place}' if place else ''}"

    def _level(self, branches: Sequence[Branch], hidden: int, level: int) -> None:
        chosen = self._chosen(branches)
        start = max(0, (chosen or 0) - AROUND)
        end = (chosen or 0) + AROUND + 1
        self._rest(branches[:start], 0, level)
        for number, branch in enumerate(branches[start:end], start):
            self._branch(branch, level, chosen=number == chosen)
        self._rest(branches[end:], hidden, level)

    def _chosen(self, branches: Sequence[Branch]) -> int | None:
        """The one that has the first blocker in it, else the first that failed."""
        if self.stopped:
            return None
        for number, branch in enumerate(branches):
            path = branch.module.path
            if 1 in branch.stops or self.module == path or self.module.startswith(f"{path}."):
                return number
        failed = (n for n, one in enumerate(branches) if one.module.fate is Fate.FAILED)
        return next(failed, None) if self.stop is None else None

    def _branch(self, branch: Branch, level: int, *, chosen: bool) -> None:
        top, path = self.y, branch.module.path
        inner = chosen and level < LEVELS and self._goes_on(branch)
        here = chosen and not inner and self.stop is None
        self.y += ROW + (LINE if here else 0)
        if here:
            self.stop = top + ROW // 2
        if inner:
            self._level(branch.children, branch.hidden, level + 1)
        name = f"{branch.name} ({branch.count} \u00d7)" if branch.count > 1 else branch.name
        self._put(
            level,
            top,
            self.y - top,
            branch.module.fate,
            name or path,
            _detail(branch),
            self._said() if here else "" if inner else _others(branch),
            here=here,
            frame=inner,
        )
        self.y += GAP

    def _goes_on(self, branch: Branch) -> bool:
        """Whether it is a module in this one that stops."""
        if 1 in branch.stops or self.module == branch.module.path:
            return False
        return self._chosen(branch.children) is not None

    def _rest(self, branches: Sequence[Branch], hidden: int, level: int) -> None:
        """Those that are not drawn one by one, as one row."""
        count = sum(branch.count for branch in branches) + hidden
        if not count:
            return
        if len(branches) == 1 and not hidden:
            self._branch(branches[0], level, chosen=False)
            return
        fates = Counter[Fate | None]()
        for branch in branches:
            fates[branch.module.fate] += branch.count
        counted = ", ".join(f"{number} {written(fate)}" for fate, number in fates.items() if fate)
        names = f"{branches[0].name} \u2026 {branches[-1].name}" if branches else "more"
        fate = next(iter(fates)) if len(fates) == 1 and not hidden else None
        top = self.y
        self.y += ROW
        detail = f"{count} modules: {counted}"
        self._put(level, top, ROW, fate, names, detail, "", here=False, frame=False)
        self.y += GAP

    def _put(
        self,
        level: int,
        top: int,
        height: int,
        fate: Fate | None,
        title: str,
        detail: str,
        stop: str,
        *,
        here: bool,
        frame: bool,
    ) -> None:
        inset = level * INSET
        length = CHARACTERS - 2 * level
        x, width = TRACE + inset, WIDTH - TRACE - 2 * inset - 2
        title, detail = _short(title, length), _short(detail, length)
        self.rows.append(Row(x, top, width, height, fate, title, detail, stop, here, frame))


def _detail(branch: Branch) -> str:
    inside = f" · {branch.exported} of {branch.below} inside exported" if branch.below else ""
    return f"{branch.module.class_name}{inside}"


def _others(branch: Branch) -> str:
    """Further blockers in it."""
    numbers = sorted({one for one in _stops_in(branch) if one != 1})
    shown = ", ".join(map(str, numbers[:BLOCKERS])) + (", \u2026" if numbers[BLOCKERS:] else "")
    return f"blocker{'s' if len(numbers) > 1 else ''} {shown}" if numbers else ""


def _stops_in(branch: Branch) -> Iterator[int]:
    yield from branch.stops
    for child in branch.children:
        yield from _stops_in(child)


def _short(text: str, length: int) -> str:
    """In one line; names tell more at their end."""
    line = " ".join(visible(text[:400]).split())
    return line if len(line) <= length else f"…{line[1 - length :]}"

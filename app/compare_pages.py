"""What the pages of a comparison are given: two runs side by side, or the form to choose them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, TypeVar

from app.compare_address import CompareAddress, Section
from app.history_pages import HistoryRow
from app.pages import Problem
from app.patches import Diff
from app.services.compare_views import (
    CauseChange,
    CauseRow,
    Change,
    CompareView,
    CoverageRow,
    GuardRow,
    StageRow,
    ValueRow,
)
from app.services.compare_words import CAUSE_CHANGES, changed, stage_differs
from app.templating import Page

SHOWN_VALUES = 300  # rows of one table of options, packages and the like

TITLES: dict[Section, str] = {
    "stops": "What stops it",
    "stages": "Stages",
    "guards": "Guards",
    "script": "Script",
    "options": "Options",
    "model": "Model",
    "environment": "Environment",
    "times": "Times",
    "coverage": "Coverage",
}

Row = TypeVar("Row", StageRow, GuardRow, ValueRow, CoverageRow)


@dataclass(frozen=True)
class Part:
    """A section in the list of them: how much of it differs, where that is known."""

    name: Section
    title: str
    differ: int


@dataclass(frozen=True)
class ComparePage(Page):
    """Two runs side by side."""

    template: ClassVar[str] = "compare.html"
    view: CompareView
    diff: Diff | None
    address: CompareAddress

    changes: ClassVar[dict[CauseChange, str]] = CAUSE_CHANGES  # of a cause, in words

    @property
    def swapped(self) -> str:
        """The same with base and head changed over."""
        return self.address.to(base=self.view.head.id, head=self.view.base.id)

    @property
    def toggled(self) -> str:
        """The same with equal rows hidden, or shown again."""
        return self.address.to(hide="" if self.address.hide else "same")

    @property
    def live(self) -> bool:
        """Whether it may still change."""
        return self.view.base.live or self.view.head.live

    @property
    def part(self) -> str:
        """The address of what changes of it."""
        return self.address.to().replace("/compare", "/compare/_result", 1)

    @property
    def times_differ(self) -> bool:
        """Whether anything took another time, a stage or the run."""
        stages = (row.change is Change.CHANGED for row in self.view.stages)
        return changed(self.view.times) > 0 or any(stages)

    @property
    def shown_values(self) -> int:
        """How many rows of one table are shown."""
        return SHOWN_VALUES

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """All sections, and how many rows of each differ."""
        view = self.view
        numbers: dict[Section, int] = {
            "stops": sum(row.change is not CauseChange.STILL for row in view.causes),
            "stages": sum(map(stage_differs, view.stages)),
            "guards": view.guards.differ,
            "script": int(not view.same_script),
            "options": changed(view.options),
            "model": changed(view.model),
            "environment": changed(view.environment),
            "times": changed(view.times),
            "coverage": changed(view.coverage),
        }
        return tuple(Part(name, title, numbers[name]) for name, title in TITLES.items())

    def shows(self, name: Section) -> bool:
        """Whether this section is on the page."""
        return self.address.only in ("", name)

    def shown(self, rows: Sequence[Row]) -> Sequence[Row]:
        """The rows that are: all, or without the equal ones."""
        if not self.address.hide:
            return rows
        return [row for row in rows if row.change is not Change.SAME]

    @property
    def causes(self) -> Sequence[CauseRow]:
        """What stops either, those that changed first."""
        order = list(CauseChange)
        still = [row for row in self.view.causes if row.change is CauseChange.STILL]
        moved = [row for row in self.view.causes if row.change is not CauseChange.STILL]
        return sorted(moved, key=lambda row: order.index(row.change)) + (
            [] if self.address.hide else still
        )


@dataclass(frozen=True)
class ComparePart(ComparePage):
    """What changes of the page while a run goes on."""

    template: ClassVar[str] = "compare/_result.html"


@dataclass(frozen=True)
class Candidate:
    """A run that may be chosen, and where that leads."""

    row: HistoryRow
    as_base: str
    as_head: str
    with_parent: str  # empty where it repeats no run


@dataclass(frozen=True)
class ComparePickPage(Page):
    """The form that asks for the two runs."""

    template: ClassVar[str] = "compare/pick.html"
    address: CompareAddress
    candidates: tuple[Candidate, ...]
    problem: Problem | None = None

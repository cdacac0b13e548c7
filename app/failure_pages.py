"""What the templates of failures over all runs are given: frozen, typed, complete."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlencode

from app.cards import Culprit
from app.models import Category, GroupState
from app.pages import Changes, Problem
from app.services.failure_group_views import (
    FailureGroupDetail,
    FailureGroupList,
    FailureGroupView,
    PlaceView,
    SightingList,
)
from app.services.failure_groups import FailureFilters
from app.services.summary import Tone, cause_words
from app.templating import Page


def state_badge(group: FailureGroupView) -> tuple[Tone, str]:
    """What is to be done about a failure, in tone and words."""
    if group.back is not None:
        return Tone.BROKEN, "is back"
    match group.state:
        case GroupState.FIXED:
            return Tone.GOOD, "fixed"
        case GroupState.IGNORED:
            return Tone.OFF, "ignored"
        case GroupState.OPEN:
            return Tone.BAD, "open"


@dataclass(frozen=True)
class Chip:
    """A filter that is one click away."""

    words: str
    count: int
    address: str
    chosen: bool


@dataclass(frozen=True)
class FailuresPage(Page):
    """All failures, newest seen first."""

    template: ClassVar[str] = "failures.html"
    found: FailureGroupList
    filters: FailureFilters
    runtimes: tuple[str, ...]

    badge = staticmethod(state_badge)
    words = staticmethod(cause_words)

    @property
    def categories(self) -> tuple[Category, ...]:
        """All that can be asked for."""
        return tuple(Category)

    @property
    def chips(self) -> tuple[Chip, ...]:
        """States, each with how many there are; the other filters stay."""
        counts, chosen = self.found.counts, self.filters
        state = chosen.state and chosen.state.value
        return (
            self._chip("All", counts.total, {}, chosen=not state and not chosen.back),
            self._chip("open", counts.open, {"state": "open"}, chosen=state == "open"),
            self._chip("back", counts.back, {"back": "1"}, chosen=chosen.back),
            self._chip("fixed", counts.fixed, {"state": "fixed"}, chosen=state == "fixed"),
            self._chip("ignored", counts.ignored, {"state": "ignored"}, chosen=state == "ignored"),
        )

    @property
    def more(self) -> str:
        """The address of the next page; empty where this is the last."""
        if self.found.next is None:
            return ""
        return _address({**self._state, **self._other, "cursor": self.found.next})

    @property
    def filtered(self) -> bool:
        """Whether anything is left out."""
        return bool(self._state or self._other or self.filters.after)

    @property
    def _state(self) -> dict[str, str]:
        chosen = self.filters
        given = {"state": chosen.state.value if chosen.state else "", "back": "1" * chosen.back}
        return {name: value for name, value in given.items() if value}

    @property
    def _other(self) -> dict[str, str]:
        chosen = self.filters
        given = {
            "category": chosen.category.value if chosen.category else "",
            "script": chosen.script,
            "runtime": chosen.runtime,
            "q": chosen.words,
        }
        return {name: value for name, value in given.items() if value}

    def _chip(self, words: str, count: int, state: Mapping[str, str], *, chosen: bool) -> Chip:
        return Chip(words, count, _address({**state, **self._other}), chosen)


@dataclass(frozen=True)
class StateForm:
    """What a person entered of a failure's state."""

    state: str
    note: str
    fixed_run: str


@dataclass(frozen=True)
class FailurePage(Page):
    """One failure. `runtimes` are the columns of its places, `scripts` their rows."""

    template: ClassVar[str] = "failure.html"
    group: FailureGroupDetail
    sightings: SightingList
    before: int | None  # the cursor of the sightings
    culprit: Culprit | None
    changes: Changes | None  # of the run that fixed it
    form: StateForm
    problem: Problem | None = None

    badge = staticmethod(state_badge)
    words = staticmethod(cause_words)

    @classmethod
    def of(
        cls,
        group: FailureGroupDetail,
        sightings: SightingList,
        before: int | None,
        form: StateForm | None = None,
        problem: Problem | None = None,
    ) -> "FailurePage":
        """The page of a failure; `form` is what was entered, where that has a problem."""
        fix, changes = group.fix, group.changes
        return cls(
            group=group,
            sightings=sightings,
            before=before,
            culprit=Culprit.of(group.example.failure if group.example else None),
            changes=None if fix is None or changes is None else Changes.of(fix.run, changes),
            form=form or _form(group),
            problem=problem,
        )

    @property
    def runtimes(self) -> tuple[str, ...]:
        """Those in which it was seen."""
        return tuple(sorted({place.runtime for place in self.group.places}))

    @property
    def scripts(self) -> dict[str, dict[str, PlaceView]]:
        """File name → runtime → what was seen there; newest first."""
        found: dict[str, dict[str, PlaceView]] = {}
        for place in self.group.places:
            found.setdefault(place.filename, {})[place.runtime] = place
        return found

    @property
    def suggested(self) -> int | None:
        """A run that nobody named yet, in which it is known to be gone."""
        fix = self.group.fix
        return None if fix is None or fix.run == self.group.fixed_run else fix.run


def _form(group: FailureGroupDetail) -> StateForm:
    """What the form says before anything is entered: a fix that did not last is not offered."""
    lasting = group.fixed_run if group.state is GroupState.FIXED else None
    return StateForm(group.state.value, group.note, str(lasting or ""))


def _address(query: Mapping[str, str]) -> str:
    return f"/failures?{urlencode(query)}" if query else "/failures"

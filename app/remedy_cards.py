"""Pieces of pages: a remedy with its diff and what came of it in words, and all of a run."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.models import RemedyKind, RemedyStatus, ReplayStatus
from app.patches import Diff, read_diff
from app.services.remedies import RemedyDetail
from app.services.remedy_views import RemedyView
from app.services.summary import Tone
from app.services.views import ReplayCaseView

# What a kind is called, and what it costs the one who takes it.
KINDS: Mapping[RemedyKind, tuple[str, str]] = {
    RemedyKind.REWRITE: ("rewrite", "Other code that computes the same."),
    RemedyKind.WRAP: (
        "opaque operator",
        "The call is hidden from export behind an operator, which a backend needs as well.",
    ),
    RemedyKind.REQUEST: ("other request", "The model stays; something else is asked of export."),
    RemedyKind.PIN: (
        "pinned",
        "It keeps the example's answer: other inputs are refused, or give another result.",
    ),
    RemedyKind.COMBINED: ("combined", "Several together."),
}

_TONES: Mapping[RemedyStatus, tuple[Tone, str]] = {
    RemedyStatus.WAITING: (Tone.WAIT, "waits"),
    RemedyStatus.TRYING: (Tone.WORK, "being tried"),
    RemedyStatus.WORKS: (Tone.GOOD, "works"),
    RemedyStatus.FAILS: (Tone.BAD, "does not work"),
    RemedyStatus.NOT_TRIED: (Tone.OFF, "not tried"),
}


@dataclass(frozen=True)
class RemedyCard:
    """A remedy. `proven`: the exported program was replayed with it, alone or as a part;
    `pinned`: it is a pin, or has one among its parts.
    """

    remedy: RemedyView
    diff: Diff | None
    proven: bool
    pinned: bool

    @property
    def badge(self) -> tuple[Tone, str]:
        """How it went, in tone and words: nothing works that was not replayed."""
        if self.remedy.status is RemedyStatus.WORKS:
            if not self.proven:
                return Tone.PART, "gets past it"
            if self.pinned:
                return Tone.DOUBT, "works, pinned"
        return _TONES[self.remedy.status]

    @property
    def kind(self) -> str:
        """What its kind is called."""
        return KINDS[self.remedy.kind][0]

    @property
    def cost(self) -> str:
        """What its kind costs."""
        return KINDS[self.remedy.kind][1]

    @property
    def runnable(self) -> bool:
        """Whether a person may run the script with it."""
        changes = self.remedy.patch is not None or bool(self.remedy.options)
        return self.remedy.status is RemedyStatus.WORKS and changes

    @property
    def cases(self) -> Sequence[ReplayCaseView]:
        """What its program was compared on; empty where the remedy was read in brief."""
        replay = self.remedy.replay_detail if isinstance(self.remedy, RemedyDetail) else None
        return replay.cases if replay else ()

    @property
    def proof(self) -> str:
        """What was compared, of one that works."""
        if self.remedy.status is not RemedyStatus.WORKS:
            return ""
        if self.remedy.replay is ReplayStatus.EQUAL:
            if self.remedy.compared == 1:
                return (
                    "The exported program replays equal to eager on the run's own inputs; only "
                    "those could be compared."
                )
            inputs = f" on {self.remedy.compared} sets of inputs" if self.remedy.compared else ""
            return f"The exported program replays equal to eager{inputs}."
        if self.proven:
            return "Replayed as a part of the combined patch."
        return "Export gets past this line; another one stops it, so nothing could be replayed yet."


@dataclass(frozen=True)
class Fixes:
    """What can be done about a run: everything together, and what is for the whole model."""

    combined: RemedyCard | None
    whole: tuple[RemedyCard, ...]  # for no single blocker
    kinds: str  # of the combined one's parts: `2 rewrites and 1 pin`
    tried: int
    working: int
    exports: bool  # the script as it was: what is to be mended is its program

    @property
    def tone(self) -> Tone:
        """How all together is to be read."""
        return Tone.WORK if self.combined is None else self.combined.badge[0]

    @property
    def progress(self) -> str:
        """How far the trials came, while they go on."""
        if self.combined is not None and self.combined.remedy.status.ended:
            return ""
        return f"{self.tried} tried so far, {self.working or 'none'} of them with success."

    @property
    def headline(self) -> str:
        """What there is, in a line."""
        if self.combined is None:
            return "Fixes"
        aim = "the program equal to eager" if self.exports else "the whole model export"
        match self.combined.remedy.status:
            case RemedyStatus.WORKS:
                return f"One patch that makes {aim}"
            case RemedyStatus.FAILS | RemedyStatus.NOT_TRIED:
                return f"No patch makes {aim}"
            case _:
                return "All that works, together"


def remedy_cards(
    remedies: Iterable[RemedyView], patches: Mapping[int, str], run: Sequence[RemedyView]
) -> tuple[RemedyCard, ...]:
    """Cards in the same order; `run` are all remedies of theirs."""
    proven = _proven(run)
    pins = {one.position for one in run if one.kind is RemedyKind.PIN}
    return tuple(
        RemedyCard(
            remedy=one,
            diff=read_diff(patches.get(one.position, "")),
            proven=one.position in proven,
            pinned=not pins.isdisjoint(_consists_of(one)),
        )
        for one in remedies
    )


def detail_cards(
    details: Sequence[RemedyDetail], run: Sequence[RemedyView]
) -> tuple[RemedyCard, ...]:
    """The same of remedies that were read with their diffs."""
    return remedy_cards(details, {one.position: one.diff for one in details}, run)


def fixes_of(
    remedies: Sequence[RemedyView], patches: Mapping[int, str], *, exports: bool
) -> Fixes | None:
    """What a run's page says above its blockers; None where nothing was tried."""
    if not remedies:
        return None
    of_model = [one for one in remedies if one.blocker is None]
    cards = remedy_cards(of_model, patches, remedies)
    combined = next((one for one in cards if one.remedy.kind is RemedyKind.COMBINED), None)
    single = [one for one in remedies if one.kind is not RemedyKind.COMBINED]
    parts = combined.remedy.parts if combined else []
    return Fixes(
        combined=combined,
        whole=tuple(card for card in cards if card is not combined),
        kinds=_listed(Counter(one.kind for one in single if one.position in parts)),
        tried=sum(one.status in (RemedyStatus.WORKS, RemedyStatus.FAILS) for one in single),
        working=sum(one.status is RemedyStatus.WORKS for one in single),
        exports=exports,
    )


def _consists_of(remedy: RemedyView) -> set[int]:
    """Positions of what it holds itself: its parts where it is several, not what it stands on."""
    return set(remedy.parts) if remedy.kind is RemedyKind.COMBINED else {remedy.position}


def _proven(remedies: Iterable[RemedyView]) -> frozenset[int]:
    """Positions of those that were replayed equal, and of what these consist of or stand on."""
    replayed = [
        one
        for one in remedies
        if one.status is RemedyStatus.WORKS and one.replay is ReplayStatus.EQUAL
    ]
    return frozenset(n for one in replayed for n in (one.position, *one.parts))


_NOUNS: Mapping[RemedyKind, tuple[str, str]] = {
    RemedyKind.REWRITE: ("rewrite", "rewrites"),
    RemedyKind.WRAP: ("opaque operator", "opaque operators"),
    RemedyKind.REQUEST: ("other request", "other requests"),
    RemedyKind.PIN: ("pin", "pins"),
}


def _listed(kinds: Counter[RemedyKind]) -> str:
    words = [f"{count} {_NOUNS[kind][count > 1]}" for kind, count in kinds.items()]
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))

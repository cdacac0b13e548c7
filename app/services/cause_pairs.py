"""Which of two runs' causes are the same. Pure."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from app.models import Category


class Cause(Protocol):
    """What is asked of a cause."""

    @property
    def fingerprint(self) -> str | None:
        """Null in runs from before there were fingerprints."""

    @property
    def category(self) -> Category:
        """What kind of thing it is."""

    @property
    def file(self) -> str | None:
        """The culprit line's."""

    @property
    def module(self) -> str | None:
        """Whose forward ran the line."""

    @property
    def text(self) -> str:
        """That line's code."""


C = TypeVar("C", bound=Cause)
D = TypeVar("D", bound=Cause)


def pair_by_cause(base: Sequence[C], head: Sequence[D]) -> list[tuple[C | None, D | None]]:
    """The head's causes in order, each with its counterpart; then those that only the base has.

    By fingerprint, in order; then by what a reader would take for the same. The latter are causes
    of older runs, which have no fingerprint, and those of one line whose expression export spells
    otherwise, as strict export does: that line stops both.
    """
    left = list(base)
    partners: list[C | None] = [None] * len(head)
    for are_same in (_same_fingerprint, _same_looks):
        for place, one in enumerate(head):
            if partners[place] is None:
                found = next((other for other in left if are_same(other, one)), None)
                if found is not None:
                    partners[place] = found
                    left.remove(found)
    return [*zip(partners, head, strict=True), *((one, None) for one in left)]


def _same_fingerprint(base: Cause, head: Cause) -> bool:
    return base.fingerprint is not None and base.fingerprint == head.fingerprint


def _same_looks(base: Cause, head: Cause) -> bool:
    return _looks(base) == _looks(head)


def _looks(cause: Cause) -> tuple[object, ...]:
    return cause.category, cause.file, cause.module, cause.text

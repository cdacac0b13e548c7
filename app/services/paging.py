"""A page of a list that is read from its newest row on. Its cursor is the id of its last row."""

from collections.abc import Sequence
from typing import Protocol, TypeVar


class Numbered(Protocol):
    """What has an id."""

    @property
    def id(self) -> int | None:
        """Its row's."""


Row = TypeVar("Row", bound=Numbered)


def page_of(found: Sequence[Row], limit: int) -> tuple[list[Row], str | None]:
    """Of rows that were read with one more than `limit`: the page, and the next one's cursor."""
    shown = list(found[:limit])
    return shown, str(shown[-1].id) if len(found) > limit else None

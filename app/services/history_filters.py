"""Which runs the history shows: the words of an address, and what they mean. Pure."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field, field_validator

from app.errors import StagelightError
from app.models import Category, RunStatus, Verdict
from app.models.columns import utc_now
from app.services.search_words import read_words
from app.services.tags import read_tag

WORD_CHARACTERS = 300  # of any one filter
FILTER_TAGS = 8  # that a run must have all of

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}|\d{8}|\d{4}-?W\d{2}-?\d")
_AGO = re.compile(r"(\d{1,5}) ?(min|h|d|w)", re.ASCII)
_UNITS = {"min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_PIN = {"": False, "0": False, "false": False, "1": True, "true": True, "on": True}

Word = TypeVar("Word", bound=StrEnum)
Read = TypeVar("Read")


class FilterError(StagelightError):
    """A filter of the history has a value that it cannot have."""

    code = "bad_filter"
    status = 422


@dataclass(frozen=True)
class Filters:
    """Which runs; `before` is the cursor: an id, that page's runs are older."""

    status: RunStatus | None = None
    verdict: Verdict | None = None
    person: str = ""
    script: str = ""  # SHA-256, or the name of the file
    model: str = ""  # class
    category: Category | None = None
    runtime: str = ""
    tags: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    pin: bool = False
    q: tuple[str, ...] = ()  # words that are searched for
    before: int | None = None


class FilterWords(BaseModel):
    """The filters as an address has them, word for word, so that a form can show them again."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    q: str = Field("", description="Words that all are in the run, or all in its script.")
    status: str = Field("", description=", ".join(RunStatus))
    verdict: str = Field("", description=", ".join(Verdict))
    category: str = Field("", description="What stops it, see /docs.")
    person: str = Field("", description="Who uploaded it.")
    script: str = Field("", description="File name as uploaded, or SHA-256 of the script.")
    model: str = Field("", description="Class of the model.")
    runtime: str = Field("", description="One of GET /api/runtimes.")
    tag: tuple[str, ...] = Field((), description="May be repeated: a run has all of them.")
    since: str = Field("", description="2026-11-01, 2026-11-01T08:30Z, 7d, 24h")
    until: str = Field("", description="The same; of a day all of it counts.")
    pin: str = Field("", description="1: only runs with a star.")

    @field_validator("tag", mode="after")
    @classmethod
    def _drop_empty(cls, tags: tuple[str, ...]) -> tuple[str, ...]:
        """A form sends every field."""
        return tuple(tag for tag in tags if tag)

    def text(self, **changes: object) -> str:
        """The query string with some fields changed; what is empty is left out."""
        given = {name: getattr(self, name) for name in FilterWords.model_fields} | changes
        pairs = {name: value for name, value in given.items() if value not in ("", None, ())}
        return urlencode(pairs, doseq=True, errors="replace")

    def filters(self, before: str = "", now: datetime | None = None) -> Filters:
        """What the words mean; FilterError says which of them means nothing."""
        now = now or utc_now()
        for name in FilterWords.model_fields:
            _check_text(name, getattr(self, name))
        return Filters(
            status=_read("status", self.status, RunStatus),
            verdict=_read("verdict", self.verdict, Verdict),
            person=self.person.strip(),
            script=self.script.strip(),
            model=self.model.strip(),
            category=_read("category", self.category, Category),
            runtime=self.runtime.strip(),
            tags=_read_tags(self.tag),
            since=_given(self.since, lambda text: read_time(text, now)),
            until=_given(self.until, lambda text: read_time(text, now, end=True)),
            pin=_read_pin(self.pin),
            q=_read_search(self.q),
            before=_given(before, read_cursor),
        )


def read_time(text: str, now: datetime, *, end: bool = False) -> datetime:
    """A day, a moment, or how long ago; of a day its beginning, or with `end` the next one's."""
    text = text.strip()
    try:
        if match := _AGO.fullmatch(text):
            return now - timedelta(**{_UNITS[match[2]]: int(match[1])})
        then = datetime.fromisoformat(text)
        if then.tzinfo is None:
            then = then.replace(tzinfo=UTC)
        if end and _DAY.fullmatch(text):
            then += timedelta(days=1)
        return then.astimezone(UTC)
    except (ValueError, OverflowError):
        raise FilterError(
            f"{text[:60]!r} is no time.",
            "Write a day, 2026-11-01, a moment, 2026-11-01T08:30Z, or how long ago: 7d, 24h, "
            "30min, 2w.",
        ) from None


def read_cursor(text: str) -> int:
    """The id that a page of the history begins below."""
    if not re.fullmatch(r"[0-9]{1,19}", text) or not 1 <= int(text) < 2**63:
        raise FilterError(
            f"{text[:60]!r} is no page of the history.",
            "Begin at the newest runs, and follow the links or `next` from there.",
        )
    return int(text)


def _given(text: str, read: Callable[[str], Read]) -> Read | None:
    return read(text) if text.strip() else None


def _check_text(name: str, value: Any) -> None:
    """Raise where the text can be in no run."""
    for text in (value,) if isinstance(value, str) else value:
        if len(text) > WORD_CHARACTERS:
            raise FilterError(
                f"The filter {name} has {len(text):,} characters; {WORD_CHARACTERS} are allowed.",
                "Shorten it.",
            )
        if name != "q" and not text.isprintable():
            raise FilterError(
                f"The filter {name} has characters that cannot be seen.", "Write it again."
            )


def _read(name: str, text: str, words: type[Word]) -> Word | None:
    text = text.strip()
    if not text:
        return None
    try:
        return words(text)
    except ValueError:
        raise FilterError(
            f"There is no {name} {text[:60]!r}.", f"Choose one of: {', '.join(words)}."
        ) from None


def _read_tags(tags: tuple[str, ...]) -> tuple[str, ...]:
    if len(tags) > FILTER_TAGS:
        raise FilterError(f"{len(tags)} tags are too many.", f"Choose up to {FILTER_TAGS}.")
    return tuple(dict.fromkeys(map(read_tag, tags)))


def _read_pin(text: str) -> bool:
    if text not in _PIN:
        raise FilterError(f"The filter pin cannot be {text[:60]!r}.", "Write 1, or leave it out.")
    return _PIN[text]


def _read_search(text: str) -> tuple[str, ...]:
    words = read_words(text)
    if text.strip() and not words:
        raise FilterError(
            f"Nothing in {text[:60]!r} can be searched for.",
            "Write words, names or numbers: topk, aten::nonzero, u0.",
        )
    return words

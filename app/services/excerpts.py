"""Where the runs of one page have the words that were searched for."""

import re
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlmodel import Session

from app.services.search import FIELDS, RUN_TEXT, SCRIPT_TEXT
from app.services.search_words import pattern_of
from app.services.view import View

CHARACTERS = 140  # of an excerpt
BEFORE = 16  # of them before the first hit

# What a row of the history does not show by itself comes first.
ORDER = ("failures", "note", "reason", "filename", "tags", "title")
assert set(ORDER) == set(FIELDS)


class MatchPart(View):
    """A piece of an excerpt; `hit` says that it was searched for."""

    text: str
    hit: bool


class MatchView(View):
    """An excerpt of the line that has the first hit, and where it is from.

    `field` is failures, note, reason, filename, tags, title or script; `line` that of a script that
    is one file.
    """

    field: str
    line: int | None = None
    parts: list[MatchPart]


def matches_of(
    session: Session, scripts: Mapping[int, int], words: Sequence[str]
) -> dict[int, MatchView]:
    """Run id → where it has the words: in its own text, else in its script's.

    Args:
        session: to read with.
        scripts: run id → script id, of the runs that were found.
        words: that all are in one of the two.
    """
    patterns = [pattern_of([word]) for word in words]
    any_word = pattern_of(words)
    found: dict[int, MatchView] = {}
    rows = session.execute(select(RUN_TEXT).where(RUN_TEXT.c.rowid.in_(scripts)))
    for row in rows:
        texts = [getattr(row, field) for field in ORDER]
        if all(any(map(pattern.search, texts)) for pattern in patterns):
            field, text = next(
                (f, t) for f, t in zip(ORDER, texts, strict=True) if any_word.search(t)
            )
            found[row.rowid] = excerpt(field, text, any_word)
    rest = {run: script for run, script in scripts.items() if run not in found}
    of_scripts = select(SCRIPT_TEXT).where(SCRIPT_TEXT.c.rowid.in_(set(rest.values())))
    texts_of = {row.rowid: row.text for row in session.execute(of_scripts)}
    shown = {script: excerpt("script", text, any_word) for script, text in texts_of.items()}
    return found | {run: shown[script] for run, script in rest.items() if script in shown}


def excerpt(field: str, text: str, pattern: re.Pattern[str]) -> MatchView:
    """The line with the first hit, cut to what fits, its hits told apart."""
    first = pattern.search(text)
    at = first.start() if first else 0
    begin = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    line = text[begin : end if end >= 0 else len(text)]
    skipped = len(line) - len(line.lstrip())
    start = max(skipped, at - begin - BEFORE)
    cut = line[start : start + CHARACTERS]
    parts = [MatchPart(text="…", hit=False)] if start > skipped else []
    parts += _parts(cut, pattern)
    if len(line) > start + CHARACTERS:
        parts.append(MatchPart(text="…", hit=False))
    number = text.count("\n", 0, begin) + 1 if field == "script" else None
    return MatchView(field=field, line=number, parts=parts)


def _parts(text: str, pattern: re.Pattern[str]) -> list[MatchPart]:
    parts, at = [], 0
    for hit in pattern.finditer(text):
        parts += [
            MatchPart(text=text[at : hit.start()], hit=False),
            MatchPart(text=hit[0], hit=True),
        ]
        at = hit.end()
    parts.append(MatchPart(text=text[at:], hit=False))
    return [part for part in parts if part.text]

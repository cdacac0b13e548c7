"""The words that a person searches for, and where they are in a text. Pure.

A word is what stands between spaces: `foo.bar`, `aten::nonzero`. The index knows only its parts,
runs of letters and digits, so a word is found where its parts follow each other, whatever stands
between them; the last one may go on.
"""

import re
from collections.abc import Sequence

from app.text import printable

WORDS = 16  # that are looked at

_PART = re.compile(r"[^\W_]+")
_BETWEEN = r"[\W_]+"


def read_words(text: str) -> tuple[str, ...]:
    """The words of a text that have anything in them to be found, without what no text holds."""
    words = printable(text).split()
    return tuple(dict.fromkeys(word for word in words if _PART.search(word)))[:WORDS]


def fts5_query(words: Sequence[str]) -> str:
    """All words, each a quoted phrase whose end is open: no text in them is syntax of FTS5."""
    phrases = (word.replace('"', '""') for word in words)
    return " AND ".join(f'"{phrase}"*' for phrase in phrases)


def ts_query(words: Sequence[str]) -> str:
    """The same for PostgreSQL's to_tsquery."""
    phrases = (" <-> ".join(f"'{part}'" for part in _PART.findall(word)) for word in words)
    return " & ".join(f"({phrase}:*)" for phrase in phrases)


def pattern_of(words: Sequence[str]) -> re.Pattern[str]:
    """What is found of them in a text that has them: a phrase each."""
    phrases = (_BETWEEN.join(map(re.escape, _PART.findall(word))) for word in words)
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(phrases)})[^\W_]*", re.IGNORECASE)

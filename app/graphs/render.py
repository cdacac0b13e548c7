"""FX code and Python source as HTML lines, highlighted by Pygments. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup, escape
from pygments.lexers.python import PythonLexer
from pygments.token import STANDARD_TYPES, Token, _TokenType

from app.text import visible

LINES = 1_000  # of code on one page; the rest is a link away
CHARACTERS = 200_000

_PLAIN = {Token, Token.Text, Token.Text.Whitespace, Token.Punctuation, Token.Name}


@dataclass(frozen=True)
class Line:
    """One line of code as HTML."""

    number: int
    html: Markup
    culprit: bool = False


@dataclass(frozen=True)
class Code:
    """Highlighted lines. `cut` says that more follow which are not here."""

    lines: tuple[Line, ...]
    cut: bool = False


def render_code(text: str, *, first: int = 1, culprit: int | None = None) -> Code:
    """Highlight `text`, whose first line has number `first`, up to the caps."""
    all_lines = text[:CHARACTERS].removesuffix("\n").split("\n")
    kept = all_lines[:LINES]
    cut = len(kept) < len(all_lines) or len(text) > CHARACTERS
    lines = tuple(
        Line(number, html, number == culprit)
        for number, html in enumerate(highlight("\n".join(kept)), first)
    )
    return Code(lines, cut)


@lru_cache(maxsize=64)
def highlight(text: str) -> tuple[Markup, ...]:
    """One piece of HTML a line; tokens over several lines are closed and opened again."""
    lexer = PythonLexer(stripnl=False, ensurenl=False)
    lines: list[list[str]] = [[]]
    for token, value in lexer.get_tokens(visible(text)):
        for index, part in enumerate(value.split("\n")):
            if index:
                lines.append([])
            if part:
                lines[-1].append(_span(token, part))
    return tuple(Markup("".join(parts)) for parts in lines)  # noqa: S704 - every part is escaped


def _span(token: _TokenType, text: str) -> str:
    name = next(_classes(token), "")
    return f'<span class="{name}">{escape(text)}</span>' if name else str(escape(text))


def _classes(token: _TokenType) -> Iterator[str]:
    """The short class names of a token type and its parents, the closest first."""
    for ancestor in reversed(token.split()):
        if ancestor in _PLAIN:
            return
        if name := STANDARD_TYPES.get(ancestor):
            yield name

"""The terminal: text from strangers is shown as text, never obeyed and never read as markup."""

from typing import IO

from rich.console import Console
from rich.style import Style
from rich.text import Text

from app.services.summary import Tone
from app.text import terminal

STYLES: dict[Tone, str] = {
    Tone.WAIT: "dim",
    Tone.WORK: "blue",
    Tone.GOOD: "bold green",
    Tone.DOUBT: "bold yellow",
    Tone.PART: "bold yellow",
    Tone.BAD: "bold red",
    Tone.SCRIPT: "bold magenta",
    Tone.BROKEN: "bold red",
    Tone.OFF: "dim",
}


def make_console(stream: IO[str], *, quiet: bool = False) -> Console:
    """A console on a stream. Lines are never wrapped: what is piped is read by line."""
    return Console(
        file=stream, quiet=quiet, markup=False, highlight=False, emoji=False, soft_wrap=True
    )


def styled(*parts: str | tuple[str, str]) -> Text:
    """Text of plain parts and of (part, style); control characters are made visible."""
    text = Text()
    for part in parts:
        words, style = (part, "") if isinstance(part, str) else part
        text.append(terminal(words), Style.parse(style))
    return text

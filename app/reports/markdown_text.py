"""Strangers' text in Markdown as GitHub reads it: nothing of it becomes markup or a mention. Pure.

https://github.github.com/gfm/ has the rules of spans and fences. A zero-width space ends what
would be a mention, a reference to an issue or an address that becomes a link by itself.
"""

import re

from markupsafe import escape

from app.text import visible

BREAK = "&#8203;"  # a zero-width space, which GitHub's own mentions and links do not pass

_MARKUP = re.compile(r"[\\`*_\[\]~|$]")
_OPENING = re.compile(r"[#>+=:-]|\d+[.)]")  # what at the beginning of a line makes a block
# What GitHub makes links, mentions, references and pictures of, wherever it stands.
_LINKS = re.compile(r"@|//|www|#(?=\d)|GH-(?=\d)|:(?=[\w+-]+:)", re.IGNORECASE)
_RUNS = re.compile(r"`+")


def plain(text: str) -> str:
    """A text on one line that reads as it is written."""
    line = " ".join(visible(text).split())
    line = _LINKS.sub(lambda found: f"{found[0][:1]}\0{found[0][1:]}", line)
    line = _MARKUP.sub(lambda found: f"\\{found[0]}", line)
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace("\0", BREAK)
    opening = _OPENING.match(line)
    if opening is None:
        return line
    return f"{opening[0][:-1]}\\{line[opening.end() - 1 :]}"


def span(text: str) -> str:
    """A text on one line as code."""
    line = " ".join(visible(text).split())
    if not line:
        return ""
    marks = "`" * (1 + max((len(run) for run in _RUNS.findall(line)), default=0))
    room = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{marks}{room}{line}{room}{marks}"


def cell(text: str) -> str:
    """The same in a table, where a bar would end it."""
    return span(text).replace("|", "\\|")


def fence(text: str, language: str = "") -> str:
    """Lines as code: no line of them can end the fence."""
    shown = visible(text).rstrip("\n")
    longest = max((len(run) for run in _RUNS.findall(shown)), default=0)
    marks = "`" * max(3, longest + 1)
    return f"{marks}{language}\n{shown}\n{marks}"


def folded(title: str, body: str) -> str:
    """A fold with a title of our own words; the body is Markdown."""
    return f"<details><summary>{escape(title)}</summary>\n\n{body}\n\n</details>"

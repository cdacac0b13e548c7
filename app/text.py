"""Text from strangers, made fit to be shown: no terminal controls, nothing invisible."""

import re
import unicodedata

# What a terminal obeys: OSC/DCS/APC strings up to their end, CSI sequences, two-byte escapes.
_ANSI = re.compile(
    r"(?:\x1b[\]P^_X].*?(?:\x07|\x1b\\|$))"
    r"|(?:(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?)"
    r"|(?:\x1b[ -/]*[0-~]?)",
    re.MULTILINE,
)
# Controls but tab and newline, and characters that reorder or hide text. Joiners (U+200C, U+200D)
# stay: Persian and emoji need them.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
NO_NUL = r"^[^\x00]*$"  # the pattern of a text that a database takes
_ID = re.compile(r"[0-9]{1,18}")


def printable(text: str) -> str:
    """`text` with a space for each character that cannot be seen, the ends of lines too."""
    return "".join(c if c.isprintable() else " " for c in text)


def one_line(text: str) -> str:
    """`text` on one line, its words a space apart."""
    return " ".join(printable(text).split())


def unix_lines(text: str) -> str:
    """`text` with \\n at the end of its lines: a browser sends \\r\\n, and programs print it."""
    return text.replace("\r\n", "\n")


def row_id(text: str) -> int | None:
    """The number that a text is, if a row may have it as its id."""
    return int(text) if _ID.fullmatch(text) else None


def visible(text: str) -> str:
    """`text` without terminal sequences, its other control characters written out."""
    if text.isascii() and text.isprintable():
        return text
    return _HIDDEN.sub(_spell, _ANSI.sub("", unix_lines(text)))


def terminal(text: str) -> str:
    """Output as a terminal would leave it: of a line rewritten by carriage returns, the last."""
    lines = unix_lines(text).split("\n")
    return visible("\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines))


def _spell(match: re.Match[str]) -> str:
    """A control character as its picture, any other hidden one by name."""
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    return f"\u2039{_NAMES.get(code) or f'U+{code:04X}'}\u203a"


_NAMES = {code: unicodedata.name(chr(code), "").lower() for code in (0xAD, 0x200B, 0xFEFF)}

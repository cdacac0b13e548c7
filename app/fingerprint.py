"""A stable name for a cause: the same fault has it in every run, file and dress.

What counts: the category, what could not be decided, the class of the module whose code ran, and
the source line. What does not: where the file is and what it is called, the module's path and the
index in it, numbers, texts, symbols' numbers, spaces, comments, a run's own values. A variable's
name is part of the line: two lines of one forward that differ in it alone are two causes.

The text may be hostile: it is read by one linear pattern, and never parsed or compiled.
"""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

VERSION = "v1"
MOST = 2_000  # characters of a part that are read
MOST_MESSAGE = 500

_TOKEN = re.compile(
    r"""
    (?P<comment>\#.*)
  | (?P<string>[rbfutRBFUT]{0,2}(?:
        \"\"\".*?(?:\"\"\"|$) | '''.*?(?:'''|$)
      | "(?:[^"\\]|\\.)*(?:"|\\?$) | '(?:[^'\\]|\\.)*(?:'|\\?$) ))
  | (?P<number>0[xXbBoO][0-9a-fA-F_]+
      | (?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9_]+)?[jJ]? )
  | (?P<name>[^\W\d]\w*)
  | (?P<mark>->|:=|\*\*=?|//=?|<<=?|>>=?|[!=<>]=|[-+*/%&|^@]=|\.\.\.|\S)
    """,
    re.VERBOSE,
)
_SYMBOL = re.compile(r"([suz]u?f?)\d+$")  # s0, u3, zuf1
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]+")
_PATH = re.compile(r"(?:\w:)?(?:[\w.~-]*[/\\])+[\w.-]+")
_QUOTED = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'")
_CLASS = re.compile(r"<class '(?:[\w<>]+\.)*(\w+)'>")
_DIGITS = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_RELATION = re.compile(r"(Eq|Ne|Lt|Le|Gt|Ge)\s*\((.*)\)$")

_OPENERS, _CLOSERS = frozenset("([{"), frozenset(")]}")
_IDLE_COMMAS = frozenset((",", closer) for closer in _CLOSERS)
_RELATIONS = {"Eq": "==", "Ne": "!=", "Lt": "<", "Le": "<=", "Gt": ">", "Ge": ">="}
_MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
# After these a bracket only groups, and a minus is a sign.
_WORDS_BEFORE_VALUE = "if elif while return assert in not and or is else yield lambda await"
_MARKS_BEFORE_VALUE = "= == != < <= > >= ( [ { , : + - * / // % ** @ & | ^ := += -= *= /="
_BEFORE_VALUE = frozenset(f"{_WORDS_BEFORE_VALUE} {_MARKS_BEFORE_VALUE}".split())
_STATEMENTS = frozenset(("if", "elif", "while", "return", "assert"))
# A call of these is not the cause: it is where the script asks for the export.
_EXPORTS = frozenset(("export", "draft_export"))
# Here the line is the export call's, or says less than the exception.
_BY_MESSAGE = frozenset(("unknown", "eager_error", "script_error", "unsupported_input"))

Token = tuple[str, str]  # kind, text
_END: Token = ("mark", "")


class Parts(NamedTuple):
    """What counts of a cause, without what does not: equal parts are one cause."""

    category: str
    expression: str
    module_class: str
    line: str
    message: str


def fingerprint(
    category: str,
    expression: str | None,
    module_classes: Sequence[str],
    text: str,
    message: str = "",
) -> str:
    """The name of a cause: `v1:` and 16 hexadecimal digits. Arguments are those of `parts_of`."""
    return name_of(parts_of(category, expression, module_classes, text, message))


def parts_of(
    category: str,
    expression: str | None,
    module_classes: Sequence[str],
    text: str,
    message: str = "",
) -> Parts:
    """What the name of a cause is made of.

    Args:
        category: a word of app/models/failure.py's Category.
        expression: what could not be decided, `u0 == 1`; None or empty where nothing is known.
        module_classes: classes on the way to the module whose code ran, outermost first. Only the
            last one's own name counts, so that a reduced model keeps the name of its cause.
        text: the code of the culprit line.
        message: what the exception says. It counts where the rest tells little.
    """
    line = "" if category == "unsupported_input" else plain_line(text)
    asked = plain_expression(expression or "")
    needs_message = category in _BY_MESSAGE or not (line or asked)
    return Parts(
        category,
        asked,
        plain_class(module_classes[-1]) if module_classes else "",
        line,
        plain_message(message) if needs_message else "",
    )


def name_of(parts: Parts) -> str:
    """The name of the cause that has these parts."""
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass"))
    return f"{VERSION}:{digest.hexdigest()[:16]}"


def plain_class(name: str) -> str:
    """A class's own name: where it is defined may change."""
    return name[-MOST:].rpartition(".")[2]


def plain_line(text: str) -> str:
    """A source line as its tokens, without what does not change what it does.

    Empty for an export call: who asks for the export is no part of what stops it.
    """
    tokens = _signless(_tokens(text))
    names = [word for _, word in tokens]
    if any(one in _EXPORTS and two == "(" for one, two in pairwise(names)):
        return ""
    while tokens and tokens[-1][1] in (";", "\\", ","):
        tokens.pop()
    tokens = _ungrouped(tokens)
    kept = [one for one, two in pairwise([*tokens, _END]) if (one[1], two[1]) not in _IDLE_COMMAS]
    return " ".join(_as_kind(token) for token in kept)


def plain_expression(text: str) -> str:
    """An expression over symbols and sizes: which they are counts, how they are called does not.

    `Eq(u3, 1)`, `u0 == 1` and `1 == u7` are one; of other numbers than 0, 1 and those in
    brackets only that they are numbers counts.
    """
    text = text[:MOST].strip()
    if called := _RELATION.match(text):
        sides = _split(_tokens(called[2]), {","})
        if len(sides) == 3:
            return _related(sides[0], _RELATIONS[called[1]], sides[2])
    sides = _split(_tokens(text), set(_MIRRORED))
    if len(sides) == 3:
        return _related(sides[0], sides[1][0][1], sides[2])
    return _renamed(_tokens(text))


def plain_message(text: str) -> str:
    """The first line of a message without addresses, paths, quoted texts and numbers."""
    line = text[:MOST_MESSAGE].strip().partition("\n")[0]
    line = _CLASS.sub(r"\1", line)
    for pattern, word in ((_ADDRESS, "@"), (_QUOTED, "'…'"), (_PATH, "/…"), (_DIGITS, "0")):
        line = pattern.sub(word, line)
    return " ".join(line.split())


def _tokens(text: str) -> list[Token]:
    line = unicodedata.normalize("NFKC", text[:MOST])[:MOST]
    found = ((match.lastgroup or "", match[0]) for match in _TOKEN.finditer(line))
    return [token for token in found if token[0] != "comment"]


def _signless(tokens: list[Token]) -> list[Token]:
    """Without the signs of numbers."""
    kept: list[Token] = []
    for token in tokens:
        is_signed = token[0] == "number" and kept and kept[-1][1] in ("-", "+")
        if is_signed and (len(kept) == 1 or kept[-2][1] in _BEFORE_VALUE):
            kept.pop()
        kept.append(token)
    return kept


def _ungrouped(tokens: list[Token]) -> list[Token]:
    """Without the brackets that hold all that a statement asks or returns."""
    while len(tokens) > 2 and tokens[0][1] in _STATEMENTS and tokens[1][1] == "(":
        closing = _closing(tokens, 1)
        if closing is None or tokens[closing + 1 :] not in ([], [("mark", ":")]):
            break
        tokens = [tokens[0], *tokens[2:closing], *tokens[closing + 1 :]]
    return tokens


def _closing(tokens: list[Token], opening: int) -> int | None:
    """Where the bracket that opens there is closed."""
    depth = 0
    for at, (_, word) in enumerate(tokens[opening:], start=opening):
        depth += (word in _OPENERS) - (word in _CLOSERS)
        if depth == 0:
            return at
    return None


def _as_kind(token: Token) -> str:
    kind, word = token
    return {"number": "0", "string": "''"}.get(kind, word)


def _split(tokens: list[Token], marks: set[str]) -> list[list[Token]]:
    """What stands before a mark outside all brackets, the mark, and what stands behind it.

    One list where there is none, or more than one.
    """
    depth, found = 0, []
    for at, (_, word) in enumerate(tokens):
        depth += (word in _OPENERS) - (word in _CLOSERS)
        if depth == 0 and word in marks:
            found.append(at)
    if len(found) != 1:
        return [tokens]
    (at,) = found
    return [tokens[:at], tokens[at : at + 1], tokens[at + 1 :]]


def _related(left: list[Token], relation: str, right: list[Token]) -> str:
    """Both sides in one order, whichever came first."""
    both = [(left, relation, right), (right, _MIRRORED[relation], left)]
    return min(_renamed([*one, ("mark", how), *other]) for one, how, other in both)


def _renamed(tokens: list[Token]) -> str:
    """Tokens with symbols numbered anew, and inputs without their names."""
    known: dict[str, str] = {}
    words = ["", *(word for _, word in tokens), ""]
    return " ".join(
        _renamed_word(token, words[at], words[at + 2], known) for at, token in enumerate(tokens)
    )


def _renamed_word(token: Token, before: str, after: str, known: dict[str, str]) -> str:
    kind, word = token
    if kind == "name" and (symbol := _SYMBOL.match(word)):
        return known.setdefault(word, f"{symbol[1]}.{len(known)}")
    if kind == "name":
        return word if before == "." or after == "(" else "v"
    if kind == "number" and (word in ("0", "1") or (before, after) == ("[", "]")):
        return word
    return _as_kind(token) if kind != "number" else "0.."

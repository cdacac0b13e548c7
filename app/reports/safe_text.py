"""What of a text may be told without telling code: by what is allowed, never by what is not. Pure.

Names of modules, classes, files and inputs are no code; a line, a literal, a message may be.
"""

import io
import re
import tokenize
from token import (
    COMMENT,
    DEDENT,
    ENCODING,
    ENDMARKER,
    INDENT,
    NAME,
    NEWLINE,
    NL,
    NUMBER,
    OP,
    STRING,
)

LEFT_OUT = "'…'"  # stands for a literal in code

_NAME = re.compile(r"[\w.\[\]<>*/+ ,:@-]{1,400}")
# Of what looks like names: the beginning or the end of a statement, and operators between values.
_CODE = re.compile(
    r"\s*(?:if|elif|while|return|yield|raise|assert|del|await|global)\b.*|.*:\s*|.*\s[<>*/-]+\s.*"
)
_NUMBER = re.compile(r"True|False|-?[\d.]+(?:e[+-]?\d+)?|-?inf|nan")
# What torch writes expressions in: symbols, sizes of inputs, numbers and functions of its own.
_PIECE = re.compile(
    r"(?:[suz]u?f?\d+|\d+(?:\.\d+)?|True|False|int_oo|and|or|not|Eq|Ne|And|Or|Not|Max|Min|Abs"
    r"|Mod|PythonMod|FloorDiv|CeilDiv|CleanDiv|IntTrueDiv|FloatTrueDiv|ToFloat|TruncToInt"
    r"|RoundToInt|floor|ceiling)\b"
    r"|[A-Za-z_]\w*(?:\.\w+|\[['\"]?\w+['\"]?\])*\.(?:shape\[\d+\]|size\(\d+\))"
    r"|[\s()+\-*/%,<>=!&|~]"
)
_SHAPE = re.compile(r"(['\"])(?:[A-Za-z]\w*(?:\[[\w\s,*+/()-]*\])+\w*|Sym\([\w\s,*+/()-]*\))\1")

_TOLD = frozenset({NAME, NUMBER, OP, NEWLINE, NL, INDENT, DEDENT, ENCODING, ENDMARKER})


def safe_name(text: str) -> str:
    """A name or several, a path, a few plain words; empty where it may be code."""
    return text if _NAME.fullmatch(text) and not _CODE.fullmatch(text) else ""


def safe_value(text: str) -> str:
    """A number or a truth value; empty for any other."""
    return text if _NUMBER.fullmatch(text) else ""


def safe_expression(text: str) -> str:
    """An expression in torch's symbols or in sizes of inputs; empty for any other."""
    at = 0
    while at < len(text):
        piece = _PIECE.match(text, at)
        if piece is None:
            return ""
        at = piece.end()
    return text


def safe_code(text: str) -> str:
    """FX code without its comments, which quote the script, and without what literals say.

    Empty where it cannot be read as Python: then nobody knows what of it is a comment.
    """
    lines = text.split("\n")
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):
        return ""
    for token in reversed(tokens):
        if token.type == COMMENT:
            _replace(lines, token, "")
        elif token.type == STRING:
            _replace(lines, token, token.string if _SHAPE.fullmatch(token.string) else LEFT_OUT)
        elif token.type not in _TOLD:
            return ""
    return "\n".join(line.rstrip() for line in lines)


def _replace(lines: list[str], token: tokenize.TokenInfo, text: str) -> None:
    """Put `text` where the token is, which may go over several lines."""
    (first, begin), (last, end) = token.start, token.end
    lines[first - 1 : last] = [lines[first - 1][:begin] + text + lines[last - 1][end:]]

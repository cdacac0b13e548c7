"""Symbolic expressions as a person reads them."""

import re
from typing import Any

_SYMBOL = re.compile(r"\b[suz]u?f?\d+\b")
# sympy prints these as Eq(a, b) and Ne(a, b).
_RELATIONS = {"Equality": "==", "Unequality": "!="}


def readable(expression: Any, names: dict[str, str]) -> str:
    """An expression with each symbol that has a name replaced by it: `u0 > x.shape[0]`."""
    return _SYMBOL.sub(lambda match: names.get(match[0], match[0]), _text(expression))


def in_words(expression: Any, names: dict[str, str]) -> str:
    """The same, and empty where a symbol has no name."""
    text = expression if isinstance(expression, str) else _text(expression)
    symbols = set(_SYMBOL.findall(text))
    if not symbols or not symbols <= names.keys():
        return ""
    return _SYMBOL.sub(lambda match: names[match[0]], text)


def _text(expression: Any) -> str:
    words = _RELATIONS.get(type(expression).__name__)
    if words is None:
        return str(expression)
    left, right = expression.args
    return f"{left} {words} {right}"

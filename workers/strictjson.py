"""JSON as the standard has it, from a hostile writer: what json.loads takes too lightly is refused.

No NaN or Infinity by name or by overflow, no key twice, no lone surrogate, no number past 64 bits,
no nesting past a cap. Pure.
"""

import json
import re
from itertools import accumulate
from typing import Any

DEPTH = 64  # nested containers

_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
_LONG_NUMBER = re.compile(rb"[0-9]{19}|[eE]\+?[0-9]{3}")  # only such can pass 64 bits
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_STEP = {ord(c): 1 if c in "[{" else -1 for c in "[]{}"}


def parse(data: bytes) -> Any:
    """The value of one JSON text in UTF-8. NUL characters, which a database cannot hold, become
    U+FFFD.

    Raises:
        ValueError: it is not strict JSON; the text says why, without repeating the data.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 at byte {error.start}") from None
    bare = _STRING.sub(b"", data)  # what is left has structure and numbers only
    if (
        max(accumulate(map(_STEP.__getitem__, bare.translate(None, _NO_BRACKETS))), default=0)
        > DEPTH
    ):
        raise ValueError(f"nested deeper than {DEPTH} levels")
    if "\\u0000" in text:
        text = _NUL.sub(r"\1\\ufffd", text)
    try:
        value = _loads(text, long_numbers=_LONG_NUMBER.search(bare) is not None)
    except json.JSONDecodeError as error:
        raise ValueError(f"{error.msg} at character {error.pos}") from None
    except RecursionError:
        raise ValueError(f"nested deeper than {DEPTH} levels") from None
    if _SURROGATE.search(text):
        _refuse_surrogates(value)
    return value


def _loads(text: str, *, long_numbers: bool) -> Any:
    if not long_numbers:  # much faster without a call for each number
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant)
    return json.loads(
        text,
        object_pairs_hook=_unique,
        parse_constant=_refuse_constant,
        parse_int=_int64,
        parse_float=_finite,
    )


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return value


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _int64(digits: str) -> int:
    if len(digits) > 20 or not -(2**63) <= int(digits) < 2**63:
        raise ValueError("an integer needs more than 64 bits")
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise ValueError("a number is too large")
    return number


def _refuse_surrogates(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError("a string has half a surrogate pair") from None

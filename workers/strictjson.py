"""JSON as the standard has it, from a hostile writer: what json.loads takes too lightly is refused.

No NaN or Infinity by name or by overflow, no key twice, no lone surrogate, no number past 64 bits,
no nesting past a cap, no more values than their bytes are worth. Time and memory are linear in the
length of the text, whatever it is. Pure.
"""

import json
import re
from itertools import accumulate
from typing import Any

DEPTH = 64  # nested containers
KEYS = 10_000  # in one object
# A value costs a hundred times the memory of its shortest text, `0,` or `{},`. A text may hold this
# many, and one more for each BYTES_PER_VALUE; a large graph has one in 14 to 23 bytes.
VALUES = 1_000_000
BYTES_PER_VALUE = 14

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
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
    if b"\0" in data:
        raise ValueError("a NUL character stands outside an escape")
    bare = _without_strings(data)
    _check_shape(bare, len(data))
    if "\\u0000" in text:  # a pair of backslashes before it would make it plain text
        text = text.replace(r"\\", "\0").replace(r"\u0000", r"\ufffd").replace("\0", r"\\")
    try:
        value = _loads(text, long_numbers=_LONG_NUMBER.search(bare) is not None)
    except json.JSONDecodeError as error:
        raise ValueError(f"{error.msg} at character {error.pos}") from None
    except RecursionError:
        raise ValueError(f"nested deeper than {DEPTH} levels") from None
    if _SURROGATE.search(text):
        _refuse_surrogates(value)
    return value


def _without_strings(data: bytes) -> bytes:
    """Structure and numbers. Backslashes and what they escape go first, so that every quote left
    opens or closes a string.
    """
    plain = data.replace(rb"\\", b"").replace(rb"\"", b"")
    if plain.count(b'"') > 4 * _most_values(len(data)):  # a key and a string for each comma
        raise ValueError("it has too many strings")
    return b"".join(plain.split(b'"')[::2])


def _check_shape(bare: bytes, size: int) -> None:
    """Refuse what would take much time or memory to build."""
    opened = bare.count(b"[") + bare.count(b"{")
    if opened + bare.count(b",") > _most_values(size):
        raise ValueError("it has too many values")
    brackets = bare.translate(None, _NO_BRACKETS)
    if len(brackets) > 2 * opened:
        raise ValueError("a bracket closes what none opened")
    if max(accumulate(map(_STEP.__getitem__, brackets)), default=0) > DEPTH:
        raise ValueError(f"nested deeper than {DEPTH} levels")


def _most_values(size: int) -> int:
    return VALUES + size // BYTES_PER_VALUE


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
    if len(pairs) > KEYS:
        raise ValueError(f"an object has more than {KEYS:,} keys")
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

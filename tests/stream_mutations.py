"""What a hostile writer may do to a stream of events: to its bytes, its lines and its values."""

import json
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

Lines = list[bytes]
Place = tuple[str | int, ...]

NUMBERS = (
    *("0", "1", "-1", "1.5", "1e5", "1e308", "-1e-400", "1e999", "-1e999", "01", "0x10", "1" * 400),
    *("NaN", "Infinity", "-Infinity", "2147483647", "2147483648", "9007199254740993"),
    *("9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809"),
)
SHAPES = (
    *("null", "true", "[]", "{}", "[[]]", '{"a":{}}', '["a",1]', "]", "}", '"'),
    *("", "1 2", "'x'", "// x", r'"\ud800"', r'"\udc00\ud800"', r'{"\udfff":1}'),
    *('{"a":1,"a":2}', r'{"\u0000":1,"\ufffd":2}', '{"a":' * 60 + "1" + "}" * 60),
    *("[" * 3_000, "{" * 3_000, "[" * 70 + "]" * 70, "[" * 50 + "]" * 50),
)
TEXTS = (
    *("", "x" * 401, "\u65e5" * 2_001, "x" * 300_000, "\0", "\uffff", "\U0001f600"),
    *("9223372036854775808", "nan", "inf", "-1", "1", "true", "null"),
    *("../../etc/passwd", "/etc/passwd", "..\\..\\x", "file:///etc/passwd", "C:\\con", "model.pt2"),
    *("\x1b]0;owned\x07", "\x1b[2J", "\u202egnp.exe", "a\rb\u2028c", "\u200b"),
    *("os.system", "builtins.eval", "__import__('os').abort()", "cos\nsystem\n(S'x'\ntR."),
    *("{{7*7}}", "%s%n", "'; DROP TABLE run; --", "<script>alert(1)</script>"),
    *("whole", "component:backbone", "passed", "running", "internal", "exported"),
)
HOSTILE = (*NUMBERS, *SHAPES, *map(json.dumps, TEXTS))  # JSON, or nearly

FIELDS = ('"extra":1', '"type":"finished"', '"key":"whole"', '"__class__":"os"', '"run_id":1')
EVENTS = (
    "note",
    "loaded",
    "eager",
    "planned",
    "stage_started",
    "stage_finished",
    "blockers",
    "finished",
)
TYPES = ("", "run", "verdict", "Finished", "finished ", "__init__", "../loaded")
JUNK = (b"", b"\r", b" " * 1_000, *b"null [] {} \x80\x04\x95 \xff\xfe PK\x03\x04".split(b" "))
_MARK = "\x7f hostile \x7f"


def places(value: Any, path: Place = ()) -> Iterator[Place]:
    """The path of every value in a JSON value."""
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from places(inner, (*path, index))


def replaced(value: Any, path: Place, raw: str) -> bytes:
    """The value as a line, with the text `raw` at `path`."""
    return json.dumps(_marked(value, path)).replace(json.dumps(_MARK), raw).encode()


def _marked(value: Any, path: Place) -> Any:
    if not path:
        return _MARK
    copy = value.copy()
    copy[path[0]] = _marked(value[path[0]], path[1:])
    return copy


def _intact(rng: Random, lines: Lines) -> tuple[int, dict[str, Any]]:
    """One of the lines that nothing has broken yet."""
    for index in rng.sample(range(len(lines)), len(lines)):
        try:
            value = json.loads(lines[index])
        except (ValueError, RecursionError):
            continue
        if value and isinstance(value, dict):
            return index, value
    raise AssertionError("each of them is broken")


def hostile_value(rng: Random, lines: Lines, _others: Lines) -> Lines:
    """A value somewhere becomes a hostile one."""
    index, value = _intact(rng, lines)
    # Walk down: most of a stream's values are deep inside its graphs, and are all alike.
    path: Place = ()
    inner = value
    while isinstance(inner, dict | list) and inner and (not path or rng.random() < 0.8):
        step: Any = rng.choice(list(inner) if isinstance(inner, dict) else range(len(inner)))
        path, inner = (*path, step), inner[step]
    return _with(lines, index, replaced(value, path, rng.choice(HOSTILE)))


def other_field(rng: Random, lines: Lines, _others: Lines) -> Lines:
    """A field that the event does not have, or has already."""
    index, _ = _intact(rng, lines)
    return _with(lines, index, b"{" + rng.choice(FIELDS).encode() + b"," + lines[index][1:])


def missing_field(rng: Random, lines: Lines, _others: Lines) -> Lines:
    """A field less."""
    index, value = _intact(rng, lines)
    del value[rng.choice(list(value))]
    return _with(lines, index, json.dumps(value).encode())


def other_type(rng: Random, lines: Lines, _others: Lines) -> Lines:
    """An event of a type that there is not, or with another's fields."""
    index, value = _intact(rng, lines)
    value["type"] = rng.choice([*TYPES, *EVENTS])
    return _with(lines, index, json.dumps(value).encode())


def flipped(rng: Random, lines: Lines, _others: Lines) -> Lines:
    """Some bytes of one line become others."""
    index = rng.randrange(len(lines))
    line = bytearray(lines[index])
    for _ in range(rng.randint(1, 4)):
        line[rng.randrange(len(line))] ^= 1 << rng.randrange(8)
    return _with(lines, index, bytes(line))


def broken_off(rng: Random, lines: Lines, _others: Lines) -> Lines:
    """One line ends too early, or all of them do."""
    index = rng.randrange(len(lines))
    line = lines[index][: rng.randrange(len(lines[index]))]
    return [*lines[:index], line, *(lines[index + 1 :] if rng.random() < 0.5 else [])]


def deleted(rng: Random, lines: Lines, _others: Lines) -> Lines:
    """A line is missing."""
    index = rng.randrange(len(lines))
    return lines[:index] + lines[index + 1 :]


def doubled(rng: Random, lines: Lines, _others: Lines) -> Lines:
    """A line comes once more, later or earlier."""
    return _with(lines, rng.randrange(len(lines)), rng.choice(lines), keep=True)


def moved(rng: Random, lines: Lines, _others: Lines) -> Lines:
    """A line comes at another time."""
    line = rng.choice(lines)
    rest = deleted_first(lines, line)
    index = rng.randint(0, len(rest))
    return [*rest[:index], line, *rest[index:]]


def deleted_first(lines: Lines, line: bytes) -> Lines:
    """Without the first such line."""
    index = lines.index(line)
    return lines[:index] + lines[index + 1 :]


def spliced(rng: Random, lines: Lines, others: Lines) -> Lines:
    """A line of another stream: of the other child, of another run."""
    return _with(lines, rng.randrange(len(lines)), rng.choice(others), keep=rng.random() < 0.5)


def changed_over(rng: Random, lines: Lines, others: Lines) -> Lines:
    """The stream goes on as another one."""
    return lines[: rng.randint(1, len(lines))] + others[rng.randrange(len(others)) :]


def junk(rng: Random, lines: Lines, _others: Lines) -> Lines:
    """A line that is no event at all."""
    return _with(lines, rng.randrange(len(lines)), rng.choice(JUNK), keep=True)


def _with(lines: Lines, index: int, line: bytes, *, keep: bool = False) -> Lines:
    return [*lines[:index], line, *lines[index if keep else index + 1 :]]


Mutation = Callable[[Random, Lines, Lines], Lines]
# Those that read a line as JSON come first, for they need one that is whole.
ON_VALUES: Sequence[Mutation] = (hostile_value, other_field, missing_field, other_type)
ON_LINES: Sequence[Mutation] = (
    *(flipped, broken_off, deleted, doubled, moved, spliced, changed_over, junk),
)

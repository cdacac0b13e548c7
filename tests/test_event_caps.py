"""What one line may cost the worker. Each is refused, or read, in a time like its bytes' own."""

import gc
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from app.collector import without_collector
from tests.stream_support import CASES, KINDS, recorded
from tests.test_protocol import EAGER, LOADED, event
from workers import strictjson
from workers.protocol import ProtocolError, parse_line
from workers.vocabulary import EVENTS

MB = 2**20
HEAD = b'{"type":"stage_finished","key":"a","status":"passed",'
NODE = b'{"name":"a","op":"output","target":"a"}'
FRAME = {"file": "model.py", "line": 3, "where": "upload"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"[" + b"0," * 2_000_000 + b"0]", "too many values"),
        (b"[" + b"{}," * 1_500_000 + b"{}]", "too many values"),
        (b"[" * 2_000_000, "too many values"),
        (b"]" * 2_000_000, "closes what none opened"),
        (b'"' * 6_000_000, "too many strings"),
        (b'"\0"', "NUL"),
        (b"\0", "NUL"),
        (b"{" + b",".join(b'"%d":0' % n for n in range(10_001)) + b"}", "10,000 keys"),
    ],
)
def test_what_costs_more_than_its_bytes_is_refused(text: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        strictjson.parse(text)


def test_a_large_graph_has_fewer_values_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strictjson, "VALUES", 0)  # else small graphs would tell nothing
    streams = [recorded(case, kind) for case in CASES for kind in KINDS]
    graphs = [line for stream in streams for line in stream.splitlines() if len(line) > 200_000]
    assert len(graphs) > 10
    for line in graphs:
        strictjson.parse(line)


def test_brackets_and_quotes_inside_strings_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strictjson, "VALUES", 5)
    value = ["[[{{,,,,,,,,,\\", '"[[[[', '\\"]]', "\\\\"]
    assert strictjson.parse(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    "wrong",
    [
        {"graph": {"version": 2, "nodes": [0] * 50_000}},
        {"graph": {"version": 2, "nodes": [{}] * 50_000}},
        {"graph": {"version": 2, "nodes": [], "symbols": [0] * 50_000}},
        {"graph": {"version": 2, "nodes": [], "subgraphs": {"a": {"nodes": [0] * 50_000}}}},
        {"graph": {"version": 2, "nodes": [json.loads(NODE) | {"modules": [0] * 50_000}]}},
        {"graph": {"version": 2, "nodes": [json.loads(NODE) | {"values": [0] * 50_000}]}},
        {"guards": [0] * 20_000},
        {"inputs": [0] * 2_000},
        {"inputs": [{"shape": [None] * 64}]},
    ],
)
def test_a_million_wrong_items_are_not_a_million_complaints(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        EVENTS.validate_python({**json.loads(HEAD[:-1] + b"}"), **wrong})
    assert caught.value.error_count() <= 5


@pytest.mark.parametrize(
    ("base", "field", "value"),
    [
        (LOADED, "parameters", -1),
        (LOADED, "parameters", "1"),
        (LOADED, "parameters", "9223372036854775808"),
        (LOADED, "parameters", True),
        (LOADED, "parameters", 1.0),
        (LOADED, "training", 1),
        (LOADED, "training", "yes"),
        (LOADED, "seconds", -1),
        (LOADED, "seconds", 1e300),
        (LOADED, "seconds", "1"),
        (LOADED, "dtypes", ["float32"] * 101),
        (LOADED, "devices", ["cpu"] * 101),
        (LOADED, "environment", {"python": {}}),
        (LOADED, "environment", {"home": "/root"}),
        (LOADED, "environment", {"packages": {"numpy": ["2"]}}),
        (LOADED, "environment", {"packages": {str(n): "" for n in range(5_001)}}),
        (EAGER, "peak_rss_bytes", -1),
        (EAGER, "inputs", [{"shape": [-1]}]),
        (EAGER, "modules", [{"path": "", "class_name": "", "calls": 2**31, "parameters": 0}]),
    ],
)
def test_a_number_or_a_list_that_is_no_measure_is_refused(
    base: dict[str, Any], field: str, value: Any
) -> None:
    event({**base, field: base[field]})
    with pytest.raises(ProtocolError, match=rf"no event: {base['type']}\.{field}"):
        event({**base, field: value})


@pytest.mark.parametrize("line", [-1, 2**31, "3", 3.0, None])
def test_a_line_of_a_file_fits_its_column(line: Any) -> None:
    failure = {"category": "unknown", "exception": "E", "message": "m"}
    event({"type": "failed", "failure": {**failure, "culprit": FRAME}})
    with pytest.raises(ProtocolError, match=r"culprit\.line"):
        event({"type": "failed", "failure": {**failure, "culprit": {**FRAME, "line": line}}})


def padded(head: bytes, unit: bytes, share: float, tail: bytes, size: int) -> bytes:
    """A line of `size` bytes: `head`, as many units as a share of the values allowed, a long
    string and `tail`.
    """
    tokens = sum(map(unit.count, (b",", b"[", b"{")))
    body = head + unit * int(share * (strictjson.VALUES + size // 16) / tokens)
    return body + b'"' + b"x" * (size - len(body) - len(tail) - 2) + b'"' + tail


GRAPH = HEAD + b'"graph":{"version":2,"nodes":['
# Name → a line of about that many bytes that is as expensive as its kind can be.
WORST: dict[str, Callable[[int], bytes]] = {
    "brackets": lambda size: b"[" * size,
    "quotes": lambda size: b'"' * size,
    "backslashes": lambda size: b'"' + b"\\" * (size // 2 * 2) + b'"',
    "escaped quotes": lambda size: b'"' + rb"\"" * (size // 2) + b'"',
    "escaped NULs": lambda size: b'"' + rb"\u0000" * (size // 6) + b'"',
    "backslashes and a NUL": lambda size: b'"' + b"\\" * (size // 2 * 2) + rb'x\u0000"',
    "surrogates": lambda size: b'"' + rb"\ud83d\ude00" * (size // 12) + b'"',
    "no end": lambda size: b'"' + b"x" * size,
    "spaces": lambda size: b" " * size,
    "digits": lambda size: b"1" * size,
    "many digits": lambda size: b"[" + b"111111111111111111," * (size // 19) + b"1]",
    "keys": lambda size: b"{" + b",".join(b'"%07x":0' % n for n in range(size // 12)) + b"}",
    "lists": lambda size: padded(b"[", b"[],", 0.99, b"]", size),
    "objects": lambda size: padded(b"[", b'{"a":0},', 0.99, b"]", size),
    "deep": lambda size: padded(b"[", b'{"a":' * 60 + b"0" + b"}" * 60 + b",", 0.99, b"]", size),
    "floats": lambda size: padded(b"[1e100,", b"1.5,", 0.99, b"]", size),
    "wrong nodes": lambda size: padded(GRAPH, b"{},", 0.99, b"]}}", size),
    "nodes": lambda size: padded(GRAPH, NODE + b",", 0.99, b"]}}", size),
    "tag": lambda size: b'{"type":"' + b"x" * size + b'"}',
}


def cost(line: bytes) -> float:
    """CPU seconds until it is an event or refused."""
    started = time.process_time()
    with pytest.raises(ProtocolError):
        parse_line(line)
    return time.process_time() - started


@pytest.mark.parametrize("name", WORST)
def test_the_worst_lines_cost_little(name: str) -> None:
    # 2 s at the most on a busy machine; what is quadratic takes minutes.
    assert cost(WORST[name](MB)) < 4


@pytest.mark.full
@pytest.mark.parametrize("name", WORST)
def test_a_line_of_the_most_bytes_costs_seconds(name: str) -> None:
    assert cost(WORST[name](64 * MB)) < 15


def test_the_collector_is_on_again_after_a_line() -> None:
    assert gc.isenabled()
    with pytest.raises(ProtocolError):
        parse_line(b"{")
    assert gc.isenabled()
    with without_collector():
        assert not gc.isenabled()
        event(LOADED)
        assert not gc.isenabled(), "who turned it off turns it on"
    assert gc.isenabled()

"""What the probe may say: strict JSON, capped lines, events in order. Every input is hostile."""

import json
import timeit
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers import strictjson
from workers.events import (
    PAIR,
    Eager,
    Failed,
    Finished,
    Loaded,
    Note,
    Planned,
    ProbeKind,
    StageFinished,
    StageStarted,
)
from workers.protocol import LineReader, Order, ProtocolError, parse_line
from workers.vocabulary import Event

# Text that UTF-8 can hold; NUL is replaced and tested by itself.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=30,
)

FAILURE = {"category": "script_error", "exception": "E", "message": "m"}
EAGER = {
    "type": "eager",
    "seconds": 1,
    "peak_rss_bytes": 1,
    "inputs": [],
    "outputs": [],
    "modules": [],
}
LOADED = {
    "type": "loaded",
    "form": "class",
    "model_class": "Net",
    "parameters": 1,
    "buffers": 0,
    "dtypes": [],
    "devices": [],
    "training": False,
    "strict": False,
    "environment": {},
    "seconds": 1,
}


def event(value: dict[str, Any]) -> Event:
    return parse_line(json.dumps(value).encode())


def plan(*keys: str) -> Event:
    stages = [{"key": key, "kind": "component", "name": key} for key in keys]
    return event({"type": "planned", "components": [], "stages": stages})


def started(key: str) -> Event:
    return event({"type": "stage_started", "key": key})


def ended(key: str, status: str = "passed") -> Event:
    failure = FAILURE if status == "failed" else None
    return event({"type": "stage_finished", "key": key, "status": status, "failure": failure})


NOTE = event({"type": "note", "code": "c", "message": "m"})
FAILED = event({"type": "failed", "failure": FAILURE})
FINISHED = event({"type": "finished"})


@settings(deadline=None)  # the machine may be busy
@given(JSON)
def test_what_json_can_say_comes_through(value: Any) -> None:
    assert strictjson.parse(json.dumps(value).encode()) == value
    assert strictjson.parse(json.dumps(value, ensure_ascii=False).encode()) == value


@settings(deadline=None)  # the machine may be busy
@given(st.binary(max_size=200))
def test_any_bytes_are_a_value_or_a_value_error(data: bytes) -> None:
    try:
        value = strictjson.parse(data)
    except ValueError:
        return
    json.dumps(value, allow_nan=False, ensure_ascii=False).encode()


@settings(deadline=None)  # the machine may be busy
@given(st.binary(max_size=200))
def test_any_line_is_an_event_or_a_protocol_error(line: bytes) -> None:
    with pytest.raises(ProtocolError):
        parse_line(line)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("NaN", "not JSON"),
        ("[-Infinity]", "not JSON"),
        ("1e999", "too large"),
        ("[-1e400]", "too large"),
        ("1" + "0" * 400 + ".0", "too large"),
        ('{"a": 1, "a": 1}', "twice"),
        ('[{"b": {"a": 1, "\\u0061": 2}}]', "twice"),
        ('"\\ud800"', "surrogate"),
        ('{"\\uDFFF": 1}', "surrogate"),
        ("9223372036854775808", "64 bits"),
        ("-9223372036854775809", "64 bits"),
        ("1" * 5000, "64 bits"),
        ("[" * 65 + "]" * 65, "deeper"),
        ('{"a":' * 65 + "1" + "}" * 65, "deeper"),
        ("[" * 100_000, "deeper"),
        ('"' + "[" * 10, "Unterminated"),
        ("[1,]", "at character"),
        ("{} {}", "Extra data"),
        ("", "at character"),
        ('"a\nb"', "control character"),
    ],
)
def test_what_json_does_not_have_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        strictjson.parse(text.encode())


def test_bytes_that_are_no_utf8_are_refused() -> None:
    with pytest.raises(ValueError, match="not UTF-8 at byte 1"):
        strictjson.parse(b'"\xff"')


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"\\u0000a\\u0000\\u0000"', "\ufffda\ufffd\ufffd"),
        ('"\\\\u0000"', "\\u0000"),
        ('"\\\\\\u0000"', "\\\ufffd"),
        ('"\\ud83d\\ude00"', "\U0001f600"),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("1.7976931348623157e308", 1.7976931348623157e308),
        ("1e-400", 0.0),
        ('"[[[[]]{"', "[[[[]]{"),
        ("[" * 64 + "]" * 64, None),
    ],
)
def test_edges_that_are_taken(text: str, value: Any) -> None:
    parsed = strictjson.parse(text.encode())
    assert value is None or parsed == value


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.binary(max_size=20).filter(lambda b: b"\n" not in b), max_size=8), st.data())
def test_lines_come_whole_however_they_are_cut(lines: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(line + b"\n" for line in lines)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    reader = LineReader(line_bytes=100, total_bytes=10_000)
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert [line for piece in pieces for line in reader.feed(piece)] == lines


def test_a_line_past_its_cap_is_refused_after_those_before_it() -> None:
    reader = LineReader(line_bytes=5, total_bytes=100)
    lines = reader.feed(b"12345\n123456\n")
    assert next(lines) == b"12345"
    with pytest.raises(ProtocolError, match="more than 5 bytes"):
        next(lines)


def test_a_line_that_never_ends_is_refused() -> None:
    reader = LineReader(line_bytes=5, total_bytes=100)
    with pytest.raises(ProtocolError, match="more than 5 bytes"):
        list(reader.feed(b"1234567"))


def test_all_lines_together_are_capped() -> None:
    reader = LineReader(line_bytes=5, total_bytes=7)
    assert list(reader.feed(b"123\n")) == [b"123"]
    with pytest.raises(ProtocolError, match="more than 7 bytes"):
        list(reader.feed(b"123\n"))


def test_an_event_with_a_field_too_many_is_refused() -> None:
    with pytest.raises(ProtocolError, match=r"no event: finished\.extra"):
        event({"type": "finished", "extra": 1})


def test_numbers_that_hide_in_text_are_refused() -> None:
    with pytest.raises(ProtocolError, match="valid number"):
        event({**LOADED, "seconds": "nan"})


def test_a_loaded_event_may_not_be_huge() -> None:
    with pytest.raises(ProtocolError, match=r"'loaded' has more than 1,048,576 bytes"):
        event({**LOADED, "environment": {"packages": {f"{n:0400}": "" for n in range(3_000)}}})


@pytest.mark.parametrize(
    ("kind", "events"),
    [
        (ProbeKind.STAGED, [event(LOADED), event(EAGER), plan(), FINISHED]),
        (
            ProbeKind.STAGED,
            [
                NOTE,
                event(LOADED),
                event(EAGER),
                plan("a", "b", "c"),
                started("a"),
                NOTE,
                ended("a", "failed"),
                started("c"),
                ended("c", "skipped"),
                FINISHED,
            ],
        ),
        (ProbeKind.WHOLE, [event(LOADED), started("whole"), ended("whole"), NOTE, FINISHED]),
        (ProbeKind.WHOLE, [FAILED, FINISHED]),
        (ProbeKind.WHOLE, [event(LOADED), FAILED, FINISHED]),
        (ProbeKind.STAGED, [event(LOADED), FAILED, NOTE, FINISHED]),
        (ProbeKind.STAGED, [event(LOADED), event(EAGER), plan("a"), FAILED, FINISHED]),
    ],
)
def test_what_is_in_order(kind: ProbeKind, events: list[Event]) -> None:
    order = Order(kind)
    for said in events:
        assert not (order.done and isinstance(said, StageStarted))
        order.accept(said)
    assert order.done


@pytest.mark.parametrize(
    ("kind", "events", "why"),
    [
        (ProbeKind.STAGED, [FINISHED], "'finished' came before loaded"),
        (ProbeKind.STAGED, [event(LOADED), event(LOADED)], "'loaded' came after loaded"),
        (ProbeKind.STAGED, [event(LOADED), plan()], "'planned' came after loaded"),
        (ProbeKind.STAGED, [event(LOADED), started("a")], "'stage_started' came after loaded"),
        (ProbeKind.STAGED, [event(LOADED), event(EAGER), plan("whole")], "not its to plan"),
        (ProbeKind.STAGED, [event(LOADED), event(EAGER), plan("a", "a")], "one key"),
        (ProbeKind.STAGED, [event(LOADED), event(EAGER), plan("a"), started("b")], "not planned"),
        (
            ProbeKind.STAGED,
            [event(LOADED), event(EAGER), plan("a"), started("a"), ended("a"), started("a")],
            "tried before",
        ),
        (
            ProbeKind.STAGED,
            [event(LOADED), event(EAGER), plan("a"), started("a"), FINISHED],
            "inside a stage",
        ),
        (
            ProbeKind.STAGED,
            [event(LOADED), event(EAGER), plan("a"), started("a"), FAILED],
            "inside a stage",
        ),
        (
            ProbeKind.STAGED,
            [event(LOADED), event(EAGER), plan("a"), started("a"), ended("a", "running")],
            "ended as 'running'",
        ),
        (ProbeKind.WHOLE, [event(LOADED), event(EAGER)], "'eager' came between stages"),
        (ProbeKind.WHOLE, [event(LOADED), started("a")], "not planned"),
        (ProbeKind.WHOLE, [event(LOADED), FINISHED], "without the whole stage"),
        (
            ProbeKind.WHOLE,
            [event(LOADED), started("whole"), ended("whole", "skipped")],
            "ended as 'skipped'",
        ),
        (
            ProbeKind.WHOLE,
            [event(LOADED), started("whole"), ended("whole"), FAILED],
            "'failed' came between stages",
        ),
        (ProbeKind.WHOLE, [FAILED, event(LOADED)], "'loaded' came after failed"),
        (ProbeKind.WHOLE, [FAILED, FINISHED, NOTE], "'note' came after finished"),
        (ProbeKind.STAGED, [NOTE] * 201, "more than 200 notes"),
    ],
)
def test_what_is_out_of_order(kind: ProbeKind, events: list[Event], why: str) -> None:
    order = Order(kind)
    for said in events[:-1]:
        order.accept(said)
    with pytest.raises(ProtocolError, match=why):
        order.accept(events[-1])


def test_a_failed_stage_must_say_how() -> None:
    order = Order(ProbeKind.WHOLE)
    order.accept(event(LOADED))
    order.accept(started("whole"))
    with pytest.raises(ProtocolError, match="without a failure"):
        order.accept(event({"type": "stage_finished", "key": "whole", "status": "failed"}))


@settings(deadline=None)  # the machine may be busy
@given(
    st.sampled_from(PAIR),
    st.lists(
        st.sampled_from(
            [
                NOTE,
                FAILED,
                FINISHED,
                event(LOADED),
                event(EAGER),
                plan("a", "b"),
                *(make(key) for make in (started, ended) for key in ("a", "b", "whole")),
            ]
        ),
        max_size=12,
    ),
)
def test_no_order_of_events_breaks_what_ingest_relies_on(
    kind: ProbeKind, events: list[Event]
) -> None:
    order = Order(kind)
    taken: list[Event] = []
    for said in events:
        try:
            order.accept(said)
        except ProtocolError:
            break
        taken.append(said)
    kinds = [type(said) for said in taken if not isinstance(said, Note)]
    begun = [said.key for said in taken if isinstance(said, StageStarted)]
    over = [said.key for said in taken if isinstance(said, StageFinished)]
    assert len(set(begun)) == len(begun), "no stage twice"
    assert over == begun[: len(over)], "each ends that began, in order"
    assert len(begun) - len(over) <= 1, "one at a time"
    assert set(begun) <= ({"whole"} if kind is ProbeKind.WHOLE else {"a", "b"})
    assert kinds[: len(kinds)].count(Loaded) <= 1
    if StageStarted in kinds and kind is ProbeKind.STAGED:
        assert kinds[:3] == [Loaded, Eager, Planned]
    if Finished in kinds:
        assert kinds[-1] is Finished
        assert len(begun) == len(over)
    if Failed in kinds:
        assert kinds[kinds.index(Failed) + 1 :] in ([], [Finished])


def test_strictness_costs_a_large_graph_little() -> None:
    # 10,000 nodes with sources and shapes. Measured: about twice the time of json.loads.
    node = {
        "name": "relu_1",
        "op": "call_function",
        "target": "aten.relu.default",
        "args": [{"node": "conv_1"}, [1, 2, 3], {"dtype": "float32"}],
        "values": [{"kind": "tensor", "shape": [1, 64, "s0", 56], "dtype": "float32"}],
        "modules": [["backbone", "Net", 0], ["backbone.layer1", "Block", 0]],
        "frame": {"file": "model.py", "line": 10, "function": "forward", "text": "return x"},
    }
    document = {"version": 2, "nodes": [node] * 10_000}
    line = json.dumps(
        {"type": "stage_finished", "key": "a", "status": "passed", "graph": document}
    ).encode()
    plain = min(timeit.repeat(lambda: json.loads(line), number=1, repeat=3))
    strict = min(timeit.repeat(lambda: strictjson.parse(line), number=1, repeat=3))
    assert strict < 8 * plain
    parsed = parse_line(line)
    assert isinstance(parsed, StageFinished)
    assert parsed.graph is not None
    assert parsed.graph.compute_nodes() == 10_000

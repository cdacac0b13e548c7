"""Events that hypothesis makes up from the schema in workers/vocabulary.py: all that may be
said."""

import base64
from functools import lru_cache
from typing import Any

from hypothesis import strategies as st

from workers.events import ProbeKind
from workers.vocabulary import EVENTS

Strategy = st.SearchStrategy[Any]
Json = dict[str, Any]

SCHEMA: Json = EVENTS.json_schema()
TYPES = tuple(SCHEMA["discriminator"]["mapping"])
ITEMS = 2  # of a list, at most: more of the same finds nothing
# All that JSON can say: controls, both directions, astral planes. NUL is replaced, and tested.
TEXT = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(TEXT, max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(TEXT), inner, max_size=2),
    max_leaves=4,
)


def strategy(schema: Json) -> Strategy:
    """Values that a JSON schema allows; the part of the language that pydantic writes here."""
    if "$ref" in schema:
        return _named(schema["$ref"].rpartition("/")[2])
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return st.one_of([strategy(one) for one in schema[key]])
    match schema.get("type"):
        case "object":
            return _object(schema)
        case "array":
            return _array(schema)
        case None:
            return ANY
        case plain:
            return _plain(plain, schema)


@lru_cache
def _named(name: str) -> Strategy:
    return strategy(SCHEMA["$defs"][name])


def _object(schema: Json) -> Strategy:
    if "properties" not in schema:
        values = schema["additionalProperties"]
        inner = ANY if values is True else strategy(values)
        return st.dictionaries(st.text(TEXT, max_size=20), inner, max_size=ITEMS)
    fields = {name: strategy(one) for name, one in schema["properties"].items()}
    required = {name: fields.pop(name) for name in schema.get("required", ())}
    return st.fixed_dictionaries(required, optional=fields)


def _array(schema: Json) -> Strategy:
    if "prefixItems" in schema:
        return st.tuples(*map(strategy, schema["prefixItems"])).map(list)
    items = schema.get("items", {})
    return st.lists(strategy(items), max_size=min(ITEMS, schema.get("maxItems", ITEMS)))


def _plain(type_: str, schema: Json) -> Strategy:
    low, high = schema.get("minimum"), schema.get("maximum")
    if type_ == "null":
        return st.none()
    if type_ == "boolean":
        return st.booleans()
    if type_ == "integer":
        high = schema.get("exclusiveMaximum", 2**63) - 1
        return st.integers(-(2**63) if low is None else low, high)
    if type_ == "number":
        return st.floats(low, high, allow_nan=False, allow_infinity=False)
    assert type_ == "string"
    if "contentEncoding" in schema:
        return st.binary(max_size=100).map(lambda data: base64.b64encode(data).decode())
    return st.text(TEXT, max_size=min(schema.get("maxLength", 8), 8)) | _at_the_cap(schema)


def _at_the_cap(schema: Json) -> Strategy:
    """As long as it may be, in characters of four bytes."""
    return st.just("\U0001f600" * min(schema.get("maxLength", 0), 2_000))


def events(type_: str, **fields: Strategy) -> Strategy:
    """Events of one type; `fields` are made otherwise than the schema says."""
    name = SCHEMA["discriminator"]["mapping"][type_].rpartition("/")[2]
    made = SCHEMA["$defs"][name]
    left = {key: one for key, one in made["properties"].items() if key not in fields}
    required = [key for key in made["required"] if key in left]
    own = _object({"properties": left, "required": required})
    return st.builds(lambda one, other: one | other, own, st.fixed_dictionaries(fields))


def graphs() -> Strategy:
    """Graph documents, of names and arguments that may be anything."""
    return _named("GraphDocument")


KEYS = ("a", "b")


def stream(kind: ProbeKind) -> st.SearchStrategy[list[Any]]:
    """Events of one child in their order, whatever is in them."""
    if kind is ProbeKind.WHOLE:
        said = st.tuples(events("loaded"), *_stage("whole"))
        return said.flatmap(_with_rest)
    stages = [_planned_stage(key) for key in KEYS]
    return st.tuples(
        *(events("loaded"), events("note"), events("eager")),
        events("planned", stages=st.tuples(*stages).map(list)),
        *(step for key in KEYS for step in _stage(key)),
        _last(),
    ).map(list)


def _planned_stage(key: str) -> Strategy:
    kinds = st.sampled_from(["component", "assembled"])
    return _named("PlannedStage").flatmap(
        lambda stage: kinds.map(lambda kind: {**stage, "key": key, "kind": kind})
    )


def _stage(key: str) -> tuple[Strategy, Strategy]:
    named = st.just(key)
    passed = events("stage_finished", key=named, status=st.just("passed"))
    failed = events(
        "stage_finished", key=named, status=st.just("failed"), failure=_named("FailureReport")
    )
    return events("stage_started", key=named, stage=st.none()), passed | failed


def _with_rest(before: tuple[Any, ...]) -> st.SearchStrategy[list[Any]]:
    """All that a whole child says: after its stage what stops the model, or it decomposed."""
    rest: tuple[Strategy, ...] = (events("blockers"),)
    if before[-1]["status"] == "passed":
        name = "decomposed"
        added = events(
            "stage_started",
            key=st.just(name),
            stage=_named("PlannedStage").map(lambda stage: {**stage, "key": name, "kind": name}),
        )
        rest = (added, _stage(name)[1])
    return st.tuples(*map(st.just, before), *rest, _last()).map(list)


def _last() -> Strategy:
    return events("finished")

"""GraphDocument: its JSON, and the reader of every version that was ever stored."""

import json
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from app.graphs.document import VERSION, GraphDocument
from app.graphs.reading import read_document
from tests.event_strategies import graphs
from workers.rows import graph_row

DOCUMENTS = Path(__file__).parent / "documents"


def stored(version: int) -> bytes:
    """A document as that version's worker stored it."""
    return (DOCUMENTS / f"version_{version}.json").read_bytes()


@pytest.mark.parametrize("version", range(1, VERSION))
def test_an_earlier_version_is_read(version: int) -> None:
    document = read_document(stored(version))
    before = json.loads(stored(version))
    assert document.version == VERSION
    assert [node.name for node in document.nodes] == [node["name"] for node in before["nodes"]]
    assert [node.args for node in document.nodes] == [node["args"] for node in before["nodes"]]
    assert set(document.subgraphs) == set(before["subgraphs"])
    assert [item.name for item in document.inputs] == [item["name"] for item in before["inputs"]]


def test_version_1_gains_calls_and_names_of_values() -> None:
    document = read_document(stored(1))
    by_name = {node.name: node for node in document.nodes}
    assert by_name["linear"].modules[-1] == ("block", "torch.nn.modules.linear.Linear", 0)
    assert [value.name for value in by_name["chunk"].values] == ["[0]", "[1]"]
    assert [value.name for value in by_name["linear"].values] == [""]


@pytest.mark.parametrize(
    ("path", "module"),
    [
        ("block", ("block", "C", 0)),
        ("block@1", ("block", "C", 1)),
        ("a@2.block@10", ("a@2.block", "C", 10)),
        ("@", ("@", "C", 0)),
        ("a@1b", ("a@1b", "C", 0)),
        ("a@" + "9" * 30, ("a@" + "9" * 30, "C", 0)),
    ],
)
def test_version_1_had_the_call_in_the_path(path: str, module: tuple[str, str, int]) -> None:
    node = {"name": "x", "op": "placeholder", "target": "x", "modules": [[path, "C"]]}
    text = json.dumps({"nodes": [], "subgraphs": {"a": {"nodes": [node]}}, "version": 1})
    assert read_document(text.encode()).subgraphs["a"].nodes[0].modules == [module]


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"version": 1}', '{"nodes":[],"version":3}', '{"version":2}', "NaN"]
)
def test_what_is_no_document_is_an_error(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - pydantic's and json's are both of it
        read_document(text.encode())


def stored_as(document: GraphDocument) -> bytes:
    """A document as the worker stores it."""
    return zlib.decompress(graph_row(document, "").document)


@settings(deadline=None)  # the machine may be busy
@given(graphs())
def test_what_is_stored_is_read_as_it_was(value: dict[str, Any]) -> None:
    document = GraphDocument.model_validate(value)
    assert read_document(stored_as(document)) == document
    assert read_document(document.model_dump_json().encode()) == document
    for body in ("", *document.subgraphs):
        given = {document.subgraph_of(body, node) for node in document.nodes}
        assert given <= {None, *document.subgraphs}
    assert document.compute_nodes() <= document.all_nodes()


@settings(deadline=None)  # the machine may be busy
@given(graphs())
def test_any_document_of_version_1_is_read(value: dict[str, Any]) -> None:
    old = as_version_1(value)
    document = read_document(json.dumps(old, sort_keys=True).encode())
    assert len(document.nodes) == len(old["nodes"])
    for node, before in zip(document.nodes, old["nodes"], strict=True):
        assert (node.name, node.args) == (before["name"], before.get("args", []))
        for (path, _, call), (was, _) in zip(node.modules, before.get("modules", []), strict=True):
            assert was in (path, f"{path}@{call}")


def as_version_1(value: dict[str, Any]) -> dict[str, Any]:
    """The same graph with what the first version had."""
    new = {"stride", "layout", "digest", "persistent"}

    def old(part: Any) -> Any:
        if isinstance(part, list):
            return [old(item) for item in part]
        if not isinstance(part, dict):
            return part
        kept = {key: old(item) for key, item in part.items() if key not in new}
        if "op" in part:  # a node
            ops = {"call_method": "call_function", "call_module": "call_function"}
            kept["op"] = ops.get(part["op"], part["op"])
            kept |= {key: part[key] for key in ("args", "kwargs") if key in part}
            if "modules" in part:
                kept["modules"] = [[path, name] for path, name, _call in part["modules"]]
        return kept

    return {**old(value), "version": 1}

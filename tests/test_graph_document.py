"""GraphDocument: its JSON, and the reader of every version that was ever stored."""

import json
from pathlib import Path

import pytest

from app.graphs.document import VERSION
from app.graphs.reading import read_document

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

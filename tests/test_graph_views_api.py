"""The diff of two graphs as JSON."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.services.storage import BlobStore
from app.settings import Settings
from tests.graph_view_support import call, chain, document, output, placeholder, ref, with_relu
from tests.graph_view_support import store as stored
from tests.web_support import seeding


@pytest.fixture
def pair(engine: Engine, store: BlobStore, settings: Settings) -> tuple[int, int]:
    """Two graphs, the head with a ReLU more."""
    with seeding(engine, store, settings) as seed:
        made = chain(30)
        return stored(seed, "base", made), stored(seed, "head", with_relu(made, "n7"))


def test_a_diff_has_what_changed_and_the_sums(client: TestClient, pair: tuple[int, int]) -> None:
    answer = client.get("/api/graphs/compare", params={"base": pair[0], "head": pair[1]})
    assert answer.headers["content-type"] == "application/json"
    made = answer.json()
    counts = {"same": 31, "changed": 1, "added": 1, "removed": 0, "moved": 0}
    assert made["summary"] == counts
    assert made["nodes"] == [
        {
            "kind": "added",
            "base": None,
            "head": {"body": "", "index": 9, "name": "extra"},
            "edits": [],
            "moved": False,
            "renamed": False,
        },
        {
            "kind": "changed",
            "base": {"body": "", "index": 9, "name": "n8"},
            "head": {"body": "", "index": 10, "name": "n8"},
            "edits": [
                {
                    "field": "argument",
                    "where": "[0]",
                    "before": {"node": "n7"},
                    "after": {"node": "extra"},
                }
            ],
            "moved": False,
            "renamed": False,
        },
    ]
    assert {"path": ""} | counts in made["modules"]
    operators = {one["target"]: one for one in made["operators"]}
    assert operators["aten.relu.default"]["added"] == 1
    assert made["symbols"] == {"s0": "s0"}
    assert (made["base"], made["head"], made["beside"]) == (*pair, [])


def test_with_same_it_has_every_node_of_both(client: TestClient, pair: tuple[int, int]) -> None:
    address = f"/api/graphs/compare?base={pair[1]}&head={pair[0]}&same=true"
    made = client.get(address).json()
    assert len(made["nodes"]) == 33
    assert [one["kind"] for one in made["nodes"]].count("removed") == 1
    assert [one["base"]["name"] for one in made["nodes"] if one["head"] is None] == ["extra"]


def test_the_diff_of_a_graph_with_itself_is_empty(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    inner = {"nodes": [placeholder("a"), call("sin", ref("a")), output(ref("sin"))]}
    node = call("scan", {"graph": "step"}, ref("x"))
    made = document(placeholder("x"), node, output(ref("scan")), subgraphs={"step": inner})
    with seeding(engine, store, settings) as seed:
        graph = stored(seed, "one", made)
    answer = client.get(f"/api/graphs/compare?base={graph}&head={graph}&same=true").json()
    assert answer["summary"] == {"same": 6, "changed": 0, "added": 0, "removed": 0, "moved": 0}
    assert {one["head"]["body"] for one in answer["nodes"]} == {"", "step"}
    assert answer["beside"] == []


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("base=1&head=99", 404),
        ("base=99&head=1", 404),
        ("base=1", 422),
        ("base=x&head=1", 422),
        ("base=0&head=1", 422),
        ("", 422),
    ],
)
def test_errors_have_their_one_shape(
    client: TestClient, pair: tuple[int, int], query: str, status: int
) -> None:
    answer = client.get(f"/api/graphs/compare?{query}")
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"code", "message", "hint"}

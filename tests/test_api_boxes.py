"""The picture of a graph as JSON, and what is found in it."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.services.storage import BlobStore
from app.settings import Settings
from tests.boxes_support import call, document, placed
from tests.web_support import seeding


@pytest.fixture
def graph_id(engine: Engine, store: BlobStore, settings: Settings) -> int:
    """A stored graph, of hostile names."""
    made = document(
        call("a<b>", "x", modules=placed("m,n")),
        call("b", "a<b>", modules=placed("m,n")),
        call("c", "b", modules=placed("k.\u202e")),
    )
    with seeding(engine, store, settings) as seed:
        found = seed.graph("g", document=made.model_dump(mode="json")).id
    assert found is not None
    return found


def test_the_api_gives_boxes_and_finds_nodes(client: TestClient, graph_id: int) -> None:
    closed = client.get(f"/api/graphs/{graph_id}/boxes", params={"open": ""}).json()
    assert [box["key"] for box in closed["boxes"]] == ["*x", "m%2Cn", "*c"]
    opened = client.get(f"/api/graphs/{graph_id}/boxes", params={"open": "m%2Cn,nothing"}).json()
    assert opened["open"] == ["m%2Cn"]
    assert "a<b>" in [box["node"] for box in opened["boxes"]]
    assert "\u202e" not in client.get(f"/api/graphs/{graph_id}/boxes").text
    found = client.get(f"/api/graphs/{graph_id}/find", params={"q": "A<B"}).json()
    assert [(one["node"], one["open"]) for one in found["matches"]] == [("a<b>", ["m%2Cn"])]
    node = {"node": "a<b>", "reveal": "true"}
    shown = client.get(f"/api/graphs/{graph_id}/boxes", params=node).json()
    assert shown["selected"] == found["matches"][0]["key"]
    closed = client.get(
        f"/api/graphs/{graph_id}/boxes", params={"open": "m%2Cn", "close": "m%2Cn"}
    ).json()
    assert closed["open"] == []


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("boxes?open=" + "a," * 20_000, 422),
        ("boxes?base=999", 404),
        ("boxes?of=both", 422),
        ("find?q=", 422),
        ("find?q=" + "a" * 1_000, 422),
    ],
)
def test_wrong_requests_are_refused_in_the_one_shape(
    client: TestClient, graph_id: int, query: str, status: int
) -> None:
    answer = client.get(f"/api/graphs/{graph_id}/{query}")
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


def test_a_graph_that_is_not_there_has_no_boxes(client: TestClient) -> None:
    assert client.get("/api/graphs/77/boxes").status_code == 404

"""Every graph of torch's export catalogue and of real models: captured, stored, seen in every view.

A script is run by the worker's own drive, both probes sealed, into a real database; then every
graph of it is asked for in every view, as every file, and against everything that it pairs with.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import col, select

from app.db import read_scope, session_scope
from app.graphs.diff import apply, mirrored
from app.models import Graph, Run, RunStatus, Stage
from app.routes.api_exports import Format
from app.services import queue
from app.services.graph_cache import diff_of, document_of
from app.services.identity import nobody
from app.services.options import RunOptions
from app.services.pairs import stage_pairs
from app.services.runs import create_run, repeat_run
from app.services.storage import BlobStore
from app.settings import Settings
from bench.agreement import ARCHITECTURES
from bench.catalogue import catalogue
from tests.dot_support import read_dot
from tests.model_explorer_schema import GraphCollection
from tests.probe_support import SHARED
from tests.worker_support import claim_next
from workers.drive import Ended, drive
from workers.wish import Wish

CASES = catalogue()
# Subgraphs, symbols, and a loop over tensors.
QUICK = {"cond_branch_nested_function", "dynamic_shape_slicing", "scalar_output"}
# Vision, text and speech; state spaces, experts, deformable attention; a few that export refuses.
MODELS = (
    *("vit", "bert", "rt_detr", "deformable_detr", "mask2former", "segformer", "mamba2", "qwen2"),
    *("gpt2", "mixtral"),
)
NODES = 3  # of each graph whose panel is opened
VIEWS = ("outline", "code", "table", "graph")

full = pytest.mark.full


def wish() -> Wish:
    """Nobody wants the run to end."""
    return Wish.GO_ON


@dataclass
class World:
    """A database, a worker's drive, and a client of the pages."""

    engine: Engine
    store: BlobStore
    settings: Settings
    client: TestClient
    folder: Path

    def run(self, name: str, text: str, parent: int | None = None, **options: Any) -> int:
        """Run a script to its end; the run's id."""
        given = RunOptions.model_validate(options)
        with session_scope(self.engine) as session:
            if parent is None:
                run = create_run(
                    session,
                    self.store,
                    text.encode(),
                    name,
                    options=given,
                    settings=self.settings,
                    asker=nobody(),
                )
            else:
                before = session.get_one(Run, parent)
                run = repeat_run(
                    session,
                    self.store,
                    before,
                    options=given,
                    settings=self.settings,
                    asker=nobody(),
                )
        assert run.id is not None
        claim = claim_next(self.engine)
        base = self.folder / f"run-{run.id}"
        base.mkdir()
        ended = drive(self.engine, claim, self.settings, wish, base, SHARED.get())
        assert isinstance(ended, Ended)
        assert ended.status is RunStatus.FINISHED, ended.reason
        assert queue.finish(self.engine, claim, status=ended.status, reason=ended.reason)
        return run.id

    def graphs(self, run_id: int) -> list[Stage]:
        """The stages of a run that left a graph."""
        query = select(Stage).where(Stage.run_id == run_id, col(Stage.graph_id).is_not(None))
        with read_scope(self.engine) as session:
            return list(session.exec(query))

    def get(self, path: str, **query: Any) -> Any:
        """An answer that is none of an error."""
        answer = self.client.get(path, params=query)
        assert answer.status_code == 200, (path, query, answer.text[:2_000])
        return answer


@pytest.fixture
def world(
    engine: Engine, store: BlobStore, settings: Settings, client: TestClient, tmp_path: Path
) -> World:
    return World(engine, store, settings, client, tmp_path)


def see(world: World, stage: Stage) -> int:
    """Ask for all that there is of a stage's graph; returns how many pairs it has."""
    graph_id = stage.graph_id
    assert graph_id is not None
    with read_scope(world.engine) as session:
        document = document_of(session, graph_id)
        assert document.compute_nodes() == session.get_one(Graph, graph_id).nodes
        run = session.get_one(Run, stage.run_id)
        pairs = stage_pairs(session, run, stage.n)
    world.get(f"/runs/{stage.run_id}/stages/{stage.n}")
    look(world, graph_id)
    take_away(world, graph_id, document.all_nodes())
    bodies = {"": document.nodes} | {n: body.nodes for n, body in document.subgraphs.items()}
    for body, nodes in bodies.items():
        for node in nodes[:: max(1, len(nodes) // NODES)]:
            address = f"{body}:{node.name}" if body else node.name
            panel = world.get(f"/graphs/{graph_id}/_node", node=address).text
            assert "no node" not in panel, address
    for pair in pairs:
        compare(world, graph_id, pair.base)
        look(world, graph_id, base=pair.base, stage=f"{stage.run_id}.{stage.n}")
        world.get("/api/graphs/compare", base=pair.base, head=graph_id)
        world.get(f"/api/graphs/{graph_id}/export/csv", base=pair.base)
    return len(pairs)


def compare(world: World, head_id: int, base_id: int) -> None:
    """The diff of two graphs leads from one to the other, both ways."""
    with read_scope(world.engine) as session:
        base, head = document_of(session, base_id), document_of(session, head_id)
        found = diff_of(session, base_id, head_id)
    assert apply(base, found) == head
    assert apply(head, mirrored(found)) == base
    assert found.is_empty or base_id != head_id


def look(world: World, graph_id: int, **query: Any) -> None:
    """Every view of a graph, alone or against a base."""
    for view in VIEWS:
        world.get(f"/graphs/{graph_id}", view=view, **query)
    world.get(f"/graphs/{graph_id}", view="code", side=1, **query)
    boxes = {key: value for key, value in query.items() if key == "base"}
    world.get(f"/api/graphs/{graph_id}/boxes", **boxes)


def take_away(world: World, graph_id: int, nodes: int) -> None:
    """Every file of a graph, and that none of its nodes is missing."""
    files = {kind: world.get(f"/api/graphs/{graph_id}/export/{kind.value}").text for kind in Format}
    collection = GraphCollection.model_validate_json(files[Format.MODEL_EXPLORER])
    assert sum(len(graph.nodes) for graph in collection.graphs) == nodes
    drawn, _, _ = read_dot(files[Format.DOT])
    assert len(drawn) == nodes


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in QUICK else full) for name in CASES]
)
def test_a_case_of_the_catalogue(name: str, world: World) -> None:
    first = world.run(f"{name}.py", CASES[name])
    stages = world.graphs(first)
    for stage in stages:
        see(world, stage)
    again = world.run(f"{name}.py", CASES[name], first, strict=True)
    pairs = sum(see(world, stage) for stage in world.graphs(again))
    kept = {stage.key for stage in stages} & {stage.key for stage in world.graphs(again)}
    assert pairs >= len(kept)  # each with that of its parent at least


@full
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", MODELS)
def test_a_real_model(name: str, world: World) -> None:
    run = world.run(f"{name}.py", (ARCHITECTURES / f"{name}.py").read_text())
    stages = world.graphs(run)
    assert stages
    assert sum(see(world, stage) for stage in stages)

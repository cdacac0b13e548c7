"""The stage `decomposed`: what the probe says of it, and what that counts for."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from app.models import StageKind, StageStatus, Verdict
from tests.ingest_support import (
    CRASH,
    EAGER,
    STAGED,
    WHOLE,
    ended,
    event,
    loaded,
    plan,
    started,
    story,
    tell,
)
from tests.probe_support import run_probe
from workers.ingest import Ingest
from workers.protocol import Order, ProtocolError
from workers.vocabulary import Event

SCRIPT = """import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(4)
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        x = self.norm(x)
        return torch.cond(x.sum() > 0, lambda t: t.sin(), lambda t: t.cos(), (self.head(x),))

model = Net()
inputs = (torch.rand(3, 4),)
dynamic_shapes = ({0: torch.export.Dim("batch", min=2)},)
"""


def decomposed(key: str = "decomposed", kind: str = "decomposed") -> Event:
    stage = {"key": key, "kind": kind, "name": "whole model, decomposed"}
    return event("stage_started", key=key, stage=stage)


def outline(said: Any) -> dict[str, StageStatus]:
    return {one.key: one.status for one in said.all("stage_finished")}


def test_a_whole_model_that_exports_is_decomposed_and_replayed_on_its_own_inputs(
    tmp_path: Path,
) -> None:
    said = run_probe(tmp_path, SCRIPT)
    assert outline(said) == {"whole": "passed", "decomposed": "passed"}
    whole, made = said.stage("whole"), said.stage("decomposed")
    targets = {node.target for node in made.graph.nodes}
    assert "aten.linear.default" in {node.target for node in whole.graph.nodes}
    assert "aten.linear.default" not in targets
    assert {"aten.addmm.default", "cond"} <= targets
    assert {item.target for item in made.graph.outputs if item.kind == "mutation"} == {
        "norm.running_mean",
        "norm.running_var",
        "norm.num_batches_tracked",
    }
    assert (whole.replay.status, len(whole.replay.cases)) == ("equal", 3)
    assert (made.replay.status, len(made.replay.cases)) == ("equal", 1)
    assert "def forward" in made.code
    outside = {operator.name: operator.count for operator in made.detail.outside}
    assert outside == {"aten._native_batch_norm_legit_functional.default": 1, "cond": 1}
    assert made.detail.operators > len(outside)
    assert "FutureWarning" not in said.log


def test_a_whole_model_that_does_not_export_is_not_decomposed(tmp_path: Path) -> None:
    said = run_probe(tmp_path, SCRIPT.replace("return", "if x.sum() > 9: x = -x\n        return"))
    assert outline(said)["whole"] == "failed"
    assert "decomposed" not in outline(said)


BREAK = """
def broken(*args, **kwargs):
    {}

torch.export.ExportedProgram.run_decompositions = broken
"""


def test_a_decomposition_that_fails_is_that_stage_s_failure(tmp_path: Path) -> None:
    said = run_probe(tmp_path, SCRIPT + BREAK.format("raise RuntimeError('no such operator')"))
    assert outline(said) == {"whole": "passed", "decomposed": "failed"}
    assert "no such operator" in said.stage("decomposed").failure.message
    assert said.all("finished")


def test_a_crash_in_it_leaves_the_whole_stage(tmp_path: Path) -> None:
    said = run_probe(tmp_path, SCRIPT + BREAK.format("import os; os.abort()"))
    assert outline(said) == {"whole": "passed"}
    assert said.all("stage_started")[-1].stage.kind is StageKind.DECOMPOSED
    assert said.status


@pytest.mark.parametrize("end", ["passed", "failed", "crash"])
def test_it_counts_neither_for_the_verdict_nor_for_coverage(
    ingest: Ingest, engine: Engine, end: str
) -> None:
    module = {"path": "head", "class_name": "M", "calls": 1, "parameters": 4, "own": 4}
    eager = event("eager", seconds=1, peak_rss_bytes=1, inputs=[], outputs=[], modules=[module])
    tell(ingest, STAGED, loaded(), eager, plan(), event("finished"))
    tell(ingest, WHOLE, loaded(), started("whole"), ended("whole"), decomposed())
    if end != "crash":
        tell(ingest, WHOLE, ended("decomposed", end))
    ingest.end(STAGED)
    ingest.end(WHOLE, CRASH if end == "crash" else None)
    told = story(engine)
    assert told.run.verdict is Verdict.EXPORTED
    assert (told.run.coverage or {})["fates"] == ["exported"]
    status = "passed" if end == "passed" else "failed"
    assert told.outline == {"whole": "passed", "decomposed": status}
    assert [stage.kind for stage in told.stages] == [StageKind.WHOLE, StageKind.DECOMPOSED]
    assert told.run.search is None


@pytest.mark.parametrize(
    "events",
    [
        [decomposed()],  # before the whole stage
        [started("whole"), ended("whole", "failed"), decomposed()],
        [started("whole"), ended("whole"), decomposed(), ended("decomposed"), decomposed()],
        [started("whole"), ended("whole"), decomposed(key="another")],
        [started("whole"), ended("whole"), decomposed(kind="bypass")],
        [started("whole"), ended("whole"), decomposed(kind="whole")],
    ],
)
def test_it_is_added_once_after_a_whole_stage_that_passed(events: list[Event]) -> None:
    order = Order(WHOLE)
    for said in [loaded(), *events[:-1]]:
        order.accept(said)
    with pytest.raises(ProtocolError):
        order.accept(events[-1])


def test_the_staged_child_has_none() -> None:
    order = Order(STAGED)
    for said in [loaded(), EAGER, plan()]:
        order.accept(said)
    with pytest.raises(ProtocolError):
        order.accept(decomposed())

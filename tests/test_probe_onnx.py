"""The whole model as ONNX: what translates, what does not, and what it then computes."""

from pathlib import Path
from typing import Any

import pytest

from tests.probe_support import run_probe
from workers.probe.to_onnx import limited

SCRIPT = """import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(4)

    def forward(self, x, y):
        return self.norm(x), (x @ y).relu()

model, inputs = Net().eval(), (torch.rand(3, 4), torch.rand(4, 2))
"""
WITHOUT = "\nimport sys\nsys.modules['onnxscript'] = None\n"


def translated(root: Path, script: str, seconds: float = 60.0) -> Any:
    said = run_probe(root, script, kind="onnx", work={"replay_seconds": seconds})
    assert said.status == 0, said.log
    return said.stage("onnx")


def test_without_onnxscript_it_is_skipped_with_what_to_install(tmp_path: Path) -> None:
    end = translated(tmp_path, SCRIPT + WITHOUT)
    assert end.status == "skipped"
    assert end.reason == "onnxscript is not in this runtime: pip install onnxscript onnx"


@pytest.mark.full
def test_a_model_of_known_operators_is_replayed_by_the_reference_evaluator(tmp_path: Path) -> None:
    end = translated(tmp_path, SCRIPT)
    assert (end.status, end.replay.status) == ("passed", "equal")
    assert len(end.replay.cases[0].outputs) == 2
    assert (end.detail.operators > 2, end.detail.outside) == (True, [])


@pytest.mark.full
def test_each_operator_that_does_not_translate_is_listed(tmp_path: Path) -> None:
    script = SCRIPT.replace("(x @ y).relu()", "torch.linalg.eigvalsh(x @ x.T), x.geqrf()[0]")
    end = translated(tmp_path, script)
    names = [operator.name for operator in end.detail.outside]
    assert names == ["aten._linalg_eigh.default", "aten.geqrf.default"]
    assert all(operator.why for operator in end.detail.outside)
    assert end.status == "failed"
    assert end.reason == f"There is no translation of {', '.join(names)}."
    assert end.failure.hint
    assert "\x1b" not in end.failure.message


def test_a_replay_past_its_time_is_ended_whatever_catches_that() -> None:
    def evaluate() -> None:
        try:
            while True:
                pass
        except TimeoutError:
            raise RuntimeError("something else") from None

    with pytest.raises(TimeoutError, match=r"took longer than 0\.05 s"), limited(0.05):
        evaluate()


def test_an_error_before_that_is_its_own() -> None:
    with pytest.raises(RuntimeError, match="its own"), limited(60):
        raise RuntimeError("its own")

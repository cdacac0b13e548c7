"""The staged child records the eager run; the whole child searches with it, or with its own."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from tests.probe_support import Said, run_probe
from workers.probe.call import Call
from workers.probe.eager import run_eager
from workers.probe.frames import Places
from workers.probe.handover import Giver, give, taken
from workers.probe.outputs import TensorLike, output_of
from workers.probe.recorder import recorded
from workers.probe.recording import Key, Recording

SCRIPT = """import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(4, 4)

    def forward(self, x):
        if not torch.compiler.is_exporting():
            print("an eager run")
        kept = x[x[:, 0] > 0.5]
        if kept.shape[0] > 2:
            x = x + 1
        y = self.head(x)
        if y.sum() > 0:
            y = y * int(kept.shape[0] / 2)
        return torch.cat([one[: int(one[0] * 0)] for one in y])

torch.manual_seed(0)
model = Net().eval()
inputs = (torch.rand(6, 4),)
"""


def whole(tmp_path: Path, handed: bytes | None) -> Said:
    """The whole child of the script, with these bytes from the staged one."""
    if handed is None:
        return run_probe(tmp_path, SCRIPT)
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as pipe:
        pipe.write(handed)
    try:
        return run_probe(tmp_path, SCRIPT, handover=reader)
    finally:
        os.close(reader)


def staged(tmp_path: Path, script: str) -> bytes:
    """What the staged child of a script hands over."""
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as pipe:
        try:
            said = run_probe(tmp_path, script, kind="staged", handover=writer)
        finally:
            os.close(writer)
        assert said.log.count("an eager run") >= 1
        return pipe.read()


def found(said: Said) -> list[Any]:
    """The blockers that a whole child told last."""
    last = said.all("blockers")[-1]
    blockers = [
        (b.failure.category, b.failure.culprit.line, b.failure.value) for b in last.blockers
    ]
    return [last.complete, *blockers]


@pytest.fixture(scope="module")
def handed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return staged(tmp_path_factory.mktemp("staged"), SCRIPT)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Said:
    return whole(tmp_path_factory.mktemp("alone"), None)


def test_alone_it_makes_its_own_run(alone: Said) -> None:
    assert alone.log.count("an eager run") == 1
    assert len(found(alone)) > 3


def test_with_a_recording_it_runs_nothing_and_finds_the_same(
    tmp_path: Path, alone: Said, handed: bytes
) -> None:
    said = whole(tmp_path, handed)
    assert said.log.count("an eager run") == 0
    assert found(said) == found(alone)


@pytest.mark.parametrize("kept", [0.0, 0.3, 0.6])
def test_where_the_staged_child_died_it_finds_the_same(
    tmp_path: Path, alone: Said, handed: bytes, kept: float
) -> None:
    said = whole(tmp_path, handed[: int(len(handed) * kept)])
    assert said.log.count("an eager run") == 1
    assert found(said) == found(alone)


@pytest.mark.parametrize(
    "handed",
    [b"no pickle", b"\x80\x05K\x01.", pytest.param(None, id="another model's")],
)
def test_what_is_no_recording_of_it_is_left_aside(
    tmp_path: Path, alone: Said, handed: bytes | None
) -> None:
    other = SCRIPT.replace("nn.Linear(4, 4)", "nn.Sequential(nn.Linear(4, 4))")
    said = whole(tmp_path, staged(tmp_path, other) if handed is None else handed)
    assert said.log.count("an eager run") == 1
    assert found(said) == found(alone)


def test_an_eager_run_that_fails_is_told_as_before(tmp_path: Path) -> None:
    script = SCRIPT.replace("return torch.cat", "raise ValueError('no')\n        return torch.cat")
    reader, writer = os.pipe()
    said = run_probe(tmp_path, script, kind="staged", handover=writer)
    os.close(writer)
    os.close(reader)
    (failed,) = said.all("failed")
    assert (failed.failure.category, failed.failure.message) == ("eager_error", "no")


def test_a_staged_child_that_nobody_listens_to_goes_on(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    said = run_probe(tmp_path, SCRIPT, kind="staged", handover=writer)
    os.close(writer)
    assert said.status == 0
    assert said.all("stage_finished")


class Box:
    """Holds a tensor, and is no pytree."""

    def __init__(self, value: torch.Tensor, label: object) -> None:
        self.value = value
        self.label = label


@pytest.fixture
def pair() -> Iterator[tuple[Giver, Recording]]:
    call = Call(nn.Sequential(nn.Linear(2, 2)), (torch.rand(1, 2),), {}, None, False, "names")
    reader, writer = os.pipe()
    giver = give(writer, call, Path("/upload"))
    assert giver is not None
    recording = taken(reader, call, Path("/elsewhere"))
    assert recording is not None
    yield giver, recording
    giver.close()
    assert list(recording.outputs(("", 0, ""))) == [], "it is read to its end"


KEY: Key = ("/upload/net.py", 3, "make")
THERE: Key = ("/elsewhere/net.py", 3, "make")


def test_shapes_arrive_and_values_do_not(pair: tuple[Giver, Recording]) -> None:
    giver, recording = pair
    value = {"a": torch.rand(2, 3), "n": [1, None, torch.float16], "box": Box(torch.rand(4), "x")}
    giver.end(KEY, giver.begin(KEY), output_of(value))
    got = recording.output(THERE, 0)
    assert got is not None
    assert [like.shape for like in got.tensors] == [(2, 3), (4,)]
    again = got.rebuilt([torch.zeros(2, 3), torch.ones(4)])
    assert (again["n"], again["box"].label) == ([1, None, torch.float16], "x")
    assert again["box"].value.tolist() == [1] * 4
    assert not recording.lacks


def test_a_module_arrives_as_the_reader_s_own(pair: tuple[Giver, Recording]) -> None:
    giver, recording = pair
    call = Call(nn.Sequential(nn.Linear(2, 2)), (), {}, None, False, "names")
    assert isinstance(call.model[0], nn.Linear)
    giver.end(KEY, giver.begin(KEY), output_of(call.model[0]))
    assert recording.output(THERE, 0) is None, "it is none of the model's"
    assert recording.lacks


@pytest.mark.parametrize("leaf", [lambda: 1, threading.Lock(), Box(torch.rand(1), lambda: 1)])
def test_what_cannot_be_sent_is_known_to_lack(pair: tuple[Giver, Recording], leaf: object) -> None:
    giver, recording = pair
    giver.end(KEY, giver.begin(KEY), output_of([leaf]))
    giver.end(KEY, giver.begin(KEY), output_of(5))
    assert recording.output(THERE, 0) is None
    assert recording.lacks
    assert recording.output(THERE, 1) == output_of(5)


def test_a_call_that_runs_still_is_waited_for(pair: tuple[Giver, Recording]) -> None:
    giver, recording = pair
    place = giver.begin(KEY)
    giver.end(KEY, giver.begin(KEY), output_of(1))
    assert recording.output(THERE, 1) == output_of(1)
    threading.Timer(0.1, giver.end, (KEY, place, output_of(2))).start()
    assert recording.output(THERE, 0) == output_of(2)
    giver.close()
    assert recording.output(THERE, 2) is None
    assert [one.leaves for one in recording.outputs(THERE)] == [[2], [1]]
    assert not recording.lacks


def test_calls_of_the_probe_s_hooks_are_not_recorded() -> None:
    """The line that calls a module makes them, and no export will."""
    net, recording = nn.Sequential(nn.Linear(2, 2)), Recording()
    with recorded(Places(Path(__file__).parent), recording):
        run_eager(net, (torch.rand(1, 2),), {}, lambda _path: True)
    called = {function for _, _, function in recording._outputs}
    assert {"linear", "rand"} <= called
    assert not {"detach", "clone", "requires_grad_"} & called, "the copies of its inputs"


def test_what_a_tensor_is_like_is_all_that_is_kept_of_it() -> None:
    (like,) = output_of(torch.rand(3, 2).t()).leaves
    assert like == TensorLike((2, 3), (1, 2), torch.float32, torch.device("cpu"))

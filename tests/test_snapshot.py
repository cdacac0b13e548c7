"""What a forward or an export changes of a model is put back before the next attempt."""

from typing import Any

import pytest
import torch
from torch import nn

from workers.probe.snapshot import Snapshot


class Net(nn.Module):
    seen: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(2, 2)
        self.register_buffer("seen", torch.zeros(()))
        self.is_hooked = False
        self.calls: list[int] = []

    def forward(self, x: torch.Tensor) -> Any:
        if not self.is_hooked:  # as transformers does, to collect hidden states
            self.fc.register_forward_hook(lambda *_given: self.calls.append(1))
            self.is_hooked = True
        self.seen += 1
        return self.fc(x)


def test_hooks_and_the_flag_that_tells_of_them_go_back_together() -> None:
    model = Net()
    snapshot = Snapshot(model)
    for _ in range(3):
        model(torch.rand(1, 2))
        assert (len(model.fc._forward_hooks), len(model.calls), float(model.seen)) == (1, 1, 1)
        snapshot.restore()
        assert (len(model.fc._forward_hooks), model.calls, float(model.seen)) == (0, [], 0)


def test_a_hook_that_was_there_stays_and_can_still_be_removed() -> None:
    model = Net()
    handle = model.fc.register_forward_hook(lambda *_given: None)
    snapshot = Snapshot(model)
    model(torch.rand(1, 2))
    snapshot.restore()
    assert len(model.fc._forward_hooks) == 1
    handle.remove()
    assert len(model.fc._forward_hooks) == 0


@pytest.mark.filterwarnings("ignore:.*torch.jit.script.*:DeprecationWarning")
def test_a_scripted_part_keeps_its_buffers() -> None:
    scripted: Any = torch.jit.script(nn.BatchNorm1d(2))
    model = nn.Sequential(scripted)
    snapshot = Snapshot(model)
    model(torch.rand(4, 2))
    snapshot.restore()
    assert [float(one.sum()) for one in model.buffers()] == [0.0, 2.0, 0.0]

"""A broken script and its half-way fix, run by the real worker and compared."""

from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.services import queue
from app.settings import Settings
from tests.probe_support import SHARED
from tests.web_support import submit
from tests.worker_support import claim_next
from workers.drive import Ended, drive
from workers.wish import Wish

BROKEN = b"""
import torch

class Backbone(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(4, 4)

    def forward(self, x):
        return self.linear(x).relu()

class Head(torch.nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            x = x + 1
        if x.max() > 3:
            x = x * 2
        return x

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = Backbone()
        self.head = Head()

    def forward(self, x):
        return self.head(self.backbone(x))

model, inputs = Net(), (torch.ones(2, 4),)
"""
# One of two branches is gone, and every line is another one's.
HALF_FIXED = b"# The first branch is a torch.where now.\n" + BROKEN.replace(
    b"        if x.sum() > 0:\n            x = x + 1\n",
    b"        x = torch.where(x.sum() > 0, x + 1, x)\n",
)


def test_a_half_way_fix_against_what_it_fixes(
    client: TestClient, engine: Engine, settings: Settings
) -> None:
    scratch = settings.data / "scratch"
    scratch.mkdir()
    for script in (BROKEN, HALF_FIXED):
        submit(client, script)
        claim = claim_next(engine)
        result = drive(engine, claim, settings, lambda: Wish.GO_ON, scratch, SHARED.get())
        assert isinstance(result, Ended)
        assert queue.finish(engine, claim, status=result.status, reason=result.reason)
    found = client.get("/api/compare?base=1&head=2").json()
    causes = {row["change"]: row["base"]["text"].strip() for row in found["causes"]}
    assert causes == {"still": "if x.max() > 3:", "gone": "if x.sum() > 0:"}
    stages = {row["key"]: row for row in found["stages"]}
    backbone, head = stages["component:backbone"], stages["component:head"]
    assert backbone["base"]["graph"] != backbone["head"]["graph"], "its lines are others"
    assert backbone["same_graph"] is True
    assert "graph" not in backbone["changes"]
    assert "failure" in head["changes"]
    assert "-        if x.sum() > 0:\n" in found["diff"]
    assert found["verdict_changed"] is False
    assert client.get("/compare?base=1&head=2").status_code == 200

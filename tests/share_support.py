"""Links made by the API, and a run whose report has all that one can have."""

from typing import Any

from fastapi.testclient import TestClient

from app.models import RemedyStatus, Run, Stage
from app.services.sightings import record_sightings
from tests.web_support import Seed

REPRO = "import torch\n\n\nclass Small(torch.nn.Module):\n    pass\n"
FINGERPRINT = "v1:0123456789abcdef"


def stopped_run(seed: Seed, title: str = "pose net") -> Run:
    """A run that two lines stop: one with a fix that works and a repro, and all of it together."""
    run = seed.searched(2, title=title)
    seed.remedy(run, 1)
    seed.remedy(run, 2, 2, status=RemedyStatus.FAILS, reason="It raises an IndexError.")
    seed.combined(run, 3)
    seed.session.flush()
    first = seed.blocker(run, 3, fingerprint=FINGERPRINT)
    first.repro = {"status": "reproduces", "text": REPRO}
    seed.session.flush()
    record_sightings(seed.session, run)
    return run


def passed_stage(seed: Seed, run: Run, n: int) -> Stage:
    """A stage of it that passed, with a guard and code that quotes the script."""
    code = (
        'def forward(self, image: "f32[s0, 3]"):\n'
        "    # File: model.py:8 in forward, code: y = hidden_recipe(image)\n"
        "    relu = torch.ops.aten.relu.default(image)\n"
        "    return (relu,)\n"
    )
    stage = seed.stage(run, n, name="neck")
    stage.graph_id = seed.graph("code", code).id
    seed.guard(stage, text="if hidden_recipe(image):")
    return stage


def link_to(client: TestClient, **wanted: Any) -> str:
    """The path of a new link."""
    answer = client.post("/api/shares", json=wanted)
    assert answer.status_code == 201, answer.text
    url: str = answer.json()["url"]
    return url.removeprefix("http://127.0.0.1")

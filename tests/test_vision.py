"""torchvision's real models in the vision runtime: what plain torch.export says of each."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bench.fresh import VISION_MODELS, ask_each, vision_settings
from bench.server import VERDICT_ONLY, running_server, submit, wait_for

BOXES = "torchvision/ops/boxes.py"
DETECTION = "torchvision/models/detection"
# Of torchvision 0.29.1: non-maximum suppression, RoI pooling, box decoding, and mask pasting.
STOPS_MASK_RCNN = {
    (BOXES, 86),
    (BOXES, 121),
    ("torchvision/ops/poolers.py", 185),
    (f"{DETECTION}/_utils.py", 176),
    (f"{DETECTION}/_utils.py", 179),
    (f"{DETECTION}/roi_heads.py", 418),
    (f"{DETECTION}/roi_heads.py", 419),
    (f"{DETECTION}/roi_heads.py", 496),
}

pytestmark = [pytest.mark.full, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def server() -> Iterator[httpx.Client]:
    """A real server whose one runtime is the vision one; fails where that is not installed."""
    with running_server(**vision_settings(), **VERDICT_ONLY) as client:
        yield client


@pytest.fixture(scope="module")
def submitted(server: httpx.Client) -> dict[str, str]:
    """All ten at once: they wait in the queue for the one worker."""
    return {script.stem: submit(server, script) for script in VISION_MODELS}


@pytest.fixture(scope="module")
def truths() -> dict[str, Any]:
    """What plain export says of each, by the file's name: one Python, which forks for each."""
    told = ask_each("bench.truth", "--no-strict", *map(str, VISION_MODELS))
    return {truth["script"]: truth for truth in told}


def test_there_are_ten_models() -> None:
    assert len(VISION_MODELS) == 10


@pytest.mark.parametrize("script", VISION_MODELS, ids=lambda script: script.stem)
def test_the_verdict_is_plain_exports_and_the_culprit_its_innermost_user_frame(
    server: httpx.Client, submitted: dict[str, str], truths: dict[str, Any], script: Path
) -> None:
    truth = truths[script.name]
    run = wait_for(server, submitted[script.stem])
    assert run["status"] == "finished", run["reason"]
    assert run["runtime"] == "vision"
    (whole,) = (stage for stage in run["stages"] if stage["kind"] == "whole")
    if truth["ok"]:
        assert (run["verdict"], whole["status"]) == ("exported", "passed")
        assert whole["replay"] == "equal", whole["replay_why"]
        assert run["blockers"] == []
        return
    assert (run["verdict"], whole["status"]) == ("partly", "failed")
    failure = whole["failure"]
    assert (failure["file"], failure["line"]) == (truth["file"], truth["line"])
    assert failure["exception"].endswith(truth["exception"])
    first: dict[str, Any] = run["blockers"][0]
    assert (first["file"], first["line"]) == (truth["file"], truth["line"])


def test_no_stage_of_any_of_them_is_our_own_fault(
    server: httpx.Client, submitted: dict[str, str]
) -> None:
    for name, address in submitted.items():
        run = wait_for(server, address)
        ours = [
            stage["name"]
            for stage in run["stages"]
            if stage["failure"] and stage["failure"]["category"] in ("internal", "crash")
        ]
        assert ours == [], name
        assert [note for note in run["notes"] if note["code"] == "capture_failed"] == [], name


def test_all_that_stops_mask_rcnn_is_found_in_one_run(
    server: httpx.Client, submitted: dict[str, str]
) -> None:
    run = wait_for(server, submitted["mask_rcnn"])
    assert run["search"]["complete"] == "clean", run["search"]["reason"]
    assert {(blocker["file"], blocker["line"]) for blocker in run["blockers"]} >= STOPS_MASK_RCNN
    suppression = run["blockers"][0]
    assert (suppression["file"], suppression["line"]) == (BOXES, 86)
    assert [place["module"] for place in suppression["occurrences"]] == ["rpn", "roi_heads"]

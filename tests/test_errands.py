"""The main job, end to end: a real server, a real worker, real probes, real torch."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.settings import ROOT
from bench.processes import command, descendants, is_forked
from bench.server import VERDICT_ONLY, running_server, submit, wait_for
from tests.promises import EXAMPLES, STALLS, promise_of

SECONDS = 120


@pytest.fixture(scope="module")
def server() -> Iterator[httpx.Client]:
    with running_server(**VERDICT_ONLY) as client:
        yield client


@pytest.fixture(scope="module")
def submitted(server: httpx.Client) -> dict[str, str]:
    """All examples at once: they wait in the queue for the one worker."""
    return {script.stem: submit(server, script) for script in EXAMPLES}


def stage_of(client: httpx.Client, run: dict[str, Any], kind: str) -> dict[str, Any]:
    """The first stage of this kind, in full."""
    n = next(stage["n"] for stage in run["stages"] if stage["kind"] == kind)
    found: dict[str, Any] = client.get(f"/api/runs/{run['id']}/stages/{n}").json()
    return found


def until(look: Callable[[], Any]) -> Any:
    """What `look` gives, once it gives something."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.05)
    raise TimeoutError("it never came")


def running_as(word: str, parent: int | None = None) -> list[int]:
    """The processes whose command line has `word`, below this test's own."""
    return [pid for pid in descendants(parent or os.getpid()) if word in command(pid)]


def probes(parent: int | None = None) -> list[int]:
    """The children of zygotes."""
    return [pid for pid in running_as("bootstrap.py", parent) if is_forked(pid)]


@pytest.mark.parametrize("script", EXAMPLES, ids=lambda script: script.stem)
def test_each_example_ends_as_it_promises(
    server: httpx.Client, submitted: dict[str, str], script: Path
) -> None:
    promise = promise_of(script)
    run = wait_for(server, submitted[script.stem])
    assert (run["status"], run["verdict"]) == ("finished", promise.verdict)
    whole = stage_of(server, run, "whole")
    later = ("decomposed", "bypass", "part")
    planned = [stage["kind"] for stage in run["stages"] if stage["kind"] not in later]
    assert planned[-1] == "whole"
    if promise.verdict == "exported":
        assert (whole["status"], whole["replay"]) == ("passed", "equal")
        assert run["failure"] is None
        assert run["blockers"] == []
        graph = server.get(f"/api/graphs/{whole['graph']}").json()
        assert graph["version"] == 2
        assert run["stages"][-1]["kind"] == "decomposed"
        assert {stage["status"] for stage in run["stages"]} == {"passed"}
    else:
        blocker = run["blockers"][0]
        assert run["search"]["complete"] == "clean"
        expected = (promise.category, script.name, promise.line)
        assert (blocker["category"], blocker["file"], blocker["line"]) == expected
        assert whole["status"] == "failed"
        passed = {stage["role"] for stage in run["stages"] if stage["status"] == "passed"}
        assert {"backbone", "neck"} <= passed


def test_a_script_that_exports_itself_needs_no_change(server: httpx.Client, tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(
        "import argparse, torch\n"
        "from torch import nn\n"
        "def main():\n"
        "    args = argparse.ArgumentParser()\n"
        "    args.add_argument('--width', type=int, default=8)\n"
        "    width = args.parse_args().width\n"
        "    net = nn.Sequential(nn.Linear(4, width), nn.ReLU(), nn.Linear(width, 2)).eval()\n"
        "    ep = torch.export.export(net, (torch.randn(3, 4),))\n"
        "    torch.export.save(ep, 'net.pt2')\n"
        "    print('saved')\n"
        "if __name__ == '__main__':\n"
        "    main()\n"
    )
    run = wait_for(server, submit(server, script, options='{"argv": ["--width", "16"]}'))
    assert (run["verdict"], run["loaded"]["form"]) == ("exported", "exports_itself")
    assert run["loaded"]["parameters"] == 4 * 16 + 16 + 16 * 2 + 2
    assert "saved" not in server.get(f"/api/runs/{run['id']}/log").text


def test_a_killed_probe_fails_its_run_and_keeps_what_was_finished(tmp_path: Path) -> None:
    script = tmp_path / "stalls.py"
    script.write_text(STALLS.replace("SECONDS", "300"))
    with running_server(**VERDICT_ONLY) as client:
        address = submit(client, script)
        until(lambda: _in_second_stage(client, address))
        for pid in probes():
            os.kill(pid, signal.SIGKILL)
        run = wait_for(client, address)
    assert run["status"] == "failed"
    assert "SIGKILL" in run["reason"]
    backbone, head, *rest = run["stages"]
    assert (backbone["status"], head["status"]) == ("passed", "failed")
    assert head["failure"]["category"] == "crash"
    assert {stage["status"] for stage in rest[:-1]} == {"skipped"}
    assert rest[-1]["kind"] == "whole"
    assert rest[-1]["status"] in ("failed", "skipped")  # both were killed: whichever is seen first


def test_the_run_of_a_killed_worker_is_taken_up_again_and_finished_once(tmp_path: Path) -> None:
    script = tmp_path / "slow.py"
    script.write_text(STALLS.replace("SECONDS", "4"))
    others = running_as("-m workers")
    with running_server(**VERDICT_ONLY) as client:
        address = submit(client, script)
        until(lambda: _in_second_stage(client, address))
        (worker,) = set(running_as("-m workers")) - set(others)
        running = probes(worker)
        os.kill(worker, signal.SIGKILL)
        until(lambda: not any("bootstrap.py" in command(pid) for pid in running))
        run = wait_for(client, address)
        text = client.get(f"{address}/events", timeout=SECONDS).text
    assert (run["status"], run["verdict"]) == ("finished", "exported")
    keys = [stage["n"] for stage in run["stages"]]
    assert keys == sorted(set(keys))
    assert {stage["status"] for stage in run["stages"]} == {"passed"}
    assert text.count('event: run\ndata: {"status": "finished"') == 1


def _in_second_stage(client: httpx.Client, address: str) -> bool:
    stages = client.get(address).json()["stages"]
    statuses = [stage["status"] for stage in stages if stage["kind"] == "component"]
    return statuses == ["passed", "running"]


@pytest.mark.full
@pytest.mark.parametrize(
    ("model", "backbone", "head"),
    [
        ("vitpose", "backbone", "head"),
        ("videomae", "videomae", "classifier"),
        ("mask2former", "model.pixel_level_module.encoder", "class_predictor"),
    ],
)
def test_a_real_model_runs_through_with_its_parts_found(
    server: httpx.Client, model: str, backbone: str, head: str
) -> None:
    run = wait_for(server, submit(server, ROOT / "bench" / "models" / f"{model}.py"))
    assert (run["status"], run["verdict"]) == ("finished", "exported")
    roles = {component["path"]: component["role"] for component in run["plan"]}
    assert (roles[backbone], roles[head]) == ("backbone", "head")
    assert {stage["status"] for stage in run["stages"]} == {"passed"}
    whole = stage_of(server, run, "whole")
    assert whole["replay"] == "equal"
    assert run["coverage"]["parameters"] == run["coverage"]["parameters_exported"]

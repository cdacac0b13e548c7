"""All blockers of torchvision's Mask R-CNN: one run, beside draft_export and report_exportability.

    python -m bench.blockers [--rounds N]

A run is timed on a real server whose vision runtime is warm, from the submit until the last of its
blockers is told, and to its end: loading the script, the eager run and the other stages are
inside. The tools are timed alone, in a fresh process each, with torch imported and the model made
before the clock starts. DESIGN's budget: 0.3 x draft_export, 1.0 x report_exportability. The tools'
faster time counts, of a process that exported nothing before (cold) and of one that did (warm).
"""

import argparse
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from bench.fresh import MASK_RCNN, ROOT, Answer, ask_tool, vision_settings
from bench.server import RUN_SECONDS, VERDICT_ONLY, running_server, submit, wait_for

POLL_SECONDS = 0.05
EXAMPLE = ROOT / "examples" / "pose_hrnet_fixed.py"
BUDGETS = {"draft_export": 0.3, "report_exportability": 1.0}


@dataclass(frozen=True)
class Found:
    """What a run found, and when. Seconds from the submit."""

    blockers: list[dict[str, Any]]
    search: dict[str, Any] | None
    known: float  # no blocker came after it
    searched: float  # that was certain
    ended: float


def main() -> None:
    """Time both ways in turn and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    with running_server(**vision_settings(), **VERDICT_ONLY) as client:
        warm_up(client)
        runs = [find(client) for _ in range(options.rounds)]
    _print_run(runs[0])
    known = statistics.median(run.known for run in runs)
    ended = statistics.median(run.ended for run in runs)
    searched = statistics.median(run.searched for run in runs)
    print(f"all are known after {known:.1f} s, for certain after {searched:.1f} s")
    print(f"{'':26}{'seconds':>8}{'known':>10}{'ended':>10}{'budget':>10}")
    print(f"{'a run':26}{'':>8}{known:10.1f}{ended:10.1f}")
    for tool, budget in BUDGETS.items():
        for warm in (False, True):
            answer = ask_tool(tool, MASK_RCNN, warm=warm)
            _print_tool(tool, answer, known, ended, budget, warm=warm)


def warm_up(client: httpx.Client) -> None:
    """Have the zygote forked from once, and the page cache warm."""
    wait_for(client, submit(client, EXAMPLE))


def find(client: httpx.Client, script: Path = MASK_RCNN) -> Found:
    """Submit a script, and watch until its run has ended."""
    started = time.perf_counter()
    run, known, searched = submit(client, script), 0.0, 0.0
    blockers: list[dict[str, Any]] = []
    search: dict[str, Any] | None = None
    while (now := time.perf_counter() - started) < RUN_SECONDS:
        told = client.get(run).json()
        if told["blockers"] != blockers:
            blockers, known = told["blockers"], now
        if told["search"] != search:
            search, searched = told["search"], now
        if told["finished_at"]:
            return Found(blockers, search, known, searched, now)
        time.sleep(POLL_SECONDS)
    raise TimeoutError(f"{run} has no end after {RUN_SECONDS} s")


def _print_run(run: Found) -> None:
    for blocker in run.blockers:
        print(f"{blocker['category']:24} {blocker['file']}:{blocker['line']} {blocker['module']}")
    print(f"search: {run.search}")


def _print_tool(
    tool: str, answer: Answer, known: float, ended: float, budget: float, *, warm: bool
) -> None:
    ratios = f"{known / answer.seconds:10.2f}{ended / answer.seconds:10.2f}{budget:10.2f}"
    state = "warm" if warm else "cold"
    print(f"{tool + ', ' + state:26}{answer.seconds:8.1f}{ratios}  {answer.said}", flush=True)


if __name__ == "__main__":
    main()

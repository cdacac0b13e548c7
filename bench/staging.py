"""A run's time against plain exports of its own stages, for ten real models of torchvision.

    python -m bench.staging [--no-draft] [script.py …]

`run` is the wall time from the submit to the end, on a real server whose vision runtime is warm.
`plain` is the sum of warm, plain exports of the same stages in a fresh process on one thread, and
`replay` that of their replays. DESIGN's budget: run <= 1.25 x plain + replay + 0.5 s; `ratio` is
the run against it. The search for blockers has no plain form: `bypass` is what its exports took
inside the run, and `with` the ratio to the budget with that time added. `inside` is the stages'
own export time as the run measured it, `load` and `eager` what one of its two probes spent on
these. The tools beside
it are timed cold, in a fresh process, torch imported and the model made before.
"""

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from bench.blockers import warm_up
from bench.fresh import VISION_MODELS, Answer, ask, ask_tool, vision_settings
from bench.server import VERDICT_ONLY, running_server, submit, wait_for

FACTOR, EXTRA_SECONDS = 1.25, 0.5
REPEATABLE = ("component", "part", "assembled", "whole")


@dataclass(frozen=True)
class Measured:
    """One model's figures, all in seconds."""

    script: Path
    run: float
    load: float
    eager: float
    inside: float
    plain: float
    replay: float
    bypass: float

    @property
    def budget(self) -> float:
        """What DESIGN allows the run."""
        return FACTOR * self.plain + self.replay + EXTRA_SECONDS


def main() -> None:
    """Measure every script and print a row each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scripts", nargs="*", type=Path)
    parser.add_argument("--no-draft", action="store_true", help="draft_export takes minutes")
    options = parser.parse_args()
    tools = (
        ["report_exportability"] if options.no_draft else ["report_exportability", "draft_export"]
    )
    heads = ("run", "load", "eager", "inside", "plain", "replay", "bypass", "ratio", "with")
    print(f"{'':16}{''.join(f'{head:>8}' for head in heads)}  {'  '.join(tools)}")
    with running_server(**vision_settings(), **VERDICT_ONLY) as client:
        warm_up(client)
        for script in options.scripts or VISION_MODELS:
            measured = measure(client, script)
            _print(measured, [ask_tool(tool, script, warm=False) for tool in tools])


def measure(client: httpx.Client, script: Path) -> Measured:
    """Run one script, then its stages by plain exports."""
    started = time.perf_counter()
    run = wait_for(client, submit(client, script))
    seconds = time.perf_counter() - started
    tried = [stage for stage in run["stages"] if stage["seconds"] is not None]
    plain = plain_stages(script, [stage for stage in tried if stage["kind"] in REPEATABLE])
    return Measured(
        script,
        run=seconds,
        load=run["loaded"]["seconds"],
        eager=run["eager"]["seconds"],
        inside=sum(stage["seconds"] for stage in tried),
        plain=sum(item["export"] for item in plain),
        replay=sum(item["replay"] for item in plain),
        bypass=sum(stage["seconds"] for stage in tried if stage["kind"] not in REPEATABLE),
    )


def plain_stages(script: Path, stages: list[dict[str, Any]]) -> list[dict[str, float]]:
    """Export and replay seconds of each stage, by bench.plain_stages."""
    wanted = [
        {
            "kind": stage["kind"],
            "component": stage["component"],
            "replay": stage["replay"] != "not_run",
        }
        for stage in stages
    ]
    answer = ask("bench.plain_stages", str(script.resolve()), given=json.dumps(wanted))
    seconds: list[dict[str, float]] = answer["seconds"]
    return seconds


def _print(measured: Measured, answers: list[Answer]) -> None:
    figures = (
        measured.run,
        measured.load,
        measured.eager,
        measured.inside,
        measured.plain,
        measured.replay,
        measured.bypass,
        measured.run / measured.budget,
        measured.run / (measured.budget + measured.bypass),
    )
    others = "  ".join(f"{answer.seconds:.1f} ({answer.said})" for answer in answers)
    print(f"{measured.script.stem:16}{''.join(f'{x:8.2f}' for x in figures)}  {others}", flush=True)


if __name__ == "__main__":
    main()

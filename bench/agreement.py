"""Does Stagelight say what plain torch.export says? The truth, its answer, and what differs."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TRUTH = ROOT / "bench" / "truth.py"
ARCHITECTURES = ROOT / "bench" / "models" / "architectures"
# Categories that say that Stagelight itself fell short, wherever in a run they stand.
OUR_FAULT = frozenset({"internal", "crash", "sandbox", "timeout", "out_of_memory"})
# No traceback has these lines, and plain export says them nowhere.
GUARD, CALL = "the guard's line", "the export call"


@dataclass(frozen=True)
class Truth:
    """What bench/truth.py found in a fresh Python."""

    ok: bool
    seconds: float
    model: str
    exception: str = ""
    message: str = ""
    file: str | None = None
    line: int | None = None
    elsewhere: str = ""  # which line DESIGN wants where it is not the innermost frame's
    script: str = ""

    @property
    def place(self) -> str:
        """`file:line`; empty where there is none."""
        return f"{self.file}:{self.line}" if self.file else ""


@dataclass(frozen=True)
class Answer:
    """What Stagelight said of the whole model, and of itself."""

    passed: bool
    category: str = ""
    exception: str = ""
    place: str = ""  # file:line of the culprit
    seconds: float | None = None  # of the export
    replay: str = ""  # of the whole stage
    unequal: Sequence[str] = ()  # stages of any kind that export otherwise than eager computes
    faults: Sequence[str] = ()  # what went wrong that is not the script's doing


def tell_truth(scripts: Sequence[Path], strict: bool | None = None) -> list[Truth]:
    """Plain export of each script; one script has a fresh Python, several a forked one each."""
    flags = [] if strict is None else ["--strict" if strict else "--no-strict"]
    done = subprocess.run(
        [sys.executable, str(TRUTH), *flags, *map(str, scripts)],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "OMP_NUM_THREADS": "1"},
    )
    if done.returncode:
        raise RuntimeError(f"truth.py ended with {done.returncode}: {done.stderr[-2000:]}")
    return [Truth(**json.loads(line)) for line in done.stdout.splitlines()]


def differences(truth: Truth, answer: Answer) -> list[str]:
    """In words, all that is not as it has to be; empty where they agree."""
    found = list(answer.faults)
    if truth.ok != answer.passed:
        found.append(f"export {_word(truth.ok)}, Stagelight says {_word(answer.passed)}")
    elif not truth.ok:
        if truth.exception != answer.exception:
            found.append(f"raised {truth.exception}, Stagelight says {answer.exception}")
        found += _place_differs(truth, answer)
    return found


def _word(passed: bool) -> str:
    return "passed" if passed else "failed"


def _place_differs(truth: Truth, answer: Answer) -> list[str]:
    """The culprit against the line that the truth has, where it has one."""
    if truth.elsewhere == GUARD:
        # Which guard is nowhere said; the export call, which the traceback ends in, is none.
        is_guard = answer.place not in ("", truth.place)
        return [] if is_guard else [f"a guard's line, culprit {answer.place or 'none'}"]
    if truth.place == answer.place or truth.elsewhere == CALL:
        return []
    return [f"line {truth.place or 'none'}, culprit {answer.place or 'none'}"]


def from_run(run: dict[str, Any]) -> Answer:
    """The answer of a run that has ended, as GET /api/runs/{id} gives it."""
    whole = next((s for s in run["stages"] if s["kind"] == "whole"), None)
    faults = [f"run {run['status']}: {run['reason']}"] if run["status"] != "finished" else []
    if run["verdict"] == "script_error":
        faults.append(f"script_error: {(run['failure'] or {}).get('message', '')[:200]}")
    for stage in run["stages"]:
        category = (stage["failure"] or {}).get("category")
        if category in OUR_FAULT:
            faults.append(f"stage {stage['name']}: {category}: {stage['failure']['message'][:200]}")
    if whole is None:
        return Answer(passed=False, faults=faults or ["there is no whole stage"])
    failure = whole["failure"] or {}
    return Answer(
        passed=whole["status"] == "passed",
        category=failure.get("category", ""),
        exception=failure.get("exception", ""),
        place=f"{failure['file']}:{failure['line']}" if failure.get("file") else "",
        seconds=whole["seconds"],
        replay=whole["replay"],
        unequal=[
            f"{stage['kind']} {stage['name']}: {stage['replay_why']}"
            for stage in run["stages"]
            if stage["replay"] == "different"
        ],
        faults=faults,
    )

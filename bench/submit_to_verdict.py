"""Submit → whole-model verdict, against a cold `python script.py` that only exports.

    python -m bench.submit_to_verdict [--rounds N] [script.py …]

Both are timed in turn in one run, so that the ratio holds on a machine whose speed drifts.
DESIGN's budget is a ratio of at most 1.0, warm. Without scripts: the examples and three models of
transformers.
"""

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

import httpx

from bench.server import VERDICT_ONLY, running_server, submit, wait_for

ROOT = Path(__file__).resolve().parent.parent
COLD = ROOT / "bench" / "cold_export.py"


def main() -> None:
    """Time every script and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scripts", nargs="*", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    scripts = options.scripts or [
        *sorted((ROOT / "examples").glob("*.py")),
        *sorted((ROOT / "bench" / "models").glob("*.py")),
    ]
    print(f"{'script':36} {'verdict':>10} {'submit':>8} {'cold':>8} {'ratio':>6}  (s, medians)")
    with running_server(**VERDICT_ONLY) as client:
        submit_once(client, scripts[0])  # the page cache is warm for both
        ratios = [compare(client, script, options.rounds) for script in scripts]
    print(f"{'geometric mean of the ratios':64} {statistics.geometric_mean(ratios):6.2f}")


def compare(client: httpx.Client, script: Path, rounds: int) -> float:
    """Time one script in turn both ways; prints a row and returns the median of the ratios."""
    pairs = [(submit_once(client, script), cold_once(script)) for _ in range(rounds)]
    verdict = pairs[0][0][1]
    warm = statistics.median(seconds for (seconds, _), _ in pairs)
    cold = statistics.median(seconds for _, seconds in pairs)
    ratio = statistics.median(seconds / other for (seconds, _), other in pairs)
    print(f"{script.stem:36} {verdict!s:>10} {warm:8.2f} {cold:8.2f} {ratio:6.2f}", flush=True)
    return ratio


def submit_once(client: httpx.Client, script: Path) -> tuple[float, object]:
    """Seconds from the submit until export's answer on the whole model is known.

    The rest of the run is waited for outside the time: it would slow down what comes next.
    """
    started = time.perf_counter()
    run = submit(client, script)
    wait_for(client, run, "whole_at")
    seconds = time.perf_counter() - started
    return seconds, wait_for(client, run)["verdict"]


def cold_once(script: Path) -> float:
    """Seconds of a fresh Python that only exports."""
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, str(COLD), str(script)],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1"},
    )
    return time.perf_counter() - started


if __name__ == "__main__":
    main()

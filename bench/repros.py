"""Repros of the planted set, or of scripts: how many are found, how small they are, how fast.

    python -m bench.repros [--table] [NAME or PATH ...]

For each blocker that the probe tells of a model, a script is looked for as a worker does it, and
run by the probe: it counts where it fails with the same fingerprint. Then plain Python runs it, and
has to stop at the same line. With STAGELIGHT_RUNTIMES=vision=.venv-vision/bin/python both are of
another torch; plain Python then has to fail in the words of the blocker's category.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import torch

from tests import probe_support
from tests.planted_set import planted
from tests.planted_truth import EVIDENCE
from tests.probe_support import SHARED
from tests.repro_support import Made, complaint_of, repros_of

Files = dict[str, str]
probe_support.SECONDS = 600  # that a probe may say nothing: models are larger than those of tests


def main() -> int:
    """Print a line for each blocker and the sums; the exit status is 1 where one is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME or PATH")
    parser.add_argument("--table", action="store_true", help="the sums as a Markdown table")
    options = parser.parse_args()
    torch.set_num_threads(1)  # plain Python is forked from here
    made: list[Made] = []
    wrong = 0
    try:
        for name, files, entry in uploads(options.names):
            for one in found(name, files, entry):
                made.append(one)
                wrong += tell(name, one)
    finally:
        SHARED.close()
    print_table(made) if options.table else print_sums(made)
    return min(wrong, 1)


def uploads(names: list[str]) -> list[tuple[str, Files, str]]:
    """Models of the planted set by name, scripts by path; the whole set where none is given."""
    known = {one.name: (one.name, one.files, one.entry) for one in planted() if one.faults}
    if not names:
        return [*known.values()]
    paths = {name: Path(name) for name in names if name not in known}
    given = {
        name: (path.stem, {path.name: path.read_text()}, path.name) for name, path in paths.items()
    }
    return [known.get(name) or given[name] for name in names]


def found(name: str, files: Files, entry: str) -> list[Made]:
    """The repros of one upload; none where it is not stopped, or the probe does not come to it."""
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        try:
            made = repros_of(Path(folder), files, entry)
        except AssertionError as error:
            print(f"{name}: {str(error).partition(chr(10))[0]}", flush=True)
            return []
    if made:
        print(f"{name}: {time.perf_counter() - started:.1f} s for {len(made)}", flush=True)
    return made


def tell(name: str, one: Made) -> bool:
    """Print what came of one; whether plain Python says otherwise."""
    kind = one.blocker.category.value
    if not one.reproduces:
        print(f"  none  {name} {kind}: {one.found['why']}", flush=True)
        return False
    python = os.environ.get("STAGELIGHT_RUNTIMES", "").partition("=")[2]
    complaint = complaint_of_other(one, python) if python else complaint_of(one)
    seconds = one.found["seconds"]
    word = "WRONG" if complaint else "same "
    print(f"  {word} {name} {kind}: {one.lines} lines, {seconds} s {complaint}", flush=True)
    return bool(complaint)


def complaint_of_other(one: Made, python: str) -> str:
    """How another plain Python fails otherwise at a repro; empty where it fails alike."""
    done = subprocess.run(
        [python, "-c", one.found["text"]], capture_output=True, text=True, check=False
    )
    if done.returncode == 0:
        return "it exports"
    wanted = EVIDENCE[one.blocker.category.value]
    return "" if re.search(wanted, done.stderr) else f"no sign of it: {done.stderr[-200:]}"


def print_sums(made: list[Made]) -> None:
    """How many reproduce, and how small they are."""
    same = [one for one in made if one.reproduces]
    if same:
        lines = [one.lines for one in same]
        print(
            f"{len(same)} of {len(made)} reproduce; "
            f"{statistics.median(lines):.0f} lines (median), {max(lines)} at most; "
            f"{statistics.median(one.found['seconds'] for one in same):.1f} s (median)"
        )


def print_table(made: list[Made]) -> None:
    """The same by category."""
    print("| Category | Blockers | Reproduced | Lines (median) |\n|---|---|---|---|")
    for kind, count in sorted(Counter(one.blocker.category.value for one in made).items()):
        same = [m.lines for m in made if m.reproduces and m.blocker.category.value == kind]
        lines = f"{statistics.median(same):.0f}" if same else ""
        print(f"| {kind} | {count} | {len(same)} | {lines} |")
    print_sums(made)


if __name__ == "__main__":
    sys.exit(main())

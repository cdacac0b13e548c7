"""Stagelight against plain torch.export, on torch's own catalogue and on transformers models.

    python -m bench.coverage [--resume] [--only NAME …]

The truth of each script comes from a fresh Python (bench/truth.py), the answer from a real server
and its worker, over HTTP. Prints what differs, and renews docs/coverage.md; the exit status is 1
if anything differs. What was seen is kept in build/coverage.jsonl, so that a run that was ended can
go on (--resume) and one script can be seen again (--only).
"""

import argparse
import dataclasses
import json
import re
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from bench.agreement import ARCHITECTURES, ROOT, Answer, Truth, from_run, tell_truth
from bench.catalogue import catalogue
from bench.coverage_page import Row, page, said
from bench.server import VERDICT_ONLY, running_server, submit, wait_for

PAGE = ROOT / "docs" / "coverage.md"
KEPT = ROOT / "build" / "coverage.jsonl"
TITLE = re.compile(r'"""A small (.+) with random weights: (.+)\."""')
# Of each list of scripts: what is said about `strict`.
MODES: dict[str, bool | None] = {"models": None, "lenient": False, "strict": True}
Key = tuple[str, str]  # the list and the script's name


@dataclass(frozen=True)
class Script:
    """One script in one of the lists."""

    mode: str
    path: Path

    @property
    def key(self) -> Key:
        """What its result is kept under."""
        return self.mode, self.path.stem


def main() -> None:
    """Compare what is wanted, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--resume", action="store_true", help="only what is not kept yet")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these, beside what is kept")
    options = parser.parse_args()
    kept = read_kept() if options.resume or options.only else {}
    with tempfile.TemporaryDirectory() as folder:
        scripts = all_scripts(Path(folder))
        rows = {script.key: kept[script.key] for script in scripts if script.key in kept}
        wanted = [
            script
            for script in scripts
            if (script.path.stem in options.only if options.only else script.key not in rows)
        ]
        see(wanted, rows)
    if len(rows) == len(scripts):
        PAGE.write_text(
            page(*([row for key, row in sorted(rows.items()) if key[0] == mode] for mode in MODES))
        )
    sys.exit(any(row.differs for row in rows.values()))


def all_scripts(folder: Path) -> list[Script]:
    """Every script; the catalogue's are written to `folder`."""
    for name, text in catalogue().items():
        (folder / f"{name}.py").write_text(text)
    cases = sorted(folder.glob("*.py"))
    models = [Script("models", path) for path in sorted(ARCHITECTURES.glob("*.py"))]
    return models + [Script(mode, path) for mode in ("lenient", "strict") for path in cases]


def see(scripts: list[Script], rows: dict[Key, Row]) -> None:
    """See each script both ways, one after the other; keeps and prints each at once."""
    with running_server(**VERDICT_ONLY) as client:
        for script in scripts:
            row = rows[script.key] = compare(client, script)
            write_kept(rows)
            differs = "; ".join(row.differs) or "equal"
            print(f"{script.mode:8} {row.name:32} {said(row.truth):36} {differs}", flush=True)
            for stage in row.answer.unequal:
                print(f"{'':8} replay differs: {stage}", flush=True)


def compare(client: httpx.Client, script: Script) -> Row:
    """What plain export says of a script, and what Stagelight does."""
    strict = MODES[script.mode]
    [truth] = tell_truth([script.path], strict)
    options = {} if strict is None else {"strict": strict}
    run = submit(client, script.path, options=json.dumps(options))
    answer = from_run(wait_for(client, run, "finished_at"))
    title = TITLE.match(script.path.read_text())
    names = (title[1], title[2]) if title else (script.path.stem, "")
    return Row(script.path.stem, *names, truth, answer)


def write_kept(rows: dict[Key, Row]) -> None:
    """Keep what was seen so far."""
    KEPT.parent.mkdir(exist_ok=True)
    lines = (json.dumps([mode, dataclasses.asdict(row)]) for (mode, _), row in rows.items())
    KEPT.write_text("".join(f"{line}\n" for line in lines))


def read_kept() -> dict[Key, Row]:
    """What an earlier run has seen."""
    if not KEPT.exists():
        return {}
    found = map(json.loads, KEPT.read_text().splitlines())
    return {(mode, row["name"]): row_from(row) for mode, row in found}


def row_from(row: dict[str, Any]) -> Row:
    """A row as it was kept."""
    made: dict[str, Callable[..., Any]] = {"truth": Truth, "answer": Answer}
    return Row(**row | {name: cls(**row[name]) for name, cls in made.items()})


if __name__ == "__main__":
    main()

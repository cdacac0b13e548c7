"""Stagelight against plain torch.export, on torch's own catalogue and on transformers models.

    python -m bench.coverage [--only NAME …] [--write]

The truth of each script comes from a fresh Python (bench/truth.py), the answer from a real server
and its worker, over HTTP. Prints what differs, and with --write renews docs/coverage.md; the exit
status is the number of scripts that differ.
"""

import argparse
import re
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import httpx

from bench.agreement import ARCHITECTURES, ROOT, Answer, Truth, differences, from_run, tell_truth
from bench.catalogue import catalogue
from bench.server import running_server, submit, wait_for

PAGE = ROOT / "docs" / "coverage.md"
TITLE = re.compile(r'"""A small (.+) with random weights: (.+)\."""')
STRICT_OPTIONS = {None: "{}", False: '{"strict": false}', True: '{"strict": true}'}

INTRO = """\
# Coverage: Stagelight against plain torch.export

Made by `make coverage-table`: do not edit. Each script was exported by plain
`torch.export.export` in a fresh Python (`bench/truth.py`, none of Stagelight's code), then
submitted to a real server over HTTP. They agree when the whole stage has the same verdict, the same
exception class and the same line, and no stage of the run ends in an error of Stagelight's own.

The line has to be the innermost frame outside torch and Python, found a second time, on its own,
by `bench/truth.py`. For three kinds of failure no traceback has the line that Stagelight names (the
`return` of an unsupported output, the guard that fixed a dimension, the export call of an
unsupported input). For these, marked *, the verdict and the exception are compared, and for an
unsupported output also that the line belongs to a `return`.

"""


@dataclass(frozen=True)
class Row:
    """One script, seen both ways."""

    name: str
    title: str
    task: str
    truth: Truth
    answer: Answer

    @property
    def differs(self) -> list[str]:
        """What is not as it has to be."""
        return differences(self.truth, self.answer)


def main() -> None:
    """Compare all, print and perhaps write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these scripts, of either list")
    parser.add_argument("--write", action="store_true", help=f"renew {PAGE.relative_to(ROOT)}")
    options = parser.parse_args()
    if options.only and options.write:
        parser.error("the page is of all scripts")
    with running_server() as client, tempfile.TemporaryDirectory() as folder:
        models = [*compare(client, chosen(ARCHITECTURES.glob("*.py"), options.only))]
        cases = write_cases(Path(folder), options.only)
        catalogues = {strict: [*compare(client, cases, strict)] for strict in (False, True)}
    if options.write:
        PAGE.write_text(INTRO + models_part(models) + catalogue_part(*catalogues.values()))
    sys.exit(sum(bool(row.differs) for rows in (models, *catalogues.values()) for row in rows))


def chosen(scripts: Iterable[Path], only: Sequence[str] | None) -> list[Path]:
    """The scripts in order, or those of these names."""
    return sorted(path for path in scripts if only is None or path.stem in only)


def write_cases(folder: Path, only: Sequence[str] | None) -> list[Path]:
    """Write torch's catalogue as scripts; returns their paths."""
    for name, text in catalogue().items():
        (folder / f"{name}.py").write_text(text)
    return chosen(folder.glob("*.py"), only)


def compare(
    client: httpx.Client, scripts: Sequence[Path], strict: bool | None = None
) -> Iterable[Row]:
    """See each script both ways, one after the other; prints a line each."""
    for script in scripts:
        [truth] = tell_truth([script], strict)
        run = submit(client, script, options=STRICT_OPTIONS[strict])
        answer = from_run(wait_for(client, run, "finished_at"))
        title = TITLE.match(script.read_text())
        names = (title[1], title[2]) if title else (script.stem, "")
        row = Row(script.stem, *names, truth, answer)
        print(f"{script.stem:32} {said(truth):40} {'; '.join(row.differs) or 'equal'}", flush=True)
        yield row


def said(truth: Truth) -> str:
    """What plain export said, in a word."""
    return "exported" if truth.ok else truth.exception.rpartition(".")[2]


def models_part(rows: Sequence[Row]) -> str:
    """The table of the transformers models."""
    failed = sum(not row.truth.ok for row in rows)
    head = (
        f"## Models of transformers {version('transformers')}\n\n"
        f"{len(rows)} models from small configs (`bench/models/architectures/`), torch "
        f"{version('torch')} on the CPU. Plain export takes {len(rows) - failed} and refuses "
        f"{failed}. Stagelight agrees on {sum(not row.differs for row in rows)} of {len(rows)}.\n\n"
        "Seconds are of `torch.export.export` alone: in the fresh Python, which still imports much "
        "of torch on its first export, and in the whole stage, whose process is warm.\n\n"
        "| Model | Task | Class | Plain export | Category | Culprit | Plain (s) | Whole stage (s) "
        "| Agree |\n|---|---|---|---|---|---|--:|--:|---|\n"
    )
    ordered = sorted(rows, key=lambda row: (row.task, row.name))
    return head + "".join(map(model_line, ordered))


def model_line(row: Row) -> str:
    """One model's line of the table."""
    whole = "-" if row.answer.seconds is None else f"{row.answer.seconds:.2f}"
    cells = [
        row.title,
        row.task,
        f"`{row.truth.model}`",
        said(row.truth),
        row.answer.category or "-",
        place(row),
        f"{row.truth.seconds:.2f}",
        whole,
        verdict(row),
    ]
    return f"| {' | '.join(cells)} |\n"


def place(row: Row) -> str:
    """The culprit's line, marked where no traceback has it."""
    mark = "*" if row.truth.elsewhere else ""
    return f"`{row.answer.place}`{mark}" if row.answer.place else "-"


def verdict(row: Row) -> str:
    """Whether both agree, or what differs."""
    return f"**no**: {'; '.join(row.differs)}" if row.differs else "yes"


def catalogue_part(lenient: Sequence[Row], strict: Sequence[Row]) -> str:
    """The table of torch's catalogue, in both of export's modes."""
    agree = sum(not a.differs and not b.differs for a, b in zip(lenient, strict, strict=True))
    head = (
        f"\n## torch's own catalogue\n\nThe {len(lenient)} cases of `torch/_export/db/examples` of "
        f"torch {version('torch')}, each as its own file with the export call below. Stagelight "
        f"agrees in both modes on {agree} of {len(lenient)}.\n\n"
        "| Case | Plain export | Culprit | Agree | Plain export, strict | Culprit, strict "
        "| Agree, strict |\n|---|---|---|---|---|---|---|\n"
    )
    lines = (
        f"| {' | '.join([f'`{one.name}`', *case_cells(one), *case_cells(other)])} |\n"
        for one, other in zip(lenient, strict, strict=True)
    )
    return head + "".join(lines)


def case_cells(row: Row) -> list[str]:
    """A case's cells in one mode."""
    return [said(row.truth), place(row), verdict(row)]


if __name__ == "__main__":
    main()

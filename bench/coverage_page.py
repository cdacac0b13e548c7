"""docs/coverage.md: the tables of what bench/coverage.py has seen. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version

from bench.agreement import CALL, GUARD, Answer, Truth, differences

INTRO = """\
# Coverage: Stagelight against plain torch.export

Made by `make coverage-table`: do not edit. Each script was exported by plain
`torch.export.export` in a fresh Python (`bench/truth.py`, none of Stagelight's code), then
submitted to a real server over HTTP. They agree when the whole stage has the same verdict, the same
exception class and the same line, and no stage of the run ends in an error of Stagelight's own.

The line has to be the innermost frame outside torch and Python, found a second time, on its own,
by `bench/truth.py`. Where an output is no pytree it is the `return` that made it, which that script
sees by exporting once more under a profile hook. Plain export says nowhere which guard fixed a
dimension, so for a violated constraint, marked *, the verdict and the exception are compared, and
that the line is not the export call.

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


def page(models: Sequence[Row], lenient: Sequence[Row], strict: Sequence[Row]) -> str:
    """The whole page; the two last are torch's catalogue in export's two modes."""
    return INTRO + models_part(models) + catalogue_part(lenient, strict)


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
        "of torch on its first export, and in the whole stage, whose process is warm. The "
        "replay is of the exported program against eager.\n\n"
        "| Model | Task | Class | Plain export | Category | Culprit | Replay "
        "| Plain (s) | Whole stage (s) | Agree |\n|---|---|---|---|---|---|---|--:|--:|---|\n"
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
        replay(row.answer),
        f"{row.truth.seconds:.2f}",
        whole,
        verdict(row),
    ]
    return f"| {' | '.join(cells)} |\n"


def place(row: Row) -> str:
    """The culprit's line, marked where no traceback has it."""
    mark = "*" if row.truth.elsewhere in (CALL, GUARD) else ""
    return f"`{row.answer.place}`{mark}" if row.answer.place else "-"


def replay(answer: Answer) -> str:
    """What replays against eager gave: the whole stage's, and those of others that differ."""
    word = answer.replay if answer.passed else "-"
    others = [stage for stage in answer.unequal if not stage.startswith("whole")]
    return f"{word}; different in {len(others)} other stages" if others else word


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

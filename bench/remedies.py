"""The planted faults through the real course of remedies: how many get a patch, and of what kind.

    python -m bench.remedies [--write] [NAME ...]

Each model with faults is run by a real worker in a real sandbox. What is said to work is proved
again by plain torch, without the probe (see remedy_proof.py). `--write` puts the table into
docs/remedies.md; names pick models.
"""

import argparse
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch

from app.models import RemedyKind, RemedyStatus
from app.settings import ROOT
from bench.remedy_proof import disproof
from bench.remedy_runs import Followed, RemedyRuns, remedy_runs
from tests.planted_set import Fault, Planted, planted

DOCUMENT = ROOT / "docs" / "remedies.md"
BEGIN, END = "<!-- measured -->", "<!-- end of measured -->"
# No export is to blame for these: there is nothing for a remedy to do.
NOT_EXPORT_S = frozenset({"eager_error", "script_error", "sandbox", "out_of_memory"})

KINDS = ("rewrite", "wrap", "request", "pin")
PAST = "past"  # the export gets past it; another fault of the model resists
NONE = "none"


@dataclass(frozen=True)
class Result:
    """One model: what became of each of its faults, and whether plain torch agrees."""

    model: Planted
    kinds: tuple[str, ...]  # of each fault's remedy, PAST or NONE
    disproof: str  # of the combined patch; empty where it is right, or there is none
    resists: str
    trials: int
    ratio: float  # seconds of all trials, by the run's own until the remedies began

    @property
    def works(self) -> bool:
        """Whether one patch makes the model export."""
        return bool(self.kinds) and not {PAST, NONE} & {*self.kinds}


def main() -> int:
    """Print what became of each model, and the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table into the document")
    parser.add_argument("names", nargs="*")
    given = parser.parse_args()
    torch.set_num_threads(1)  # a fork must not find torch's threads, which it would not have
    results = []
    with remedy_runs() as runs:
        for model in faulty(given.names):
            results.append(measure(runs, model))
            print(_line(results[-1]), flush=True)
    table = "\n".join(table_of(results))
    print(table)
    if given.write:
        write(table)
    return int(any(result.disproof for result in results))


def faulty(names: Iterable[str] = ()) -> list[Planted]:
    """The planted models whose export stops, by name."""
    wanted = {*names}
    return [
        model
        for model in planted()
        if (model.name in wanted or not wanted)
        and any(fault.category not in NOT_EXPORT_S for fault in model.faults)
    ]


def measure(runs: RemedyRuns, model: Planted) -> Result:
    """Run one model and its remedies, and prove what is said to work."""
    started = time.monotonic()
    followed = runs.follow(model.files, model.entry)
    seconds = time.monotonic() - started
    combined, wrong = followed.combined, ""
    if combined is not None and combined.status is RemedyStatus.WORKS:
        kinds = {row.kind for row in followed.remedies if row.position in combined.parts}
        wrong = disproof(
            model.files,
            followed.files(model.files),
            model.entry,
            combined.options,
            lenient=bool(kinds & {RemedyKind.PIN, RemedyKind.REQUEST}),
        )
    tried = [row.seconds for row in followed.remedies if row.seconds is not None]
    return Result(
        model,
        tuple(kinds_of(model, followed)),
        wrong,
        combined.reason if combined else "",
        len(tried),
        sum(tried) / max(seconds - sum(tried), 1e-3),
    )


def kinds_of(model: Planted, followed: Followed) -> Iterator[str]:
    """What became of each fault."""
    combined = followed.combined
    proven = combined is not None and combined.status is RemedyStatus.WORKS
    works = [
        row
        for row in followed.remedies
        if row.status is RemedyStatus.WORKS and row.kind is not RemedyKind.COMBINED
    ]
    by_blocker = {row.blocker: row.kind.value for row in works}
    weakest = max((row.kind.value for row in works), key=KINDS.index, default=NONE)
    for fault in model.faults:
        kind = by_blocker.get(_position(fault, followed))
        if proven:  # one patch may remove several faults
            yield kind or weakest
        else:
            yield PAST if kind else NONE


def _position(fault: Fault, followed: Followed) -> int | None:
    """The run's blocker that this fault is."""
    for row in followed.blockers:
        at = (row.file, row.line)
        if at == fault.at or (not fault.line and row.category.value == fault.category):
            return row.position
    return -1


def table_of(results: list[Result]) -> Iterator[str]:
    """The outcome by kind, and by category, as Markdown."""
    pairs = [
        (fault.category, kind)
        for result in results
        for fault, kind in zip(result.model.faults, result.kinds, strict=True)
    ]
    whole = sum(result.works for result in results)
    fixed = sum(kind in KINDS for _, kind in pairs)
    yield (
        f"Of {len(pairs)} planted faults in {len(results)} models {fixed} "
        f"({fixed / max(len(pairs), 1):.0%}) get a patch that exports and replays equal, "
        f"and {whole} models export with one combined patch. "
        f"Plain torch disproves {sum(bool(result.disproof) for result in results)} of these."
    )
    yield ""
    heads = (*KINDS, PAST, NONE)
    yield f"| Category | Faults | {' | '.join(heads)} |"
    yield f"|---|{'---:|' * (len(heads) + 1)}"
    for category in sorted({category for category, _ in pairs}):
        yield _row(category, [kind for one, kind in pairs if one == category])
    yield _row("all", [kind for _, kind in pairs])
    yield ""
    yield (
        "`past`: the export gets past the fault, and another one of the model resists, so that "
        "nothing could be replayed."
    )


def _row(name: str, kinds: list[str]) -> str:
    counts = Counter(kinds)
    cells = " | ".join(str(counts[kind] or "") for kind in (*KINDS, PAST, NONE))
    return f"| {name} | {len(kinds)} | {cells} |"


def _line(result: Result) -> str:
    end = "WRONG " + result.disproof if result.disproof else result.resists[:200]
    kinds = ", ".join(result.kinds)
    return f"{result.model.name:32} {kinds:32} {result.trials} trials, {result.ratio:.1f}x  {end}"


def write(table: str) -> None:
    """Put the table between its marks.

    Raises:
        ValueError: the document has no marks.
    """
    text = DOCUMENT.read_text()
    if BEGIN not in text or END not in text:
        raise ValueError(f"{DOCUMENT} has no {BEGIN} and {END}")
    new = f"{BEGIN}\n{table}\n{END}"
    pattern = re.escape(BEGIN) + r".*?" + re.escape(END)
    DOCUMENT.write_text(re.sub(pattern, lambda _: new, text, flags=re.DOTALL))


if __name__ == "__main__":
    sys.exit(main())

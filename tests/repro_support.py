"""Repros without a worker: the search for them, with its errands run by the probe that tests share;
and plain Python, which has to fail at them."""

import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.models import Blocker
from tests.planted_set import Planted
from tests.planted_truth import AFTERWARDS, AFTERWARDS_TOO, EVIDENCE, Outcome, attempt
from tests.planted_truth import export as plain_export
from tests.probe_support import Said, run_probe
from workers.follow.model import Answer, Errand
from workers.follow.repro_search import NAME, Budget, Found, search
from workers.rows import blocker_rows, to_data

WALL_SECONDS = 110.0


@dataclass(frozen=True)
class Made:
    """What came of one blocker."""

    blocker: Blocker
    found: Found

    @property
    def reproduces(self) -> bool:
        """Whether there is a script."""
        return bool(self.found["status"] == "reproduces")

    @property
    def lines(self) -> int:
        """Of the script, without what stands over it."""
        lines = self.found["text"].splitlines()
        return sum(1 for line in lines if line and not line.startswith("#"))


def repros_of(folder: Path, files: dict[str, str], entry: str, **options: Any) -> list[Made]:
    """The repros of an upload's blockers, found as a worker finds them."""
    said = run_probe(folder, files, entry=entry, **options)
    told = said.all("blockers")
    blockers = blocker_rows(1, told[-1].blockers) if told else []
    environment = to_data(said.first("loaded"))["environment"]
    made: list[Made] = []
    budget = Budget.of(20.0, WALL_SECONDS)
    asking = search(blockers, environment, budget, lambda one, it: made.append(Made(one, it)))
    _drive(asking, folder, files, entry, options)
    return made


def _drive(
    asking: Generator[Errand, Answer, None],
    folder: Path,
    files: dict[str, str],
    entry: str,
    options: Mapping[str, Any],
) -> None:
    try:
        errand = next(asking)
        while True:
            errand = asking.send(_answer(errand, folder, files, entry, options))
    except StopIteration:
        return


def _answer(
    errand: Errand, folder: Path, files: dict[str, str], entry: str, options: Mapping[str, Any]
) -> Answer:
    said: Said
    if errand.files is None:
        said = run_probe(folder, files, kind=errand.kind, entry=entry, work=errand.work, **options)
    else:
        given = {name: data.decode() for name, data in errand.files}
        said = run_probe(folder, given, kind=errand.kind, entry=errand.entry, work=errand.work)
    return Answer(said.events, None, 0.0)


def plain_outcome(made: Made) -> Outcome:
    """How plain Python ends that runs the script: in a process that has only imported torch."""
    files = {NAME: made.found["text"]}
    return attempt(Planted(NAME, NAME, files, (), frozenset()), files, plain_export)


def complaint_of(made: Made) -> str:
    """How plain Python fails otherwise; empty where it fails alike."""
    outcome, blocker = plain_outcome(made), made.blocker
    if outcome.passed:
        return "it exports"
    if not re.search(EVIDENCE[blocker.category.value], outcome.error):
        return f"no sign of {blocker.category.value}: {outcome.error[:200]}"
    late = blocker.category.value in AFTERWARDS or AFTERWARDS_TOO in outcome.error
    if late or blocker.category.value == "unsupported_input":
        return ""
    lines = made.found["text"].splitlines()
    line = lines[outcome.at[1] - 1].strip() if outcome.at[0] == NAME else ""
    wanted = re.sub(r"\s+# .*$", "", blocker.text)
    # A line of a library's is none of the script's: the script's own called it.
    return "" if line == wanted or wanted not in made.found["text"] else f"stops at {line!r}"

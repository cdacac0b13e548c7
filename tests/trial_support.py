"""References and trials by the real probe: what the upload gave, and a changed copy beside it."""

from pathlib import Path
from typing import Any

from tests.probe_support import Said, run_probe
from workers.answers.reference import Reference
from workers.answers.trial import Trial

NAME = ".stagelight/reference"


def refer(root: Path, text: str, **options: Any) -> tuple[Reference, bytes]:
    """What the kind `reference` answers of a script, and its file."""
    said = run_probe(root, text, kind="reference", **options)
    data = b"".join(event.data for event in said.all("piece"))
    return said.first("reference"), data


def try_(
    root: Path, text: str, data: bytes, *, lenient: bool = False, **options: Any
) -> tuple[Trial, Said]:
    """What the kind `trial` answers of a changed script, and all that its process said."""
    work = {"reference": NAME, "lenient": lenient}
    files: dict[str, str | bytes] = {"model.py": text, NAME: data}
    said = run_probe(root, files, kind="trial", work=work, **options)
    return said.first("trial"), said


def compare(root: Path, before: str, after: str, **options: Any) -> Trial:
    """A trial of `after` beside what `before` gives."""
    reference, data = refer(root, before)
    assert reference.why == ""
    return try_(root, after, data, **options)[0]


def statuses(cases: Any) -> list[str]:
    """How each case went."""
    return [case.status for case in cases]

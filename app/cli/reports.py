"""Where a run's reports go: files, or one of them to stdout."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.exits import CommandError

if TYPE_CHECKING:
    from app.cli.outcome import Outcome
    from app.cli.upload import Upload
    from app.services.view import View

STDOUT = "-"


@dataclass(frozen=True)
class Reports:
    """The files that were asked for; empty: not asked for, `-`: stdout."""

    json: str = ""
    junit: str = ""
    sarif: str = ""
    patch: str = ""

    @property
    def to_stdout(self) -> bool:
        """Whether one of them is what stdout is for."""
        return STDOUT in self._given

    @property
    def _given(self) -> list[str]:
        return list(filter(None, (self.json, self.junit, self.sarif, self.patch)))

    def check(self, *, fixes: bool) -> None:
        """Raise CommandError where they could not be written, before a run that takes minutes."""
        if self.patch and not fixes:
            raise CommandError("--patch needs --fixes.", "Add --fixes: then fixes are tried.")
        given = self._given
        if len(set(given)) < len(given):
            raise CommandError(
                "Two reports would go to the same place.", "Give each a file of its own."
            )
        for name in given:
            folder = Path(name).parent
            if name != STDOUT and (not folder.is_dir() or Path(name).is_dir()):
                raise CommandError(
                    f"{name} cannot be written.", "Name a file in a folder that exists."
                )

    def write(self, outcome: "Outcome", upload: "Upload") -> None:
        """Write those that were asked for; a patch only where there is one."""
        from app.reports.junit import junit
        from app.reports.sarif import sarif

        self.write_json(outcome.run)
        if self.junit:
            _write(self.junit, junit(outcome.run, upload.locate))
        if self.sarif:
            _write(self.sarif, sarif(outcome.run, upload.locate))
        if self.patch and outcome.patch:
            _write(self.patch, outcome.patch)

    def write_json(self, view: "View") -> None:
        """Write what there is as JSON, where that was asked for."""
        if self.json:
            _write(self.json, json_text(view))


def json_text(view: "View") -> str:
    """An answer as JSON, in ASCII: exact for programs, and nothing that a terminal obeys."""
    return json.dumps(json.loads(view.model_dump_json()), indent=2) + "\n"


def _write(name: str, text: str) -> None:
    if name == STDOUT:
        sys.stdout.write(text)
        return
    try:
        Path(name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(
            f"{name} cannot be written: {error.strerror}.", "Name another file."
        ) from None

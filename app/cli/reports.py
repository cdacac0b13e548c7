"""Where a run's reports go: files, or one of them to stdout."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.exits import CommandError

if TYPE_CHECKING:
    from app.cli.upload import Upload
    from app.services.view import View
    from app.services.views import RunView

STDOUT = "-"


@dataclass(frozen=True)
class Reports:
    """The files that were asked for; empty: not asked for, `-`: stdout."""

    json: str = ""
    junit: str = ""
    sarif: str = ""

    @property
    def to_stdout(self) -> bool:
        """Whether one of them is what stdout is for."""
        return STDOUT in (self.json, self.junit, self.sarif)

    def check(self) -> None:
        """Raise CommandError where they could not be written, before a run that takes minutes."""
        given = [name for name in (self.json, self.junit, self.sarif) if name]
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

    def write(self, run: "RunView", upload: "Upload") -> None:
        """Write those that were asked for."""
        from app.reports.junit import junit
        from app.reports.sarif import sarif

        self.write_json(run)
        if self.junit:
            _write(self.junit, junit(run, upload.locate))
        if self.sarif:
            _write(self.sarif, sarif(run, upload.locate))

    def write_json(self, view: "View") -> None:
        """Write what there is as JSON, where that was asked for."""
        if self.json:
            _write(self.json, view.model_dump_json(indent=2) + "\n")


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

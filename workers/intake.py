"""Files that come out of a probe in pieces: written to a folder of the run's, never looked into."""

import hashlib
from pathlib import Path

from workers.events import Piece
from workers.protocol import OverLimitError

MOST_FILES = 8


class Intake:
    """Takes pieces. A file is named by its digest's beginning, for a probe's names may be anything.

    Args:
        folder: that exists, and is this run's own.
        limit: bytes of all files together.
        setting: the variable that raises it.
    """

    def __init__(self, folder: Path, limit: int, setting: str) -> None:
        self.files: dict[str, Path] = {}
        self._folder = folder
        self._left = limit
        self._limit = limit
        self._setting = setting

    def take(self, piece: Piece) -> None:
        """Append one piece to its file; OverLimitError where that is too much."""
        self._left -= len(piece.data)
        if self._left < 0:
            raise OverLimitError(f"sent files of more than {self._limit:,} bytes", self._setting)
        if piece.name not in self.files:
            if len(self.files) >= MOST_FILES:
                raise OverLimitError(f"sent more than {MOST_FILES} files", self._setting)
            name = hashlib.sha256(piece.name.encode()).hexdigest()[:16]
            self.files[piece.name] = self._folder / name
        with self.files[piece.name].open("ab") as file:
            file.write(piece.data)

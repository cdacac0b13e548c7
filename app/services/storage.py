"""Bytes by SHA-256: where uploads lie until no run needs them."""

import contextlib
import hashlib
import os
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from app.errors import NotFoundError

_DIGEST = re.compile(r"[0-9a-f]{64}")
_HALF = ".put-"  # how the name of a file begins that is being written


def digest(data: bytes) -> str:
    """The name of `data` in the store: its SHA-256, in hex."""
    return hashlib.sha256(data).hexdigest()


class BlobStore:
    """Content-addressed files under one folder. The same bytes are kept once."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, data: bytes) -> str:
        """Store `data` and return its SHA-256. A reader never sees half a file."""
        sha256 = digest(data)
        path = self._path(sha256)
        if path.exists():
            path.touch()  # as young as if it were new, for those that look for old ones
            return sha256
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=_HALF, dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        return sha256

    def get(self, sha256: str) -> bytes:
        """Return the bytes of `sha256`; NotFoundError if they are not here."""
        return self.file(sha256).read_bytes()

    def file(self, sha256: str) -> Path:
        """The file of `sha256`; NotFoundError if it is not here."""
        path = self._path(sha256)
        if not path.is_file():
            raise NotFoundError(
                f"The bytes of {sha256[:12]} are not in the store.",
                "The data folder was changed from outside: restore it, or upload the script again.",
            )
        return path

    def delete(self, sha256: str) -> None:
        """Forget `sha256`. It is no error if it is not here."""
        self._path(sha256).unlink(missing_ok=True)

    def older_than(self, seconds: float) -> Iterator[str]:
        """What was put here, for the last time, longer ago than that."""
        return (path.name for path in self._older(seconds) if _DIGEST.fullmatch(path.name))

    def remove_halves(self, seconds: float) -> int:
        """Remove what a process that was killed did not write to its end; returns how many."""
        halves = [path for path in self._older(seconds) if path.name.startswith(_HALF)]
        for path in halves:
            path.unlink(missing_ok=True)
        return len(halves)

    def _older(self, seconds: float) -> Iterator[Path]:
        before = time.time() - seconds
        for path in self.root.glob("??/*"):
            with contextlib.suppress(FileNotFoundError):  # removed meanwhile
                if path.stat().st_mtime < before:
                    yield path

    def _path(self, sha256: str) -> Path:
        if not _DIGEST.fullmatch(sha256):
            raise ValueError(f"{sha256!r} is no SHA-256")
        return self.root / sha256[:2] / sha256

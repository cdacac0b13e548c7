"""Bytes by SHA-256: where uploads lie until no run needs them."""

import hashlib
import os
import re
import tempfile
from pathlib import Path

from app.errors import NotFoundError

_DIGEST = re.compile(r"[0-9a-f]{64}")


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
            return sha256
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".put-", dir=path.parent)
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
        try:
            return self._path(sha256).read_bytes()
        except FileNotFoundError:
            raise NotFoundError(
                f"The bytes of script {sha256[:12]} are not in the store.",
                "The data folder was changed from outside: restore it, or upload the script again.",
            ) from None

    def delete(self, sha256: str) -> None:
        """Forget `sha256`. It is no error if it is not here."""
        self._path(sha256).unlink(missing_ok=True)

    def _path(self, sha256: str) -> Path:
        if not _DIGEST.fullmatch(sha256):
            raise ValueError(f"{sha256!r} is no SHA-256")
        return self.root / sha256[:2] / sha256

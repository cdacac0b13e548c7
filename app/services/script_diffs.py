"""The unified diff of the scripts of any two runs."""

import zipfile
import zlib
from collections.abc import Iterable
from functools import lru_cache
from io import BytesIO
from typing import NamedTuple

from app.models import ScriptKind
from app.patches import write_diff
from app.services.archives import is_wanted
from app.services.storage import BlobStore

FILE_BYTES = 2 * 2**20  # of a file that is compared line by line


class Upload(NamedTuple):
    """An upload by its content: what is in it never changes."""

    sha256: str
    kind: ScriptKind
    entry: str


def script_diff(store: BlobStore, base: Upload, head: Upload) -> str:
    """The unified diff of two uploads; what is no text in them is left out.

    Two files that stand alone are compared with each other, whatever they are called.
    """
    if base.sha256 == head.sha256:
        return ""
    if base.kind is head.kind is ScriptKind.PY:
        base = base._replace(entry=head.entry)
    return _diff(store, base, head)


@lru_cache(maxsize=64)
def _diff(store: BlobStore, base: Upload, head: Upload) -> str:
    ours, theirs = (_Members(store.get(one.sha256), one) for one in (base, head))
    changed = [
        path
        for path in ours.marks.keys() | theirs.marks.keys()
        if ours.marks.get(path) != theirs.marks.get(path)
    ]
    shown = [path for path in changed if ours.is_text(path) and theirs.is_text(path)]
    return write_diff(ours.texts(shown), theirs.texts(shown))


class _Members:
    """The files of an upload that was checked when it was taken: by size and checksum, or read."""

    def __init__(self, data: bytes, upload: Upload) -> None:
        self._data = data
        self._archive = None
        if upload.kind is ScriptKind.ZIP:
            self._archive = zipfile.ZipFile(BytesIO(data))
            self.marks = {
                one.filename: (one.file_size, one.CRC)
                for one in self._archive.infolist()
                if is_wanted(one) and not one.is_dir()
            }
        else:
            self.marks = {upload.entry: (len(data), zlib.crc32(data))}

    def is_text(self, path: str) -> bool:
        """Whether the file can be compared line by line, or is not there at all."""
        if path not in self.marks:
            return True
        return self.marks[path][0] <= FILE_BYTES and b"\0" not in self._read(path)

    def texts(self, paths: Iterable[str]) -> dict[str, str]:
        """Those of them that are there, path → text."""
        here = (path for path in paths if path in self.marks)
        return {path: self._read(path).decode("utf-8", "replace") for path in here}

    def _read(self, path: str) -> bytes:
        return self._data if self._archive is None else self._archive.read(path)

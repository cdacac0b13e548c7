"""An upload with some of its files replaced. Pure."""

import io
import zipfile
from collections.abc import Mapping

from app.errors import UploadError
from app.models.script import ScriptKind
from app.services import archives
from app.settings import Settings

_MODE = 0o100644 << 16  # of every file: a regular one that anybody may read
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say: equal files, equal bytes


def patched_upload(
    data: bytes, kind: ScriptKind, entry: str, files: Mapping[str, str], settings: Settings
) -> bytes:
    """The upload `data` with the texts of `files`, by path, in place of its own.

    Raises UploadError where a single script is asked to have another file, or an archive cannot
    be read; what comes out is to be checked as any upload.
    """
    if not files:
        return data
    if kind is ScriptKind.PY:
        if files.keys() != {entry}:
            raise UploadError(
                f"The remedy changes {', '.join(sorted(files))}; the script is {entry} alone.",
                code="other_files",
            )
        return files[entry].encode()
    left = {path: text.encode() for path, text in files.items()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in archives.contents(data, settings):
            _write(archive, path, left.pop(path, content))
        for path, content in left.items():
            _write(archive, path, content)
    return buffer.getvalue()


def _write(archive: zipfile.ZipFile, path: str, content: bytes) -> None:
    member = zipfile.ZipInfo(path, _LONG_AGO)
    member.external_attr = _MODE
    archive.writestr(member, content, zipfile.ZIP_DEFLATED)

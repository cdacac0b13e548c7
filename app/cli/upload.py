"""What is diagnosed: a script, a zip or a folder, as bytes, and where its files lie here."""

import io
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from app.cli.exits import CommandError

LEFT_OUT = frozenset({"__pycache__", "node_modules", "venv", "build", "dist"})
PACKED_BYTES = 256 * 2**20  # of a folder's files; a server takes less, and says so itself


@dataclass(frozen=True)
class Upload:
    """One upload. `path` is as it was given."""

    path: Path
    filename: str
    data: bytes

    @cached_property
    def files(self) -> frozenset[str]:
        """The names of its files, as a run names them."""
        from app.services.uploads import script_name

        if not zipfile.is_zipfile(io.BytesIO(self.data)):
            return frozenset({script_name(self.filename)})
        with zipfile.ZipFile(io.BytesIO(self.data)) as archive:
            return frozenset(archive.namelist())

    def locate(self, file: str) -> str | None:
        """Where a file lies, seen from the working directory; None for one not of the upload.

        A file in a zip is named by its path in it.
        """
        if file not in self.files:
            return None
        if self.path.is_dir():
            return _from_here(self.path / PurePosixPath(file))
        return file if self.filename.lower().endswith(".zip") else _from_here(self.path)


def read_upload(path: Path) -> Upload:
    """A file as it is, a folder as a zip of it."""
    try:
        if path.is_dir():
            return Upload(path, f"{path.resolve().name}.zip", pack(path))
        return Upload(path, path.name, path.read_bytes())
    except OSError as error:
        raise CommandError(
            f"{path} cannot be read: {error.strerror}.",
            "Give a .py, a .zip, or a folder with your .py files in it.",
        ) from None


def pack(folder: Path) -> bytes:
    """The regular files of a folder as a zip, the same bytes for the same files.

    What is hidden, installed, built or a link stays out.
    """
    packed = io.BytesIO()
    total = 0
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in _files(folder):
            total += path.stat().st_size
            if total > PACKED_BYTES:
                raise CommandError(
                    f"{folder} holds more than {PACKED_BYTES // 2**20} MiB.",
                    "Give a folder with the model's code alone.",
                )
            # Without its time, which would make another script of the same files.
            info = zipfile.ZipInfo(path.relative_to(folder).as_posix())
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, path.read_bytes())
    return packed.getvalue()


def _files(folder: Path) -> Iterator[Path]:
    """What belongs to the folder's code, in a fixed order."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(filter(_belongs, folders))
        for name in sorted(filter(_belongs, names)):
            path = Path(place, name)
            if path.is_file() and not path.is_symlink():
                yield path


def _belongs(name: str) -> bool:
    return not name.startswith(".") and name not in LEFT_OUT


def _from_here(path: Path) -> str:
    """Relative to the working directory where it lies in it, else as it was given."""
    absolute = path.resolve()
    here = Path.cwd()
    return (absolute.relative_to(here) if absolute.is_relative_to(here) else path).as_posix()

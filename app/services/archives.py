"""Zip archives from strangers: what they may hold, and what is in them. Pure."""

import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO

from app.errors import TooLargeError, UploadError
from app.settings import Settings
from app.text import visible

CHUNK = 64 * 2**10  # bytes inflated at a time
PATH_CHARACTERS = 400  # of a file's path in the archive
NAME_BYTES = 255  # of one part of it; file systems end there
CANDIDATES = 12  # entry files an error lists

_CENTRAL_HEADER = b"PK\x01\x02"
_SIMPLE_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ValueError,
    EOFError,
    OverflowError,  # an offset of zip64 that is past what a file can have
    NotImplementedError,
    OSError,
)


@dataclass(frozen=True)
class Archive:
    """A zip archive whose names, kinds and sizes were checked. `files` are in its own order."""

    data: bytes
    files: tuple[str, ...]

    def read(self, path: str) -> bytes:
        """The bytes of one file."""
        with zipfile.ZipFile(BytesIO(self.data)) as archive:
            return archive.read(path)


def inspect(data: bytes, settings: Settings) -> Archive:
    """Check all of an archive, inflating it once without keeping anything of it."""
    files = []
    for path, chunks in _read(data, settings):
        for _ in chunks:
            pass
        files.append(path)
    if not files:
        raise UploadError("The zip archive has no files in it.", code="empty")
    return Archive(data, tuple(files))


def contents(data: bytes, settings: Settings) -> Iterator[tuple[str, bytes]]:
    """Each regular file's path and content, one at a time, all checks made again."""
    for path, chunks in _read(data, settings):
        yield path, b"".join(chunks)


def find_entry(files: tuple[str, ...], wanted: str) -> str:
    """The file that is run: the wanted one; else main.py; else the only .py at the top.

    An archive of one folder (as made by "compress this folder") is looked into as if the folder
    were the top.
    """
    scripts = sorted((f for f in files if f.endswith(".py")), key=lambda f: (f.count("/"), f))
    if not scripts:
        raise UploadError(
            "The zip archive has no .py file in it.",
            "Pack the script that builds the model, with the modules it imports.",
            code="entry_missing",
        )
    if wanted:
        if wanted in scripts:
            return wanted
        raise UploadError(
            f"The zip archive has no Python file {wanted[:80]!r}.",
            f"Name one of these as the entry: {_listed(scripts)}.",
            code="entry_not_found",
        )
    top = _top_folder(files)
    at_top = [f for f in scripts if "/" not in f.removeprefix(top)]
    if f"{top}main.py" in at_top:
        return f"{top}main.py"
    if len(at_top) == 1:
        return at_top[0]
    raise UploadError(
        "It is not clear which file of the zip archive to run.",
        f"Name it as the entry, or call it main.py. It has {_listed(at_top or scripts)}.",
        code="entry_ambiguous",
    )


def _top_folder(files: tuple[str, ...]) -> str:
    """`folder/` where every file lies in that one folder, else nothing."""
    tops = {f.partition("/")[0] for f in files}
    return f"{tops.pop()}/" if len(tops) == 1 and all("/" in f for f in files) else ""


def _listed(paths: list[str]) -> str:
    rest = len(paths) - CANDIDATES
    return ", ".join(paths[:CANDIDATES]) + (f" and {rest} more" if rest > 0 else "")


def _read(data: bytes, settings: Settings) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Each regular file's path and its bytes; every name is checked before the first is given."""
    # Counted in the raw bytes, for zipfile reads the whole directory into memory first.
    if data.count(_CENTRAL_HEADER) > settings.unpacked_files:
        raise _too_many(settings.unpacked_files)
    with _readable():
        archive = zipfile.ZipFile(BytesIO(data))
    members = [info for info in archive.infolist() if is_wanted(info)]
    _check_tree([_checked_path(info) for info in members], settings.unpacked_files)
    budget = _Budget(settings.unpacked_bytes)
    for info in members:
        if not info.is_dir():
            yield info.filename, budget.chunks(archive, info)


@contextmanager
def _readable() -> Iterator[None]:
    """Turn what zipfile raises on a broken archive into an error a person can act on."""
    try:
        yield
    except _UNREADABLE as error:
        why = str(error) or "a file in it ends too soon"
        raise UploadError(
            f"The zip archive cannot be read: {why}.", "Pack it again.", code="bad_zip"
        ) from None


class _Budget:
    """Bytes that may still be inflated, over all files: what a header says is not believed."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.left = limit

    def chunks(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
        """The file's bytes, piece by piece; TooLargeError once the budget is spent."""
        with _readable():
            file = archive.open(info)
        while True:
            with _readable():
                chunk = file.read(CHUNK)
            if not chunk:
                return
            self.left -= len(chunk)
            if self.left < 0:
                raise TooLargeError(
                    f"The zip archive unpacks to more than {self.limit:,} bytes.",
                    "Leave out data and weights: initial values do for an export.",
                    code="unpacks_too_large",
                )
            yield chunk


def is_wanted(info: zipfile.ZipInfo) -> bool:
    """Whether it is more than what macOS adds to every archive."""
    return not (info.filename.startswith("__MACOSX/") or info.filename.endswith(".DS_Store"))


def _checked_path(info: zipfile.ZipInfo) -> str:
    """The member's path, once nothing about it is odd."""
    shown = repr(info.orig_filename)[:120]
    if info.flag_bits & 0x1:
        raise UploadError(
            f"The zip archive is encrypted: {shown}.",
            "Pack it again without a password.",
            code="encrypted",
        )
    if info.compress_type not in _SIMPLE_METHODS:
        raise UploadError(
            f"{shown} is compressed in a way that is not read here.",
            "Pack it with the ordinary method, deflate.",
            code="bad_zip",
        )
    if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise UploadError(
            f"{shown} is a link or a device, not a file.",
            "Pack the files that links point to: zip -r without -y.",
            code="not_regular_file",
        )
    for name in {info.orig_filename, info.filename}:
        _check_name(name, shown)
    return info.filename


def _check_name(name: str, shown: str) -> None:
    """Raise where a member's name could leave the folder or be read in two ways."""
    parts = name.removesuffix("/").split("/")
    problem = ""
    if visible(name) != name or "\n" in name or "\t" in name:
        problem = "has control or hidden characters in its name"
    elif "\\" in name or re.match(r"[A-Za-z]:", name):
        problem = "has a Windows path as its name"
    elif name.startswith("/") or any(part in ("", ".", "..") for part in parts):
        problem = "does not stay in the archive's own folder"
    elif len(name) > PATH_CHARACTERS or any(len(part.encode()) > NAME_BYTES for part in parts):
        problem = "has too long a name"
    if problem:
        raise UploadError(
            f"{shown} {problem}.",
            "Pack the files with plain relative names, e.g. models/pose.py.",
            code="unsafe_path",
        )


def _check_tree(paths: list[str], limit: int) -> None:
    """Raise where two members would be one file on some file system, or a file also a folder, and
    where files and folders are too many: a path may have 200 folders that are no entries."""
    seen: dict[str, str] = {}
    folders: dict[str, str] = {}
    for path in paths:
        key = unicodedata.normalize("NFC", path.removesuffix("/")).casefold()
        if path.endswith("/"):
            folders.setdefault(key, path)
        elif key in seen:
            raise _collision(seen[key], path)
        else:
            seen[key] = path
        parent = key.rpartition("/")[0]
        while parent and parent not in folders:
            folders[parent] = path
            parent = parent.rpartition("/")[0]
        if len(seen) + len(folders) > limit:
            raise _too_many(limit)
    for key in seen.keys() & folders.keys():
        raise _collision(seen[key], folders[key])


def _too_many(limit: int) -> TooLargeError:
    return TooLargeError(
        f"The zip archive has more than {limit:,} files and folders.",
        "Pack only what the script imports: no virtual environment, no data set, no .git.",
        code="too_many_files",
    )


def _collision(one: str, other: str) -> UploadError:
    return UploadError(
        f"{repr(one)[:120]} and {repr(other)[:120]} in the zip archive have the same name.",
        "Give each file a name of its own; upper and lower case do not tell names apart.",
        code="duplicate_path",
    )

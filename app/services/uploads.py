"""What an upload may be, judged by its bytes and its name alone. Pure: no database."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.errors import TooLargeError, UploadError
from app.models.script import ScriptKind
from app.services import archives
from app.settings import Settings

EXPECTED = "Upload one Python file (.py), or a .zip with your .py files in it."
NAME_BYTES = 120  # of a single script's file name, its suffix aside

_ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")

# What people send by mistake, by suffix: what it is, and what to do instead.
_OTHER_KINDS = (
    (
        (".ipynb",),
        "a Jupyter notebook",
        "Save it as a script: jupyter nbconvert --to script notebook.ipynb, then upload the .py.",
    ),
    (
        (".pt", ".pth", ".ckpt", ".safetensors", ".bin", ".pkl", ".pickle", ".npz", ".npy"),
        "a file of weights or data",
        "Upload the script that builds the model; weights decide nothing about export. "
        "A script that needs the file may have it beside it in a .zip.",
    ),
    (
        (".pt2", ".onnx", ".mlmodel", ".tflite", ".engine"),
        "a model that was exported already",
        "Upload the Python script that exports it.",
    ),
    (
        (".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".whl"),
        "an archive of another kind",
        "Pack the same files as a .zip.",
    ),
    ((".pyc", ".so", ".pyd"), "compiled code", "Upload its source, the .py file."),
)


@dataclass(frozen=True)
class CheckedUpload:
    """An upload that can be taken: its kind, the file that is run, and all files in it."""

    kind: ScriptKind
    entry: str
    files: tuple[str, ...]


def check_upload(data: bytes, filename: str, entry: str, settings: Settings) -> CheckedUpload:
    """Judge an upload; UploadError or TooLargeError say what is wrong and what to do."""
    if not data:
        raise UploadError("The file is empty.", EXPECTED, code="empty")
    kind = _kind(data, filename)
    if kind is ScriptKind.ZIP:
        archive = archives.inspect(data, settings)
        chosen = archives.find_entry(archive.files, entry)
        check_text(archive.read(chosen), chosen, settings)
        return CheckedUpload(kind, chosen, archive.files)
    check_text(data, display_name(filename), settings)
    name = script_name(filename)
    if entry and entry != name:
        raise UploadError(
            f"There is no file {entry[:80]!r}: the upload is the single file {name!r}.",
            "Leave the entry empty, or upload a .zip that has it.",
            code="entry_not_found",
        )
    return CheckedUpload(kind, name, (name,))


def members(
    data: bytes, kind: ScriptKind, entry: str, settings: Settings
) -> Iterator[tuple[str, bytes]]:
    """Relative path and content of each regular file of the upload, all checks made again.

    No file system is touched. All names are checked before the first file is given, contents as
    they come: UploadError and TooLargeError may be raised in between.
    """
    if kind is ScriptKind.ZIP:
        for path, content in archives.contents(data, settings):
            if path == entry:
                check_text(content, entry, settings)
            yield path, content
        return
    check_text(data, entry, settings)
    if entry != script_name(entry):
        raise UploadError(f"{entry[:80]!r} is no name for a single script.", code="unsafe_path")
    yield entry, data


def check_text(data: bytes, name: str, settings: Settings) -> None:
    """Raise where `data` cannot be Python source. Whether it compiles is the runtime's to say."""
    if len(data) > settings.script_bytes:
        raise TooLargeError(
            f"{name} has {len(data):,} bytes; a Python file may have {settings.script_bytes:,}.",
            "Put large data beside the script in a .zip instead of writing it into the code.",
        )
    if b"\0" in data:
        raise UploadError(f"{name} contains NUL bytes: it is no text.", EXPECTED, code="nul_bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UploadError(
            f"{name} is not UTF-8: line {line} has a byte that cannot be read.",
            "Save the file as UTF-8 in your editor.",
            code="not_utf8",
        ) from None
    if not text.strip():
        raise UploadError(f"{name} is empty: it has nothing to run.", EXPECTED, code="empty")
    if _is_notebook(text):
        raise _wrong_kind(name, "a Jupyter notebook", _OTHER_KINDS[0][2])


def display_name(filename: str) -> str:
    """A file name to show: the last part of a path, without control characters, capped."""
    name = re.split(r"[\\/]", filename)[-1]
    return "".join(filter(str.isprintable, name)).strip()[:200] or "script.py"


def script_name(filename: str) -> str:
    """The name a single script is written under: a plain file name that ends in .py."""
    stem = re.sub(r"\.py$", "", display_name(filename), flags=re.IGNORECASE)
    stem = re.sub(r"[^\w.+ -]", "_", stem).strip(" .")
    stem = stem.encode()[:NAME_BYTES].decode(errors="ignore").strip(" .")
    return f"{stem or 'script'}.py"


def _kind(data: bytes, filename: str) -> ScriptKind:
    suffix = Path(display_name(filename)).suffix.lower()
    for suffixes, what, hint in _OTHER_KINDS:
        if suffix in suffixes:
            raise _wrong_kind(display_name(filename), what, hint)
    is_zip = data.startswith(_ZIP_MAGIC)
    if suffix == ".zip" and is_zip:
        return ScriptKind.ZIP
    if suffix == ".py" and not is_zip:
        return ScriptKind.PY
    if is_zip:
        raise _wrong_kind(
            display_name(filename), "a zip archive by its content", "Name it with .zip at the end."
        )
    if suffix == ".zip":
        raise UploadError(f"{display_name(filename)} is no zip archive.", EXPECTED, code="bad_zip")
    hint = f"If it is Python source, name it with .py at the end. {EXPECTED}"
    raise _wrong_kind(display_name(filename), f"a {suffix or 'nameless'} file", hint)


def _wrong_kind(name: str, what: str, hint: str) -> UploadError:
    return UploadError(f"{name} is {what}, not a Python script.", hint, code="wrong_kind")


def _is_notebook(text: str) -> bool:
    if not text.lstrip().startswith("{") or '"nbformat"' not in text:
        return False
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and "cells" in value

"""What may be uploaded, and what is refused with a reason and leaves nothing behind."""

import contextlib
import io
import stat
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from app.errors import StagelightError, TooLargeError, UploadError
from app.models import ScriptKind
from app.services.uploads import check_upload, display_name, members, script_name, unpack
from app.settings import Settings
from tests.web_support import SCRIPT, make_odd_zip, make_zip, member

LIMITS = Settings(
    upload_bytes=200_000, script_bytes=20_000, unpacked_bytes=100_000, unpacked_files=20
)


def refused(data: bytes, filename: str = "model.py", entry: str = "") -> UploadError:
    """The error that the upload is refused with; nothing of it may be unpacked either."""
    with pytest.raises(UploadError) as caught:
        check_upload(data, filename, entry, LIMITS)
    error = caught.value
    assert error.message
    assert error.message[0].isprintable()
    return error


@pytest.mark.parametrize(
    "data",
    [SCRIPT, b"\xef\xbb\xbfx = 1\n", "# Größe\nx = 1\n".encode(), b"def broken(:\n", b"x"],
    ids=["script", "bom", "utf8", "syntax error", "short"],
)
def test_a_python_file_is_taken(data: bytes) -> None:
    checked = check_upload(data, "model.py", "", LIMITS)
    assert (checked.kind, checked.entry, checked.files) == (
        ScriptKind.PY,
        "model.py",
        ("model.py",),
    )


@pytest.mark.parametrize(
    ("data", "filename", "code", "says"),
    [
        (b"", "model.py", "empty", "empty"),
        (b" \n\t\n", "model.py", "empty", "nothing to run"),
        (b"\xef\xbb\xbf", "model.py", "empty", "nothing to run"),
        (b"x = 1\ny = '\xe9'\n", "model.py", "not_utf8", "line 2"),
        (b"x = 1\0", "model.py", "nul_bytes", "NUL"),
        (b"x" * 20_001, "model.py", "too_large", "20,001 bytes"),
        (b'{"cells": [], "nbformat": 4}', "model.py", "wrong_kind", "notebook"),
        (b"{}", "model.ipynb", "wrong_kind", "notebook"),
        (b"\x80\x02}q", "weights.pt", "wrong_kind", "weights"),
        (b"PK\x03\x04", "weights.pth", "wrong_kind", "weights"),
        (b"x", "model.onnx", "wrong_kind", "exported already"),
        (b"x", "model.tar.gz", "wrong_kind", "archive of another kind"),
        (b"x", "model.txt", "wrong_kind", ".txt"),
        (b"x", "Makefile", "wrong_kind", "nameless"),
        (b"x = 1", "model.zip", "bad_zip", "no zip"),
        (make_zip({"a.py": "x"}), "model.py", "wrong_kind", "zip archive by its content"),
        (make_zip({"a.py": "x"})[:-20], "model.zip", "bad_zip", "cannot be read"),
    ],
)
def test_what_is_no_script_is_refused(data: bytes, filename: str, code: str, says: str) -> None:
    error = refused(data, filename)
    assert error.code == code
    assert says in error.message


def test_the_errors_say_what_to_do() -> None:
    assert "nbconvert" in refused(b"{}", "a.ipynb").hint
    assert "decide nothing about export" in refused(b"x", "a.pt").hint
    assert refused(b"x" * 20_001).status == 413


@pytest.mark.parametrize(
    ("files", "entry", "chosen"),
    [
        ({"main.py": "x", "other.py": "y"}, "", "main.py"),
        ({"only.py": "x", "pkg/__init__.py": ""}, "", "only.py"),
        ({"pkg/train.py": "x", "run.py": "y"}, "pkg/train.py", "pkg/train.py"),
        ({"proj/main.py": "x", "proj/lib/a.py": ""}, "", "proj/main.py"),
        ({"proj/one.py": "x", "proj/data.bin": b"\0"}, "", "proj/one.py"),
        ({"m.py": "x", "__MACOSX/._m.py": b"\0\5", ".DS_Store": b"\0"}, "", "m.py"),
    ],
)
def test_the_entry_of_an_archive_is_found(
    files: dict[str, bytes | str], entry: str, chosen: str
) -> None:
    checked = check_upload(make_zip(files), "a.zip", entry, LIMITS)
    assert (checked.kind, checked.entry) == (ScriptKind.ZIP, chosen)
    assert not any("__MACOSX" in name for name in checked.files)


@pytest.mark.parametrize(
    ("files", "entry", "code", "says"),
    [
        ({"a.py": "x", "b.py": "y"}, "", "entry_ambiguous", "a.py, b.py"),
        ({"p/a.py": "x", "q/b.py": "y"}, "", "entry_ambiguous", "p/a.py, q/b.py"),
        ({"a.py": "x"}, "b.py", "entry_not_found", "a.py"),
        ({"readme.md": "x"}, "", "entry_missing", "Pack the script"),
        ({"main.py": ""}, "", "empty", "Upload one Python file"),
        ({"main.py": b"\xff"}, "", "not_utf8", "UTF-8"),
        ({"main.py": "x" * 20_001}, "", "too_large", "large data"),
        ({}, "", "empty", ""),
        ({f"f{n}.py": "" for n in range(21)}, "", "too_many_files", "no virtual environment"),
        ({f"f{n:02}.py": "" for n in range(15)}, "", "entry_ambiguous", "and 3 more"),
    ],
)
def test_an_archive_without_a_clear_entry_is_refused(
    files: dict[str, bytes | str], entry: str, code: str, says: str
) -> None:
    error = refused(make_zip(files), "a.zip", entry)
    assert error.code == code
    assert says in error.hint


def test_a_single_file_has_no_other_entry() -> None:
    assert refused(SCRIPT, "model.py", "main.py").code == "entry_not_found"
    assert check_upload(SCRIPT, "model.py", "model.py", LIMITS).entry == "model.py"


@pytest.mark.parametrize(
    "name",
    [
        "/etc/x.py",
        "../x.py",
        "a/../../x.py",
        "a/./x.py",
        "a//x.py",
        "..",
        "a\\..\\x.py",
        "C:x.py",
        "c:/x.py",
        "a\nb.py",
        "a\x1b[31m.py",
        "n" * 300 + ".py",
        "/".join(["d" * 100] * 5) + "/x.py",
    ],
)
def test_paths_that_could_lead_elsewhere_are_refused(name: str) -> None:
    data = make_odd_zip((member("main.py"), b"x"), (member(name), b"y"))
    error = refused(data, "a.zip")
    assert error.code == "unsafe_path"
    assert error.message.isprintable()


def test_a_nul_byte_in_a_name_is_refused() -> None:
    # zipfile cuts a name at the NUL, in reading as in writing.
    data = make_zip({"main.py": "x", "evil.pyQ.txt": "y"}).replace(b"evil.pyQ", b"evil.py\0")
    assert refused(data, "a.zip").code == "unsafe_path"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a.py", "a.py"),
        ("a.py", "A.py"),
        ("caf\u00e9.py", "cafe\u0301.py"),
        ("a.py", "a.py/b.py"),
        ("a/b.py", "a"),
        ("stra\u00dfe.py", "STRASSE.py"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")  # zipfile, as we make one
def test_two_names_that_are_one_file_somewhere_are_refused(one: str, other: str) -> None:
    data = make_odd_zip((member("main.py"), b"x"), (member(one), b"y"), (member(other), b"z"))
    assert refused(data, "a.zip").code == "duplicate_path"


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO])
def test_links_and_devices_are_refused(kind: int) -> None:
    data = make_odd_zip((member("main.py"), b"x"), (member("link", kind | 0o777), b"/etc/passwd"))
    assert refused(data, "a.zip").code == "not_regular_file"


def test_an_encrypted_archive_is_refused() -> None:
    data = bytearray(make_zip({"main.py": "x"}))
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(magic) + offset] |= 1
    assert refused(bytes(data), "a.zip").code == "encrypted"


def test_unusual_compression_is_refused() -> None:
    data = make_zip({"main.py": "x" * 999}, zipfile.ZIP_BZIP2)
    assert refused(data, "a.zip").code == "bad_zip"


def test_a_bomb_is_stopped_by_what_it_really_unpacks_to() -> None:
    data = make_zip({"main.py": "x", "zeros": bytes(50_000), "more": bytes(50_000)})
    assert len(data) < 2_000
    assert refused(data, "a.zip").code == "unpacks_too_large"


def test_a_header_that_lies_about_a_size_is_not_believed() -> None:
    data = bytearray(make_zip({"main.py": "x", "zeros": bytes(150_000)}))
    for magic, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", data, data.rindex(magic) + offset, 10)
    assert refused(bytes(data), "a.zip").code in ("bad_zip", "unpacks_too_large")


def test_a_damaged_file_is_refused() -> None:
    data = make_zip({"main.py": "x = 1  # some text\n"}, zipfile.ZIP_STORED)
    assert refused(data.replace(b"some text", b"SOME TEXT"), "a.zip").code == "bad_zip"


def test_unpacking_writes_the_files_as_they_were(tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {"main.py": SCRIPT, "pkg/a.py": "y", "pkg/data/w.bin": b"\0\1"}
    data = make_zip(files)
    unpack(data, ScriptKind.ZIP, "main.py", tmp_path / "zip", LIMITS)
    unpack(SCRIPT, ScriptKind.PY, "model.py", tmp_path / "py", LIMITS)
    assert contents(tmp_path / "zip") == {
        "main.py": SCRIPT,
        "pkg/a.py": b"y",
        "pkg/data/w.bin": b"\0\1",
    }
    assert contents(tmp_path / "py") == {"model.py": SCRIPT}


def test_the_members_are_the_files_as_they_were() -> None:
    files: dict[str, bytes | str] = {
        "main.py": SCRIPT,
        "pkg/data/w.bin": b"\0\1",
        "empty": "",
        "__MACOSX/._main.py": b"\0",
    }
    data = make_odd_zip(
        *((member(name), text) for name, text in files.items()), (member("folder/"), b"")
    )
    assert dict(members(data, ScriptKind.ZIP, "main.py", LIMITS)) == {
        "main.py": SCRIPT,
        "pkg/data/w.bin": b"\0\1",
        "empty": b"",
    }
    assert list(members(SCRIPT, ScriptKind.PY, "model.py", LIMITS)) == [("model.py", SCRIPT)]


def test_the_members_are_checked_again() -> None:
    evil = make_odd_zip((member("main.py"), b"x"), (member("../out.py"), b"y"))
    bomb = make_zip({"main.py": "x", "zeros": bytes(100_000)})
    for error, data, kind, entry in (
        (UploadError, evil, ScriptKind.ZIP, "main.py"),
        (TooLargeError, bomb, ScriptKind.ZIP, "main.py"),
        (UploadError, make_zip({"main.py": b"\xff"}), ScriptKind.ZIP, "main.py"),
        (TooLargeError, b"x" * 20_001, ScriptKind.PY, "model.py"),
        (UploadError, SCRIPT, ScriptKind.PY, "../model.py"),
    ):
        with pytest.raises(error):
            list(members(data, kind, entry, LIMITS))
    with pytest.raises(UploadError):
        next(members(evil, ScriptKind.ZIP, "main.py", LIMITS))


def test_unpacking_checks_again(tmp_path: Path) -> None:
    evil = make_odd_zip((member("main.py"), b"x"), (member("../out.py"), b"y"))
    with pytest.raises(UploadError):
        unpack(evil, ScriptKind.ZIP, "main.py", tmp_path / "zip", LIMITS)
    with pytest.raises(TooLargeError):
        unpack(b"x" * 20_001, ScriptKind.PY, "model.py", tmp_path / "py", LIMITS)
    with pytest.raises(UploadError):
        unpack(SCRIPT, ScriptKind.PY, "../model.py", tmp_path / "py", LIMITS)
    assert contents(tmp_path) == {}


def test_unpacking_keeps_no_executable_and_follows_no_link(tmp_path: Path) -> None:
    data = make_odd_zip((member("main.py", 0o100777 | stat.S_ISUID), b"x"))
    unpack(data, ScriptKind.ZIP, "main.py", tmp_path / "zip", LIMITS)
    mode = (tmp_path / "zip" / "main.py").stat().st_mode
    assert mode & (stat.S_ISUID | stat.S_IXUSR) == 0
    (tmp_path / "py").mkdir()
    (tmp_path / "py" / "model.py").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        unpack(SCRIPT, ScriptKind.PY, "model.py", tmp_path / "py", LIMITS)


@given(data=st.binary(max_size=300), filename=st.text(max_size=30), entry=st.text(max_size=10))
def test_any_bytes_are_judged_and_the_answer_can_be_shown(
    data: bytes, filename: str, entry: str
) -> None:
    for name in (filename, f"{filename}.py", f"{filename}.zip"):
        try:
            said = check_upload(data, name, entry, LIMITS).entry
        except StagelightError as error:
            said = error.message
        assert said.isprintable()


NAMES = st.text(st.sampled_from("aB.é/\\:\0\n ~"), min_size=1, max_size=8)


@given(names=st.lists(NAMES, min_size=1, max_size=4), damage=st.integers(0, 400))
@hypothesis_settings(deadline=None, max_examples=60)
@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
def test_any_archive_stays_in_its_folder(
    names: list[str], damage: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = bytearray(make_odd_zip(*((member(f"{name}.py"), b"x = 1") for name in names)))
    if damage < len(data):
        data[damage] ^= 0x21
    root = tmp_path_factory.mktemp("any")
    with contextlib.suppress(StagelightError):
        unpack(bytes(data), ScriptKind.ZIP, "", root / "in" / "side", LIMITS)
    assert [path.name for path in root.iterdir()] == ["in"]
    assert [path.name for path in (root / "in").iterdir()] == ["side"]
    assert not any(path.is_symlink() for path in root.rglob("*"))


@given(st.text(max_size=300))
def test_a_script_gets_a_plain_name_of_its_own(filename: str) -> None:
    name = script_name(filename)
    assert name.endswith(".py")
    assert Path(name).name == name
    assert len(name.encode()) <= 140
    assert not name.startswith(".")
    assert script_name(name) == name


@pytest.mark.parametrize(
    ("filename", "shown", "written"),
    [
        ("C:\\models\\pose.py", "pose.py", "pose.py"),
        ("/somewhere/pose.py", "pose.py", "pose.py"),
        ("my model (2).py", "my model (2).py", "my model _2_.py"),
        ("Größe.PY", "Größe.PY", "Größe.py"),
        ("a\x1b[31m\u202eb.py", "a[31mb.py", "a_31mb.py"),
        ("<b>.py", "<b>.py", "_b_.py"),
        ("", "script.py", "script.py"),
        (".py", ".py", "script.py"),
    ],
)
def test_names_are_shown_and_written_safely(filename: str, shown: str, written: str) -> None:
    assert (display_name(filename), script_name(filename)) == (shown, written)


def contents(folder: Path) -> dict[str, bytes]:
    """All files below a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_directory_is_counted_before_it_is_read() -> None:
    # 21 entries are too many; that they are all the same would only be seen by reading them.
    entry = make_zip({"a": ""})
    directory = entry[entry.index(b"PK\x01\x02") : entry.index(b"PK\x05\x06")]
    assert refused(entry + directory * 20, "a.zip").code == "too_many_files"


def test_reading_ends_at_the_limit_and_not_later() -> None:
    class Counting(io.BytesIO):
        total = 0

        def read(self, *args: Any) -> bytes:
            data = super().read(*args)
            Counting.total += len(data)
            return data

    data = make_zip({"main.py": "x", **{f"z{n}": bytes(90_000) for n in range(10)}})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.services.archives.BytesIO", Counting)
        assert refused(data, "a.zip").code == "unpacks_too_large"
    assert Counting.total < len(data)

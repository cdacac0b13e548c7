"""What may be uploaded, and what is refused with a reason and leaves nothing behind."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import StagelightError, TooLargeError, UploadError
from app.models import ScriptKind
from app.services.uploads import check_upload, display_name, members, script_name
from tests.upload_support import LIMITS, refused
from tests.web_support import SCRIPT
from tests.zip_support import make_odd_zip, make_zip, member


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


def test_the_members_are_the_files_as_they_were() -> None:
    files = {
        "main.py": SCRIPT,
        "pkg/data/w.bin": b"\0\1",
        "empty": b"",
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

"""Zip archives from people who mean harm: refused, or harmless."""

import contextlib
import io
import stat
import struct
import sys
import zipfile
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from app.errors import StagelightError
from app.models import ScriptKind
from app.services.uploads import check_upload, members
from app.text import visible
from tests.upload_support import LIMITS, refused
from tests.zip_support import make_odd_zip, make_zip, member


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
        "a\tb.py",
        "a\x85.py",
        "gpj.\u202eyp.py",
        "\u2066a\u2069.py",
        "zero\u200bwidth.py",
        "\ufeffa.py",
        "tag\U000e0041.py",
        "../" * 400 + "etc/x.py",
        "a/" * 300 + "x.py",
        "//etc/x.py",
        "~/../../x.py",
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


NAMES = st.text(st.sampled_from("aB.é/\\:\0\n ~"), min_size=1, max_size=8)


@given(names=st.lists(NAMES, min_size=1, max_size=4), damage=st.integers(0, 400))
@hypothesis_settings(deadline=None, max_examples=60)
@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
def test_any_archive_stays_in_its_folder(names: list[str], damage: int) -> None:
    data = bytearray(make_odd_zip(*((member(f"{name}.py"), b"x = 1") for name in names)))
    if damage < len(data):
        data[damage] ^= 0x21
    with contextlib.suppress(StagelightError):
        for path, content in members(bytes(data), ScriptKind.ZIP, "", LIMITS):
            assert content == b"x = 1"
            assert not path.startswith("/")
            assert not set(path.split("/")) & {"", ".", ".."}
            assert visible(path) == path


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


def local_header(name: bytes, content: bytes, packed: int, method: int = 8) -> bytes:
    """A file's own header, as it lies before its data."""
    sizes = (zlib.crc32(content), packed, len(content), len(name), 0)
    return struct.pack("<4sHHHHHIIIHH", b"PK\x03\x04", 20, 0, method, 0, 0, *sizes) + name


def central_header(
    name: bytes, content: bytes, packed: int, offset: int, extra: bytes = b"", method: int = 8
) -> bytes:
    """A file's entry in the directory."""
    sizes = (zlib.crc32(content), packed, len(content), len(name), len(extra))
    numbers = (20, 20, 0, method, 0, 0, *sizes, 0, 0, 0, 0, offset)
    return struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\x01\x02", *numbers) + name + extra


def archive_of(files: bytes, directory: list[bytes], comment: bytes = b"") -> bytes:
    """Files, then their directory."""
    size = sum(map(len, directory))
    numbers = (0, 0, len(directory), len(directory), size, len(files), len(comment))
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", *numbers)
    return files + b"".join(directory) + end + comment


def quoted_bomb(count: int, zeros: int) -> bytes:
    """The zip bomb of David Fifield (2019): files that overlap, each quoting the next one's header.

    All share one compressed kernel, so that the sum of what they unpack to grows with `count`
    while the archive hardly does.
    """
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    content = bytes(zeros)
    data = deflate.compress(content) + deflate.flush()
    last = b"%02d.py" % count
    files, entries = local_header(last, content, len(data)) + data, [(last, content, len(data), 0)]
    for n in range(count - 1, 0, -1):
        name, quoted = b"%02d.py" % n, files[: 30 + len(last)]
        block = struct.pack("<BHH", 0, len(quoted), 0xFFFF ^ len(quoted))
        content = quoted + content
        packed = len(block) + len(files)
        header = local_header(name, content, packed)
        files = header + block + files
        grown = len(header) + len(block)
        entries = [(n_, c, p, offset + grown) for n_, c, p, offset in entries]
        entries.append((name, content, packed, 0))
    return archive_of(files, [central_header(*entry) for entry in reversed(entries)])


def test_files_that_overlap_are_counted_once_for_each() -> None:
    bomb = quoted_bomb(12, 20_000)
    assert len(bomb) < 2_000
    version = sys.version_info
    python_refuses_overlaps = version >= (3, 12, 2) or (3, 11, 8) <= version < (3, 12)
    expected = "bad_zip" if python_refuses_overlaps else "unpacks_too_large"
    assert refused(bomb, "a.zip").code == expected


def test_an_archive_in_an_archive_is_a_file() -> None:
    inner = make_zip({"../../x.py": "x", "main.py": "y"})
    outer = make_zip({"main.py": "x", "data/inner.zip": inner})
    files = dict(members(outer, ScriptKind.ZIP, "main.py", LIMITS))
    assert files == {"main.py": b"x", "data/inner.zip": inner}


@pytest.mark.parametrize("name", [b"../m.py", b"other.py", b"/abs.py", b"main.p\0"])
def test_a_name_that_differs_from_the_directory_is_refused(name: bytes) -> None:
    files = local_header(name, b"x", 1, method=0) + b"x"
    data = archive_of(files, [central_header(b"main.py", b"x", 1, 0, method=0)])
    assert refused(data, "a.zip").code == "bad_zip"


def test_a_directory_that_lies_about_the_kind_of_a_file_gives_a_file() -> None:
    """A link by a Unix extra field (Info-ZIP's 0x756e, PKWARE's 0x000d): no link is ever made."""
    mode = struct.pack("<IHIHH", 0, stat.S_IFLNK | 0o777, 11, 0, 0) + b"/etc/passwd"
    pkware = struct.pack("<IIHH", 0, 0, 0, 0) + b"/etc/passwd"
    extra = b"".join(
        struct.pack("<HH", kind, len(field)) + field
        for kind, field in ((0x756E, mode), (0x000D, pkware))
    )
    files = local_header(b"main.py", b"x = 1", 5, method=0) + b"x = 1"
    entry = central_header(b"main.py", b"x = 1", 5, 0, extra, method=0)
    assert dict(members(archive_of(files, [entry]), ScriptKind.ZIP, "main.py", LIMITS)) == {
        "main.py": b"x = 1"
    }


@pytest.mark.parametrize(
    ("comment", "code"),
    [
        (b"c" * 65_535, ""),
        (b"PK\x05\x06" * 9_000, "bad_zip"),  # where does the directory end?
        (b"PK\x01\x02" * 9_000, "too_many_files"),  # counted before it is read
    ],
)
def test_a_huge_comment_is_no_way_in(comment: bytes, code: str) -> None:
    files = local_header(b"main.py", b"x = 1", 5, method=0) + b"x = 1"
    entry = central_header(b"main.py", b"x = 1", 5, 0, method=0)
    data = archive_of(files, [entry], comment)
    if code:
        assert refused(data, "a.zip").code == code
    else:
        assert check_upload(data, "a.zip", "", LIMITS).files == ("main.py",)


FAR = (2**32, 2**40, 2**63 - 1, 2**63, 2**64 - 1)


@pytest.mark.parametrize("offset", [0, *FAR])
@pytest.mark.parametrize("size", [5, *FAR])
def test_the_large_numbers_of_zip64_are_no_way_in(offset: int, size: int) -> None:
    extra = struct.pack("<HHQQQ", 1, 24, size, size, offset)
    name, content = b"main.py", b"x = 1"
    files = local_header(name, content, 5, method=0) + content
    entry = bytearray(central_header(name, content, 5, 0, extra, method=0))
    for place in (20, 24, 42):  # packed size, size, offset: they stand in the extra field
        struct.pack_into("<I", entry, place, 0xFFFFFFFF)
    data = archive_of(files, [bytes(entry)])
    if (offset, size) == (0, 5):
        assert check_upload(data, "a.zip", "", LIMITS).entry == "main.py"
    else:
        assert refused(data, "a.zip").code == "bad_zip"


def test_folders_that_are_no_entries_count_too() -> None:
    deep = "/".join("abcdefghijklmnopqrst")
    files: dict[str, bytes | str] = {"main.py": "x", f"{deep}/x.py": "y"}
    assert refused(make_zip(files), "a.zip").code == "too_many_files"
    fits = "/".join("abcdefghijklmnopqr")  # 18 folders and 2 files
    assert check_upload(make_zip({"main.py": "x", f"{fits}/x.py": ""}), "a.zip", "", LIMITS)


def test_an_absolute_link_inside_is_refused_wherever_it_lies() -> None:
    for place in ("link", "pkg/link", "main.py"):
        link = (member(place, stat.S_IFLNK | 0o777), b"/etc")
        below = (member("pkg/more.py"), b"x")
        assert refused(make_odd_zip(link, below), "a.zip").code == "not_regular_file"


def test_joiners_that_people_write_with_are_taken() -> None:
    name = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645.py"  # with U+200C
    assert check_upload(make_zip({name: "x = 1"}), "a.zip", "", LIMITS).entry == name

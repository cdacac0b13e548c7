"""Unified diffs: written so that `patch` takes them, and read back line by line."""

import random
import shutil
import subprocess
from pathlib import Path

import pytest

from app.patches import LINE_CHARACTERS, SHOWN_LINES, Mark, read_diff, write_diff
from tests.evil_support import EVIL

BASE = "".join(f"line {n}\n" for n in range(40))


def change(text: str, line: int, new: str) -> str:
    """`text` with another line at this place, from 0."""
    lines = text.split("\n")
    lines[line] = new
    return "\n".join(lines)


def test_a_change_is_shown_with_three_lines_around_it() -> None:
    patch = write_diff({"a.py": BASE}, {"a.py": change(BASE, 10, "new\nmore")})
    assert patch == (
        "--- a/a.py\n+++ b/a.py\n@@ -8,7 +8,8 @@\n line 7\n line 8\n line 9\n"
        "-line 10\n+new\n+more\n line 11\n line 12\n line 13\n"
    )
    diff = read_diff(patch)
    assert diff is not None
    assert (diff.added, diff.removed, diff.cut) == (2, 1, False)
    assert [(line.mark, line.old, line.new) for line in diff.lines] == [
        (Mark.FILE, None, None),
        (Mark.HUNK, None, None),
        *((Mark.SAME, n, n) for n in (8, 9, 10)),
        (Mark.REMOVED, 11, None),
        (Mark.ADDED, None, 11),
        (Mark.ADDED, None, 12),
        *((Mark.SAME, n, n + 1) for n in (12, 13, 14)),
    ]


def test_what_is_near_shares_a_hunk_and_what_is_far_does_not() -> None:
    near = write_diff({"a": BASE}, {"a": change(change(BASE, 10, "x"), 16, "y")})
    far = write_diff({"a": BASE}, {"a": change(change(BASE, 10, "x"), 18, "y")})
    assert (near.count("@@ -"), far.count("@@ -")) == (1, 2)


def test_files_come_and_go_and_equal_ones_leave_nothing() -> None:
    patch = write_diff({"gone": "a\n", "same": "s\n"}, {"new": "b\n", "same": "s\n"})
    assert patch == (
        "--- a/gone\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n"
        "--- /dev/null\n+++ b/new\n@@ -0,0 +1 @@\n+b\n"
    )
    diff = read_diff(patch)
    assert diff is not None
    assert [line.html for line in diff.lines if line.mark is Mark.FILE] == ["gone", "new"]
    assert write_diff({"a": "x"}, {"a": "x"}) == ""
    assert read_diff("") is None


def test_a_last_line_without_an_end_is_told() -> None:
    patch = write_diff({"a": "one\ntwo"}, {"a": "one\ntwo\n"})
    assert patch.endswith("-two\n\\ No newline at end of file\n+two\n")
    diff = read_diff(patch)
    assert diff is not None
    assert [line.mark for line in diff.lines][-3:] == [Mark.REMOVED, Mark.NOTE, Mark.ADDED]


@pytest.mark.skipif(shutil.which("patch") is None, reason="there is no patch(1) here")
@pytest.mark.parametrize("seed", range(12))
def test_patch_makes_the_head_of_the_base(seed: int, tmp_path: Path) -> None:
    dice = random.Random(seed)
    words = ["a", "b", "", "--- x", "+++ y", "@@ -1 +1 @@", "\\ No newline at end of file", "é\x0c"]
    base, head = ("\n".join(dice.choices(words, k=dice.randrange(1, 30))) for _ in range(2))
    (tmp_path / "f").write_text(base)
    patch = write_diff({"f": base}, {"f": head})
    run = ["patch", "--batch", "--quiet", "-p1"]
    if patch:
        subprocess.run(run, input=patch.encode(), cwd=tmp_path, check=True, timeout=20)
    assert (tmp_path / "f").read_text() == head
    diff = read_diff(patch)
    if diff is not None:
        assert sum(line.mark is Mark.ADDED for line in diff.lines) == diff.added


def test_each_side_is_highlighted_as_code_and_every_character_escaped() -> None:
    base = "def f():\n    '''one\n    two'''\n    return 1\n"
    head = base.replace("two", "<b>three").replace("1", "None")
    diff = read_diff(write_diff({"a.py": base}, {"a.py": head}))
    assert diff is not None
    by_mark = {mark: [line.html for line in diff.lines if line.mark is mark] for mark in Mark}
    assert by_mark[Mark.ADDED][0] == '<span class="sd">    &lt;b&gt;three&#39;&#39;&#39;</span>'
    assert '<span class="kc">None</span>' in by_mark[Mark.ADDED][1]
    assert '<span class="k">def</span>' in by_mark[Mark.SAME][0]


@pytest.mark.parametrize("odd", [EVIL, "a\rb", "\x1b]0;t\x07", "\x1b[", "'''", "x" * 5_000])
def test_hostile_lines_stay_lines(odd: str) -> None:
    diff = read_diff(write_diff({odd: f"{odd}\nb\n"}, {odd: f"a\n{odd}\n"}))
    assert diff is not None
    assert [line.mark for line in diff.lines][2:] == [Mark.ADDED, Mark.SAME, Mark.REMOVED]
    for line in diff.lines:
        assert "<script" not in line.html
        assert len(line.html) < 2 * LINE_CHARACTERS + len(EVIL)


def test_a_text_that_is_no_diff_is_none() -> None:
    assert read_diff("hello\n@@ nothing\n+++ \n") is None
    assert read_diff("@@ -1,9 +1,9 @@\n+a\n") is not None  # one that ends too soon


def test_a_long_diff_is_cut_and_counted_in_full() -> None:
    diff = read_diff(write_diff({}, {"a": "x = 1\n" * 5_000}))
    assert diff is not None
    assert (len(diff.lines), diff.added, diff.cut) == (SHOWN_LINES, 5_000, True)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a\nb\nc\n", "a\nB\nc\n"),
        ("a = 1", "a = 2"),
        ("a = 1\n", "a = 2"),
        ("a = 1\r\nb = 2\r\n", "a = 1\r\nb = 3\r\n"),
        ("a = '\x0c'\nb = '\u2028'\nc = 1\n", "a = '\x0c'\nb = '\u2028'\nc = 2\n"),
    ],
)
def test_patches_are_taken_by_git(tmp_path: Path, old: str, new: str) -> None:
    (tmp_path / "model.py").write_text(old, newline="")
    patch = tmp_path / "a.patch"
    patch.write_text(
        write_diff({"model.py": old}, {"model.py": new, "sub/new.py": "x = 1\n"}), newline=""
    )
    subprocess.run(["git", "apply", str(patch)], cwd=tmp_path, check=True)
    assert (tmp_path / "model.py").read_bytes().decode() == new
    assert (tmp_path / "sub/new.py").read_text() == "x = 1\n"

"""A run's folder goes away, whatever a script did in it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from workers import scratch as scratches
from workers.scratch import PREFIX, remove_tree, scratch, sweep


@pytest.fixture(autouse=True)
def _private_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def test_it_is_private_and_goes_away(tmp_path: Path) -> None:
    with scratch() as path:
        assert path.stat().st_mode & 0o777 == 0o700
        (path / "file").write_text("text")
    assert list(tmp_path.iterdir()) == []


def test_it_goes_away_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), scratch():
        raise RuntimeError("the run failed")
    assert list(tmp_path.iterdir()) == []


def test_a_very_deep_tree_is_removed(tmp_path: Path) -> None:
    top = tmp_path / "tree"
    top.mkdir()
    here = os.open(top, os.O_RDONLY)
    for _ in range(1_500):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)

    remove_tree(top)

    assert list(tmp_path.iterdir()) == []


def test_links_are_not_followed_and_rights_do_not_matter(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("kept")
    tree = tmp_path / "tree"
    locked = tree / "locked"
    (locked / "inner").mkdir(parents=True)
    (locked / "inner" / "file").write_text("text")
    (tree / "folder-link").symlink_to(outside)
    (tree / "file-link").symlink_to(outside / "kept")
    os.mkfifo(tree / "fifo")
    (tree / "0").mkdir()  # the names that folders get on their way out
    (tree / "1").mkdir()
    (locked / "inner").chmod(0)
    locked.chmod(0)

    remove_tree(tree)

    assert [path.name for path in tmp_path.iterdir()] == ["outside"]
    assert (outside / "kept").read_text() == "kept"
    assert outside.stat().st_mode & 0o777 != 0o700


def test_what_a_killed_worker_left_is_swept_and_what_is_in_use_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = (
        "import os, tempfile, sys\n"
        "from workers.scratch import scratch\n"
        f"tempfile.tempdir = {str(tmp_path)!r}\n"
        "with scratch() as path:\n"
        "    (path / 'file').write_text('text')\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(PREFIX)
    assert sweep() == 0, "it is fresh: its owner may be about to lock it"

    monkeypatch.setattr(scratches, "FRESH_SECONDS", 0.0)
    with scratch() as used:
        time.sleep(0.01)
        assert sweep() == 1
        assert list(tmp_path.iterdir()) == [used]

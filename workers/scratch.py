"""Private temporary folders of a run: made, removed whatever a script put there, and swept up
after a worker that was killed."""

import contextlib
import fcntl
import logging
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = "stagelight-run-"
FRESH_SECONDS = 60.0  # a younger folder may be one whose owner is about to lock it

_DIRECTORY = os.O_DIRECTORY | os.O_NOFOLLOW

log = logging.getLogger(__name__)


@contextmanager
def scratch(where: Path | None = None) -> Iterator[Path]:
    """A folder that only this user can enter, removed with all in it at the end.

    It is made in `where`, else where temporary files go.

    It is locked meanwhile, so that `sweep` can tell it from one that was left behind.
    """
    path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=where))
    lock = os.open(path, os.O_RDONLY | _DIRECTORY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield path
    finally:
        try:
            remove_tree(path)
        except OSError as error:
            log.warning("%s could not be removed: %s", path, error)
        finally:
            os.close(lock)


def sweep(where: Path | None = None) -> int:
    """Remove folders that killed workers left behind, there or where temporary files go.

    Returns:
        how many.
    """
    count = 0
    for path in (where or Path(tempfile.gettempdir())).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):  # in use, another user's, or another sweeper's
            if time.time() - path.stat().st_mtime < FRESH_SECONDS:
                continue
            lock = os.open(path, os.O_RDONLY | _DIRECTORY)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                remove_tree(path)
                count += 1
            finally:
                os.close(lock)
    return count


def remove_tree(path: Path) -> None:
    """Remove `path` and all below it, however deep and whatever its permissions.

    shutil.rmtree recurses and overflows on a deep tree. Here every folder is moved up next to
    the first and emptied there, so depth costs nothing. Nothing is followed out of the tree.
    """
    attic = Path(tempfile.mkdtemp(prefix=f"{PREFIX}attic-", dir=path.parent))
    top = os.open(attic, os.O_RDONLY | _DIRECTORY)
    try:
        fcntl.flock(top, fcntl.LOCK_EX)
        path.rename(attic / "0")
        found = 1
        done = 0
        while done < found:
            found = _empty(top, str(done), found)
            os.rmdir(str(done), dir_fd=top)
            done += 1
    finally:
        os.close(top)
    attic.rmdir()


def _empty(top: int, name: str, found: int) -> int:
    """Unlink the files in folder `name` and move its folders up; returns the next free number."""
    _open_up(top, name)
    folder = os.open(name, os.O_RDONLY | _DIRECTORY, dir_fd=top)
    try:
        with os.scandir(folder) as entries:
            names = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
        for inner, is_folder in names:
            if is_folder:
                _open_up(folder, inner)  # a folder must be writable to be moved
                os.rename(inner, str(found), src_dir_fd=folder, dst_dir_fd=top)
                found += 1
            else:
                os.unlink(inner, dir_fd=folder)
    finally:
        os.close(folder)
    return found


def _open_up(parent: int, name: str) -> None:
    """Give the owner all rights on a folder, without following a link."""
    handle = os.open(name, os.O_PATH | _DIRECTORY, dir_fd=parent)
    try:
        Path(f"/proc/self/fd/{handle}").chmod(0o700)
    finally:
        os.close(handle)

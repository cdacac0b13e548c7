"""Private temporary folders of a run: made, removed whatever a script put there, and swept up
after a worker that was killed."""

import contextlib
import fcntl
import logging
import os
import secrets
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

    shutil.rmtree recurses and overflows on a deep tree. Here every folder is moved up into the
    first and emptied there, so depth costs nothing, and nothing is made, so it works where a
    script has filled the file system. Nothing is followed out of the tree.
    """
    path.chmod(0o700)
    top = os.open(path, os.O_RDONLY | _DIRECTORY)
    try:
        names = _Names()
        _empty(top, top, names)
        while (name := names.take()) is not None:
            _open_up(top, name)
            folder = os.open(name, os.O_RDONLY | _DIRECTORY, dir_fd=top)
            try:
                _empty(top, folder, names)
            finally:
                os.close(folder)
            os.rmdir(name, dir_fd=top)
    finally:
        os.close(top)
    path.rmdir()


class _Names:
    """Names for folders on their way out: such as no script has given, each once."""

    def __init__(self) -> None:
        self._token = secrets.token_hex(8)
        self._made = self._taken = 0

    def make(self) -> str:
        self._made += 1
        return f"{self._token}-{self._made}"

    def take(self) -> str | None:
        """The next one that was made; None once all were taken."""
        if self._taken == self._made:
            return None
        self._taken += 1
        return f"{self._token}-{self._taken}"


def _empty(top: int, folder: int, names: _Names) -> None:
    """Unlink the files in `folder` and move its folders up into `top`."""
    with os.scandir(folder) as entries:
        found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    for name, is_folder in found:
        if is_folder:
            _open_up(folder, name)  # a folder must be writable to be moved
            os.rename(name, names.make(), src_dir_fd=folder, dst_dir_fd=top)
        else:
            os.unlink(name, dir_fd=folder)


def _open_up(parent: int, name: str) -> None:
    """Give the owner all rights on a folder, without following a link."""
    handle = os.open(name, os.O_PATH | _DIRECTORY, dir_fd=parent)
    try:
        Path(f"/proc/self/fd/{handle}").chmod(0o700)
    finally:
        os.close(handle)

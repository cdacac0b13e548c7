"""Processes as anybody may see them: who is whose child, and what each runs."""

from collections.abc import Iterator
from pathlib import Path


def children(pid: int) -> Iterator[int]:
    """The children of all its threads; none once it is gone."""
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            yield from map(int, task.read_text().split())
        except OSError:  # the thread ended
            continue


def descendants(pid: int) -> Iterator[int]:
    """Its children, and theirs."""
    for child in children(pid):
        yield child
        yield from descendants(child)


def command(pid: int) -> str:
    """Its command line; empty once it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")
    except OSError:
        return ""


def parent(pid: int) -> int:
    """Its parent; 0 once it is gone."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def is_forked(pid: int) -> bool:
    """Whether it runs what its parent runs, as the children of a zygote do.

    bwrap forks as well, to stay outside of what it makes.
    """
    mine = command(pid)
    return bool(mine) and "--unshare-all" not in mine and mine == command(parent(pid))


def lives(pid: int) -> bool:
    """Whether it is there, and not dead and about to be buried."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"

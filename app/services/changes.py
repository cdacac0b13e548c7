"""What a run changed of the run that it repeats: the script, the options, the graph."""

import zipfile
import zlib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from io import BytesIO
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlmodel import Session, col

from app.models import Run, Script, ScriptKind, Stage, StageKind
from app.patches import write_diff
from app.services.archives import is_wanted
from app.services.options import RunOptions
from app.services.storage import BlobStore
from app.services.view import View

FILE_BYTES = 2 * 2**20  # of a file that is compared line by line


class OptionChange(View):
    """An option that is not as it was."""

    name: str
    before: Any
    after: Any


class ChangesView(View):
    """A run against its parent. `diff` is empty where the script is the same.

    `graph` and `base` are those of the two whole models, `stage` is the number of the run's own;
    all are null where one of them has no graph.
    """

    parent: int
    diff: str
    options: list[OptionChange]
    graph: int | None = None
    base: int | None = None
    stage: int | None = None


class _Upload(NamedTuple):
    """An upload by its content: what is in it never changes."""

    sha256: str
    kind: ScriptKind
    entry: str


def changes_of(session: Session, store: BlobStore, run: Run) -> ChangesView | None:
    """What a run changed; None where it repeats no run, or one exactly."""
    assert run.id is not None
    return None if run.parent_id is None else changes_between(session, store, run.parent_id, run.id)


def changes_between(session: Session, store: BlobStore, base: int, head: int) -> ChangesView | None:
    """What run `head` changed of run `base`; None where that is nothing, or one is not there."""
    query = (
        select(col(Run.id), col(Run.entry), col(Run.options), col(Script.sha256), col(Script.kind))
        .join(Script, col(Script.id) == col(Run.script_id))
        .where(col(Run.id).in_((base, head)), col(Run.deleted_at).is_(None))
    )
    rows = {row.id: row for row in session.execute(query)}
    parent, own = rows.get(base), rows.get(head)
    if parent is None or own is None:
        return None
    diff = _diff(store, *(_Upload(row.sha256, row.kind, row.entry) for row in (parent, own)))
    options = _changed_options(parent.options, own.options)
    if not diff and not options:
        return None
    return ChangesView(parent=base, diff=diff, options=options, **_graphs(session, base, head))


def _changed_options(base: Mapping[str, Any], head: Mapping[str, Any]) -> list[OptionChange]:
    """What is another; options that an older run did not have yet count as their defaults."""
    before, after = (RunOptions.model_validate(one).model_dump(mode="json") for one in (base, head))
    return [
        OptionChange(name=name, before=before[name], after=value)
        for name, value in after.items()
        if before[name] != value
    ]


def _graphs(session: Session, parent: int, run: int) -> dict[str, int]:
    """The graphs of the two whole models, where both have one."""
    query = select(col(Stage.run_id), col(Stage.n), col(Stage.graph_id)).where(
        col(Stage.run_id).in_((parent, run)),
        col(Stage.kind) == StageKind.WHOLE,
        col(Stage.graph_id).is_not(None),
    )
    found = {row.run_id: row for row in session.execute(query)}
    if found.keys() != {parent, run}:
        return {}
    return {
        "graph": found[run].graph_id,
        "base": found[parent].graph_id,
        "stage": found[run].n,
    }


@lru_cache(maxsize=64)
def _diff(store: BlobStore, base: _Upload, head: _Upload) -> str:
    """The unified diff of two uploads; what is no text in them is left out."""
    if base.sha256 == head.sha256:
        return ""
    ours, theirs = (_Members(store.get(one.sha256), one) for one in (base, head))
    changed = [
        path
        for path in ours.marks.keys() | theirs.marks.keys()
        if ours.marks.get(path) != theirs.marks.get(path)
    ]
    shown = [path for path in changed if ours.is_text(path) and theirs.is_text(path)]
    return write_diff(ours.texts(shown), theirs.texts(shown))


class _Members:
    """The files of an upload that was checked when it was taken: by size and checksum, or read."""

    def __init__(self, data: bytes, upload: _Upload) -> None:
        self._data = data
        self._archive = None
        if upload.kind is ScriptKind.ZIP:
            self._archive = zipfile.ZipFile(BytesIO(data))
            self.marks = {
                one.filename: (one.file_size, one.CRC)
                for one in self._archive.infolist()
                if is_wanted(one) and not one.is_dir()
            }
        else:
            self.marks = {upload.entry: (len(data), zlib.crc32(data))}

    def is_text(self, path: str) -> bool:
        """Whether the file can be compared line by line, or is not there at all."""
        if path not in self.marks:
            return True
        return self.marks[path][0] <= FILE_BYTES and b"\0" not in self._read(path)

    def texts(self, paths: Iterable[str]) -> dict[str, str]:
        """Those of them that are there, path → text."""
        here = (path for path in paths if path in self.marks)
        return {path: self._read(path).decode("utf-8", "replace") for path in here}

    def _read(self, path: str) -> bytes:
        return self._data if self._archive is None else self._archive.read(path)

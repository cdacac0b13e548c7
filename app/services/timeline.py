"""The runs of one script, newest first, each with what changed from the one before it."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, select
from sqlmodel import Session, col

from app.errors import NotFoundError
from app.models import Blocker, Category, Run, Script, Verdict
from app.patches import count_changes
from app.services.cause_pairs import pair_by_cause
from app.services.changes import OptionChange, changed_options
from app.services.history import COLUMNS, heads_of
from app.services.history_filters import FilterError, Filters
from app.services.history_query import read_newest, selection
from app.services.script_diffs import Upload, script_diff
from app.services.storage import BlobStore
from app.services.view import View
from app.services.views import RunHead

RUNS = 20  # on one page
DIFF_BYTES = 512 * 2**10  # of an upload that is compared line by line

_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


class BlockerMark(View):
    """What stops a run, in short. `position` is its place among that run's blockers."""

    position: int
    category: Category
    file: str | None
    line: int | None
    text: str  # that line's code
    module: str | None
    fingerprint: str | None


class TimelineStep(View):
    """What changed from the run before. `added` and `removed` count lines of the script; they are
    null where it is too large to be compared, or not there any more.
    """

    before: int
    compare: str  # address of the two runs side by side
    same_script: bool
    added: int | None
    removed: int | None
    options: list[OptionChange]
    runtime: str | None  # that the run before had; null where it had the same
    verdict: Verdict | None  # that the run before had
    gone: list[BlockerMark]  # blockers of the run before
    new: list[BlockerMark]


class TimelineEntry(View):
    """One run; `step` is null for the first."""

    run: RunHead
    step: TimelineStep | None


class Timeline(View):
    """A page of the runs of one script. `next` is the cursor of the page after it."""

    name: str
    sha256: str | None  # where the runs of one exact content are asked for
    entries: list[TimelineEntry]
    next: str | None


def timeline_of(
    session: Session, store: BlobStore, *, name: str, sha256: str, before: int | None = None
) -> Timeline:
    """The runs of the script with this file name, or with exactly this content."""
    if bool(name) == bool(sha256):
        raise FilterError(
            "Name one script whose runs are to be shown.",
            "Give its file name, ?name=model.py, or its content, ?sha256=….",
        )
    if sha256 and not _SHA256.fullmatch(sha256):  # the history would take it for a file's name
        raise FilterError(
            f"{sha256[:80]!r} is no SHA-256.", "Give a file's name as ?name=model.py."
        )
    filters = Filters(script=name or sha256, before=before)
    query = select(*COLUMNS, col(Run.options)).join(Script, col(Script.id) == col(Run.script_id))
    rows = read_newest(session, selection(session, filters), query, RUNS + 1)
    if not rows and before is None:
        raise NotFoundError(
            f"There is no run of a script {(name or sha256)[:80]!r}.",
            "It may have been deleted; the history lists all runs.",
        )
    shown = rows[:RUNS]
    blockers = _blockers(session, [row.id for row in rows])
    heads = heads_of(session, shown)
    steps = [
        _step(store, older, row, blockers)
        for row, older in zip(rows, [*rows[1:], None], strict=True)
    ]
    return Timeline(
        name=shown[0].filename if shown else name,
        sha256=sha256.lower() or None,
        entries=[
            TimelineEntry(run=head, step=step) for head, step in zip(heads, steps, strict=False)
        ],
        next=str(shown[-1].id) if len(rows) > RUNS else None,
    )


def _blockers(session: Session, ids: Sequence[int]) -> Mapping[int, list[BlockerMark]]:
    rows = session.execute(
        select(
            col(Blocker.run_id),
            col(Blocker.position),
            col(Blocker.category),
            col(Blocker.file),
            col(Blocker.line),
            col(Blocker.text),
            col(Blocker.module),
            col(Blocker.fingerprint),
        )
        .where(col(Blocker.run_id).in_(ids))
        .order_by(col(Blocker.run_id), col(Blocker.position))
    )
    found: dict[int, list[BlockerMark]] = defaultdict(list)
    for row in rows:
        found[row.run_id].append(BlockerMark.model_validate(row))
    return found


def _step(
    store: BlobStore,
    base: Row[Any] | None,
    head: Row[Any],
    blockers: Mapping[int, list[BlockerMark]],
) -> TimelineStep | None:
    if base is None:
        return None
    added, removed = _lines(store, base, head)
    pairs = pair_by_cause(blockers.get(base.id, []), blockers.get(head.id, []))
    return TimelineStep(
        before=base.id,
        compare=f"/compare?base={base.id}&head={head.id}",
        same_script=base.sha256 == head.sha256,
        added=added,
        removed=removed,
        options=changed_options(base.options, head.options),
        runtime=None if base.runtime == head.runtime else base.runtime,
        verdict=base.verdict,
        gone=[one for one, other in pairs if one is not None and other is None],
        new=[other for one, other in pairs if one is None and other is not None],
    )


def _lines(store: BlobStore, base: Row[Any], head: Row[Any]) -> tuple[int | None, int | None]:
    if max(base.size, head.size) > DIFF_BYTES:
        return None, None
    uploads = (Upload(row.sha256, row.kind, row.entry) for row in (base, head))
    try:
        return count_changes(script_diff(store, *uploads))
    except NotFoundError:  # the store was changed from outside
        return None, None

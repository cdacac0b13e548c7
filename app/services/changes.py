"""What a run changed of the run that it repeats: the script, the options, the graph."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from app.models import Run, Script, Stage, StageKind
from app.services.options import every_option
from app.services.script_diffs import Upload, script_diff
from app.services.storage import BlobStore
from app.services.view import View


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
    diff = script_diff(store, *(Upload(row.sha256, row.kind, row.entry) for row in (parent, own)))
    options = changed_options(parent.options, own.options)
    if not diff and not options:
        return None
    return ChangesView(parent=base, diff=diff, options=options, **_graphs(session, base, head))


def changed_options(base: Mapping[str, Any], head: Mapping[str, Any]) -> list[OptionChange]:
    """What is another."""
    before, after = every_option(base), every_option(head)
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

"""A run's remedies: read for pages and the API, and run as a script of their own."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import func, or_, select
from sqlmodel import Session, col

from app.errors import ConflictError
from app.models import Remedy, RemedyKind, RemedyStatus, Run, Script
from app.services.asker import Asker
from app.services.failure_views import BlockerView
from app.services.options import make_options
from app.services.patched import patched_upload
from app.services.remedy_views import RemedyView
from app.services.runs import TITLE_CHARACTERS, create_run
from app.services.storage import BlobStore
from app.services.view import View
from app.services.views import ReplayView
from app.settings import Settings

PATCH_CHARACTERS = 200_000  # of a patch that a page reads

_SUFFIX = ", patched"  # of the title of a run that a remedy made
_REPLAY: Any = col(Remedy.replay_detail)
_BRIEF = (
    *(
        getattr(Remedy, name)
        for name in RemedyView.model_fields
        if name in Remedy.model_fields and name != "patch"
    ),
    (func.length(Remedy.patch) > 0).label("changes"),
    _REPLAY["max_abs"].label("max_abs"),
    func.json_array_length(_REPLAY["cases"]).label("cases"),
)


class RemedyDetail(RemedyView):
    """A remedy with its unified diff and its replay in full."""

    diff: str
    replay_detail: ReplayView | None


class RemedyList(View):
    """A run's remedies, in the order in which they are tried."""

    remedies: list[RemedyDetail]


def remedy_views(session: Session, run_id: int, blocker: int | None = None) -> list[RemedyView]:
    """All of a run, or those of one blocker, without their files and diffs."""
    query = select(*_BRIEF).where(col(Remedy.run_id) == run_id).order_by(col(Remedy.position))
    if blocker is not None:
        query = query.where(col(Remedy.blocker) == blocker)
    return [_view(run_id, row._mapping) for row in session.execute(query)]


def remedy_details(session: Session, run_id: int, blocker: int | None = None) -> list[RemedyDetail]:
    """The same in full; of one blocker, where it is given."""
    query = select(Remedy).where(col(Remedy.run_id) == run_id).order_by(col(Remedy.position))
    if blocker is not None:
        query = query.where(col(Remedy.blocker) == blocker)
    return [_detail(row) for row in session.scalars(query)]


def shown_patches(session: Session, run_id: int) -> dict[int, str]:
    """The diffs that a run's page shows, by position: of what works, and of all together."""
    shown = or_(col(Remedy.status) == RemedyStatus.WORKS, col(Remedy.kind) == RemedyKind.COMBINED)
    beginning = func.substr(col(Remedy.patch), 1, PATCH_CHARACTERS)
    query = select(col(Remedy.position), beginning).where(col(Remedy.run_id) == run_id, shown)
    return dict(session.execute(query).all())


def with_remedies(
    blockers: Iterable[BlockerView], remedies: Sequence[RemedyView]
) -> list[BlockerView]:
    """Each blocker with what is for it."""
    by_blocker: dict[int | None, list[RemedyView]] = defaultdict(list)
    for remedy in remedies:
        by_blocker[remedy.blocker].append(remedy)
    return [
        one.model_copy(update={"remedies": by_blocker[one.position]})
        if one.position in by_blocker
        else one
        for one in blockers
    ]


def run_remedy(
    session: Session,
    store: BlobStore,
    parent: Run,
    remedy: Remedy,
    *,
    asker: Asker,
    settings: Settings,
) -> Run:
    """Queue a run of the parent's script with this remedy, and what it stands on, applied."""
    files, options = _applied(session, remedy)
    if not remedy.status.ended or not (files or options):
        raise ConflictError(
            f"Remedy {remedy.position} of run {parent.id} has nothing to run.",
            "Wait until it was tried; one that could not be tried changes nothing.",
            code="remedy_without_change",
        )
    script = session.get_one(Script, parent.script_id)
    upload = store.get(script.sha256)
    return create_run(
        session,
        store,
        patched_upload(upload, script.kind, parent.entry, files, settings),
        parent.filename,
        title=parent.title[: TITLE_CHARACTERS - len(_SUFFIX)].removesuffix(_SUFFIX) + _SUFFIX,
        entry=parent.entry,
        runtime=parent.runtime,
        options=make_options({**parent.options, **options}),
        settings=settings,
        asker=asker,
        parent_id=parent.id,
    )


def _applied(session: Session, remedy: Remedy) -> tuple[dict[str, str], dict[str, Any]]:
    """The changed files, path → whole text, and options, those of its parts beneath its own."""
    query = (
        select(col(Remedy.files), col(Remedy.options))
        .where(col(Remedy.run_id) == remedy.run_id, col(Remedy.position).in_(remedy.parts))
        .order_by(col(Remedy.position))
    )
    files: dict[str, str] = {}
    options: dict[str, Any] = {}
    for row in [*session.execute(query), remedy]:
        files.update(row.files)
        options.update(row.options)
    return files, options


def _view(run_id: int, row: Any) -> RemedyView:
    address = _address(run_id, row["position"]) if row["changes"] else None
    return RemedyView.model_validate({**row, "patch": address, "compared": row["cases"] or 0})


def _detail(row: Remedy) -> RemedyDetail:
    replay = row.replay_detail or {}
    given = {
        **row.model_dump(exclude={"files"}),
        "patch": _address(row.run_id, row.position) if row.patch else None,
        "diff": row.patch,
        "max_abs": replay.get("max_abs"),
        "compared": len(replay.get("cases", ())),
    }
    return RemedyDetail.model_validate(given)


def _address(run_id: int, position: int) -> str:
    return f"/api/runs/{run_id}/remedies/{position}.patch"

"""What stands around a graph: where its export ended, its guards, the source that made it."""

from dataclasses import dataclass
from textwrap import dedent

from sqlalchemy import select
from sqlmodel import Session, col

from app.errors import StagelightError
from app.graphs.document import SourceFrame
from app.graphs.panel import mentions
from app.models import Category, Failure, Guard, Run, Script, ScriptKind
from app.services.archives import contents
from app.services.graphs import StageLink
from app.services.storage import BlobStore
from app.services.views import GuardView
from app.settings import Settings

AROUND = 4  # lines above and below a node's own
GUARDS = 30  # on the symbols of one node
READ_GUARDS = 2_000  # of a stage


@dataclass(frozen=True)
class Ending:
    """Why a graph is partial: the failure of the stage that left it."""

    run: int
    n: int
    category: Category
    file: str | None
    line: int | None
    text: str


@dataclass(frozen=True)
class Upload:
    """The script that made a graph."""

    sha256: str
    kind: ScriptKind
    entry: str


@dataclass(frozen=True)
class SourceLines:
    """Lines of a file of the upload; the first has this number."""

    file: str
    first: int
    text: str
    line: int


def ending_of(session: Session, stages: tuple[StageLink, ...]) -> Ending | None:
    """Where the latest failed stage with the graph stopped."""
    stage = next((one for one in stages if one.partial), None)
    if stage is None:
        return None
    row = session.execute(
        select(
            col(Failure.category), col(Failure.file), col(Failure.line), col(Failure.text)
        ).where(col(Failure.stage_id) == stage.id)
    ).one_or_none()
    return None if row is None else Ending(stage.run, stage.n, *row)


def guards_on(
    session: Session, stages: tuple[StageLink, ...], symbols: set[str]
) -> tuple[GuardView, ...]:
    """The guards of the latest stage with the graph that are about these symbols."""
    if not stages or not symbols:
        return ()
    guards = session.scalars(
        select(Guard)
        .where(col(Guard.stage_id) == stages[0].id)
        .order_by(col(Guard.position))
        .limit(READ_GUARDS)
    )
    about = [guard for guard in guards if mentions(guard.expression, symbols)]
    return tuple(GuardView.model_validate(guard) for guard in about[:GUARDS])


def upload_of(session: Session, stages: tuple[StageLink, ...]) -> Upload | None:
    """The script of the latest run with the graph."""
    if not stages:
        return None
    row = session.execute(
        select(col(Script.sha256), col(Script.kind), col(Run.entry))
        .join(Run, col(Run.script_id) == col(Script.id))
        .where(col(Run.id) == stages[0].run)
    ).one_or_none()
    return None if row is None else Upload(*row)


def source_around(
    store: BlobStore, settings: Settings, upload: Upload, frame: SourceFrame
) -> SourceLines | None:
    """The lines around a frame, where its file is of the upload and has that line.

    The frame is the script's own word: only a line that reads as it says is taken for it.
    """
    text = _file(store, settings, upload, frame.file)
    lines = [] if text is None else text.split("\n")
    if not 0 < frame.line <= len(lines) or not frame.text.strip():
        return None
    if lines[frame.line - 1].strip() != frame.text.strip():
        return None
    first = max(1, frame.line - AROUND)
    shown = dedent("\n".join(lines[first - 1 : frame.line + AROUND]))
    return SourceLines(frame.file, first, shown, frame.line)


def _file(store: BlobStore, settings: Settings, upload: Upload, name: str) -> str | None:
    """One file of an upload, or None."""
    try:
        data = store.get(upload.sha256)
        if upload.kind is ScriptKind.PY:
            return data.decode(errors="replace") if name == upload.entry else None
        found = (body for path, body in contents(data, settings) if path == name)
        body = next(found, None)
    except StagelightError:
        return None
    return None if body is None else body.decode(errors="replace")

"""How runs come to be: of an upload, or of another run."""

from collections.abc import Iterable

from sqlmodel import Session, col, select

from app.errors import StagelightError
from app.models import Act, Run, Script
from app.services.asker import Asker
from app.services.audit import record
from app.services.holdings import add_script
from app.services.options import RunOptions
from app.services.quotas import check_quota
from app.services.search import index_run, index_script
from app.services.storage import BlobStore, digest
from app.services.tags import read_tags, set_tags
from app.services.uploads import CheckedUpload, check_upload, display_name
from app.settings import Settings
from app.text import one_line

TITLE_CHARACTERS = 200


class TitleError(StagelightError):
    """The title of a run is too long."""

    code = "bad_title"
    status = 422


class UnknownRuntimeError(StagelightError):
    """No worker was told of this runtime."""

    code = "unknown_runtime"
    status = 422


def create_run(
    session: Session,
    store: BlobStore,
    upload: bytes,
    filename: str,
    *,
    title: str = "",
    entry: str = "",
    runtime: str = "",
    options: RunOptions,
    settings: Settings,
    asker: Asker,
    parent_id: int | None = None,
    tags: Iterable[str] = (),
) -> Run:
    """Check an upload, keep it and queue a run of it as the asker's. What cannot be taken leaves
    nothing.
    """
    checked = check_upload(upload, filename, entry.strip(), settings)
    check_quota(session, asker, settings, len(upload))
    kept_tags = read_tags(tags)
    shown = display_name(filename)
    run = Run(
        script_id=0,
        parent_id=parent_id,
        title=clean_title(title) or shown,
        filename=shown,
        entry=checked.entry,
        runtime=known_runtime(runtime.strip(), settings),
        options=options.model_dump(mode="json"),
        owner=asker.name,
    )
    script = _keep(session, store, upload, checked)
    add_script(session, run.owner, script)
    assert script.id is not None
    run.script_id = script.id
    session.add(run)
    session.flush()
    assert run.id is not None
    set_tags(session, run.id, kept_tags)
    index_run(session, run.id)
    act = Act.RUN_UPLOADED if parent_id is None else Act.RUN_REPEATED
    record(session, asker, act, f"run {run.id}", title=run.title, parent=parent_id)
    return run


def repeat_run(
    session: Session,
    store: BlobStore,
    parent: Run,
    *,
    title: str = "",
    entry: str = "",
    runtime: str = "",
    options: RunOptions | None = None,
    settings: Settings,
    asker: Asker,
) -> Run:
    """Queue a new run of the same script. What is not given is the parent's."""
    script = session.get_one(Script, parent.script_id)
    return create_run(
        session,
        store,
        store.get(script.sha256),
        parent.filename,
        title=title or parent.title,
        entry=entry or parent.entry,
        runtime=runtime or parent.runtime,
        options=options or RunOptions.model_validate(parent.options),
        settings=settings,
        asker=asker,
        parent_id=parent.id,
    )


def clean_title(title: str) -> str:
    """A title on one line, without control characters; TitleError past the cap."""
    text = one_line(title)
    if len(text) > TITLE_CHARACTERS:
        raise TitleError(
            f"The title has {len(text)} characters; it may have {TITLE_CHARACTERS}.",
            "Shorten it.",
        )
    return text


def known_runtime(name: str, settings: Settings) -> str:
    """The runtime's name, or the default one's; UnknownRuntimeError lists what there is."""
    if not name:
        return settings.default_runtime
    if name not in settings.pythons:
        raise UnknownRuntimeError(
            f"There is no runtime {name[:80]!r}.",
            f"Choose one of: {', '.join(settings.pythons)}.",
        )
    return name


def _keep(session: Session, store: BlobStore, data: bytes, checked: CheckedUpload) -> Script:
    """Store the bytes and their row once."""
    sha256 = digest(data)
    script = session.exec(
        select(Script).where(col(Script.sha256) == sha256).with_for_update()
    ).one_or_none()
    if script is None:
        script = Script(sha256=sha256, kind=checked.kind, size=len(data))
        session.add(script)
        session.flush()
        index_script(session, script, data)
    store.put(data)  # after the lock, so that no deletion of the last run comes between
    return script

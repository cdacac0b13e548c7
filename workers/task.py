"""What a claimed run asks for, read once from its row and the store."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from app.db import read_scope
from app.errors import ConflictError
from app.models import Run, Script, ScriptKind
from app.services.options import RunOptions
from app.services.queue import Claim
from app.services.storage import BlobStore
from app.services.uploads import unpack
from app.settings import Settings
from workers.events import ProbeKind
from workers.sandbox.policy import Folders


@dataclass(frozen=True)
class Task:
    """One run's upload, options and Python."""

    upload: bytes
    kind: ScriptKind
    entry: str
    options: RunOptions
    python: Path


def load_task(engine: Engine, claim: Claim, settings: Settings) -> Task:
    """Read what a run needs; StagelightError says what is missing."""
    with read_scope(engine) as session:
        run = session.get_one(Run, claim.run_id)
        script = session.get_one(Script, run.script_id)
    python = settings.pythons.get(run.runtime)
    if python is None:
        raise ConflictError(f"This worker does not have the runtime {run.runtime!r}.")
    return Task(
        upload=BlobStore(settings.data / "scripts").get(script.sha256),
        kind=script.kind,
        entry=run.entry,
        options=RunOptions.model_validate(run.options),
        python=python,
    )


def prepare(task: Task, base: Path, settings: Settings) -> dict[ProbeKind, Folders]:
    """Unpack the upload once for each child: what one writes must not reach the other."""
    made = {}
    for kind in ProbeKind:
        folders = Folders(upload=base / kind / "upload", home=base / kind / "home")
        unpack(task.upload, task.kind, task.entry, folders.upload, settings)
        (folders.home / "tmp").mkdir(parents=True)
        made[kind] = folders
    return made

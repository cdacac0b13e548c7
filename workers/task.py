"""What a claimed run asks for, read once from its row and the store."""

from dataclasses import dataclass

from sqlalchemy import Engine

from app.db import read_scope
from app.errors import ConflictError
from app.models import Run, Script, ScriptKind
from app.services.options import RunOptions
from app.services.queue import Claim
from app.services.storage import BlobStore
from app.services.uploads import members
from app.settings import Settings


@dataclass(frozen=True)
class Task:
    """One run's upload, options and runtime."""

    upload: bytes
    kind: ScriptKind
    entry: str
    options: RunOptions
    runtime: str

    def files(self, settings: Settings) -> list[tuple[str, bytes]]:
        """The upload's files, relative path and content, all checks made again."""
        return list(members(self.upload, self.kind, self.entry, settings))


def load_task(engine: Engine, claim: Claim, settings: Settings) -> Task:
    """Read what a run needs; StagelightError says what is missing."""
    with read_scope(engine) as session:
        run = session.get_one(Run, claim.run_id)
        script = session.get_one(Script, run.script_id)
    if run.runtime not in settings.pythons:
        raise ConflictError(f"This worker does not have the runtime {run.runtime!r}.")
    return Task(
        upload=BlobStore(settings.data / "scripts").get(script.sha256),
        kind=script.kind,
        entry=run.entry,
        options=RunOptions.model_validate(run.options),
        runtime=run.runtime,
    )

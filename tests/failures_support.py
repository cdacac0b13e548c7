"""Runs that have failures, as the queue would have ended them: with sightings of each."""

from typing import Any

from app.fingerprint import fingerprint
from app.models import Run, RunStatus, Search, StageKind, StageStatus, Verdict
from app.models.columns import utc_now
from app.services.sightings import record_sightings
from tests.web_support import CAUSE, Seed

CLASS = "Block"


def name_of(**values: Any) -> str:
    """The fingerprint of a cause as tests.web_support makes it, but for `values`."""
    cause = CAUSE | {"module_class": CLASS} | values
    return fingerprint(
        cause["category"],
        cause["expression"],
        (cause["module_class"],),
        cause["text"],
        cause["message"],
    )


def blocked(seed: Seed, *causes: dict[str, Any], **values: Any) -> Run:
    """A run that ended with these blockers; `values` are its columns."""
    search = {"complete": values.pop("complete", Search.CLEAN), "reason": ""}
    run = seed.finished(Verdict.BLOCKED, search=search, **values)
    whole = seed.stage(run, 1, StageStatus.FAILED, StageKind.WHOLE)
    for position, cause in enumerate(causes or ({},), start=1):
        told = {"module_class": CLASS, **cause}
        told["fingerprint"] = name_of(**cause)
        seed.blocker(run, position, **told)
        if position == 1:
            seed.failure(run, whole, **told)
    record_sightings(seed.session, run)
    return run


def exported(seed: Seed, **values: Any) -> Run:
    """A run that exports, ended."""
    run = seed.finished(Verdict.EXPORTED, **values)
    seed.stage(run, 1, kind=StageKind.WHOLE)
    record_sightings(seed.session, run)
    return run


def failed(seed: Seed, **cause: Any) -> Run:
    """A run whose own failure ended it."""
    given = {"module_class": "", "expression": None} | cause
    run = seed.run("failed", status=RunStatus.FINISHED, verdict=Verdict.SCRIPT_ERROR)
    run.started_at = utc_now()
    seed.failure(run, None, **given, fingerprint=name_of(**given))
    record_sightings(seed.session, run)
    return run

"""A run as SARIF 2.1.0: what stops the model as results at lines of the upload. Pure.

Rules are categories of failures. A cause's fingerprint is the same in every run, so that a code
scanner tells a new one from one it knows, wherever its line moved.
"""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from app.models import Category, ReplayStatus, RunStatus, StageKind, StageStatus
from app.reports.places import Locate, Place, as_named, upload_place
from app.services.failure_views import BlockerView, FailureView
from app.services.summary import cause_words
from app.services.views import RunView, StageView
from app.text import terminal, visible
from app.version import installed_version

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
FINGERPRINT = "stagelightCause/v1"  # a name that SARIF wants versioned; the value is as well


def sarif(run: RunView, locate: Locate = as_named) -> str:
    """The log, as JSON. `locate` says where the files of the upload lie for the reader."""
    results = [_result(run, failure, locate) for failure in _causes(run)]
    results += [_different(run, stage, locate) for stage in _differing(run)]
    categories = list(dict.fromkeys(Category(result["ruleId"]) for result in results))
    for result in results:
        result["ruleIndex"] = categories.index(Category(result["ruleId"]))
    log = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": _driver(categories)},
                "columnKind": "unicodeCodePoints",
                "invocations": [_invocation(run)],
                "results": results,
            }
        ],
    }
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _causes(run: RunView) -> Sequence[FailureView]:
    """All blockers; of a run that has none, what failed."""
    return run.blockers or ([run.failure] if run.failure is not None else [])


def _differing(run: RunView) -> list[StageView]:
    return [
        stage
        for stage in run.stages
        if stage.kind is StageKind.WHOLE
        and stage.status is StageStatus.PASSED
        and stage.replay is ReplayStatus.DIFFERENT
    ]


def _driver(categories: Sequence[Category]) -> dict[str, Any]:
    return {
        "name": "Stagelight",
        "version": installed_version(),
        "rules": [_rule(category) for category in categories],
    }


def _rule(category: Category) -> dict[str, Any]:
    words = cause_words(category)
    return {
        "id": category.value,
        "name": "".join(part.capitalize() for part in category.value.split("_")),
        "shortDescription": {"text": words},
        "fullDescription": {"text": f"{words} stops torch.export."},
        "help": {"text": f"{words}. See docs/categories/{category.value}.md of Stagelight."},
        "defaultConfiguration": {"level": "error"},
    }


def _invocation(run: RunView) -> dict[str, Any]:
    times = {"startTimeUtc": run.started_at, "endTimeUtc": run.finished_at}
    return {
        "executionSuccessful": run.status is RunStatus.FINISHED,
        **{name: _utc(time) for name, time in times.items() if time is not None},
    }


def _result(run: RunView, failure: FailureView, locate: Locate) -> dict[str, Any]:
    place = upload_place(failure, locate)
    result: dict[str, Any] = {
        "ruleId": failure.category.value,
        "level": "error",
        "message": {"text": _message(failure, locate)},
        "locations": [_location(run, place, failure, locate)],
    }
    if isinstance(failure, BlockerView) and failure.fingerprint:
        result["partialFingerprints"] = {FINGERPRINT: failure.fingerprint}
    return result


def _message(failure: FailureView, locate: Locate) -> str:
    """What it is, what torch says, what to do; and the line where it is a library's."""
    words = cause_words(failure.category)
    if failure.file is not None and locate(failure.file) is None:
        words += f", at {failure.file}:{failure.line}"
    first = failure.message.strip().partition("\n")[0].rstrip(".")
    parts = [words, first, failure.hint.strip().rstrip(".")]
    return terminal("".join(f"{part}. " for part in parts if part)).strip()


def _location(
    run: RunView, place: Place | None, failure: FailureView | None, locate: Locate
) -> dict[str, Any]:
    """The line; the beginning of the entry file where no line of the upload is known."""
    region: dict[str, Any] = {"startLine": place.line if place else 1}
    if failure is not None and place is not None and failure.upload_file is None and failure.text:
        region["snippet"] = {"text": terminal(failure.text)}
    file = place.file if place else locate(run.script.entry) or run.script.entry
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(file) or _uri(run.script.entry)},
            "region": region,
        }
    }
    if failure is not None and failure.module:
        module = {"fullyQualifiedName": terminal(failure.module), "kind": "module"}
        location["logicalLocations"] = [module]
    return location


def _uri(file: str) -> str:
    """A path as a relative reference: no scheme and no host can be read out of it."""
    return re.sub("^/+", "/", quote(visible(file)))


def _different(run: RunView, stage: StageView, locate: Locate) -> dict[str, Any]:
    why = stage.replay_why or f"the largest difference is {stage.max_abs}"
    return {
        "ruleId": Category.NUMERIC_MISMATCH.value,
        "level": "error",
        "message": {"text": terminal(f"The exported program differs from eager: {why}")},
        "locations": [_location(run, None, None, locate)],
    }


def _utc(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"

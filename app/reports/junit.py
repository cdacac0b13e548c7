"""A run as JUnit XML: one test case a stage, so that a CI shows which stages fail. Pure."""

import re
from xml.etree import ElementTree as ET

from app.models import ReplayStatus, RunStatus, StageKind, StageStatus, Verdict
from app.reports.places import Locate, as_named, upload_place
from app.reports.words import told
from app.services.failure_views import FailureView
from app.services.views import RunView, StageView
from app.text import terminal

# What they come to is no fault of the model: a failure of theirs is told as skipped.
EXPLORING = frozenset({StageKind.STRICT, StageKind.DRAFT, StageKind.BYPASS})
MESSAGE_CHARACTERS = 300  # of the attribute; the element has all of it

_NO_XML = re.compile("[\ufffe\uffff]")  # what `terminal` leaves, and XML 1.0 forbids


def junit(run: RunView, locate: Locate = as_named) -> str:
    """The XML. `locate` says where the files of the upload lie for the reader."""
    cases = [_stage_case(run, stage, locate) for stage in run.stages]
    if (own := _run_case(run, locate)) is not None:
        cases.insert(0, own)
    suite = ET.Element(
        "testsuite",
        {
            "name": _clean(run.title),
            "tests": str(len(cases)),
            "failures": _count(cases, "failure"),
            "errors": _count(cases, "error"),
            "skipped": _count(cases, "skipped"),
            "time": _seconds(sum(stage.seconds or 0 for stage in run.stages)),
            "timestamp": run.created_at.strftime("%Y-%m-%dT%H:%M:%S"),
        },
    )
    suite.extend(cases)
    suites = ET.Element("testsuites")
    suites.append(suite)
    ET.indent(suites)
    text = ET.tostring(suites, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _count(cases: list[ET.Element], tag: str) -> str:
    return str(sum(case.find(tag) is not None for case in cases))


def _run_case(run: RunView, locate: Locate) -> ET.Element | None:
    """What failed before any stage, or ended the run; None where its stages say it all."""
    case = ET.Element("testcase", name="run", classname=_class_of(run), time="0")
    if run.status in (RunStatus.FAILED, RunStatus.CANCELLED) and run.verdict is None:
        reason = run.reason or f"The run was {run.status.value}."
        _add(case, "error", run.status.value, reason, reason)
    elif run.verdict is Verdict.SCRIPT_ERROR and run.failure is not None:
        _add_failure(case, "error", run.failure, locate)
    else:
        return None
    return case


def _stage_case(run: RunView, stage: StageView, locate: Locate) -> ET.Element:
    case = ET.Element(
        "testcase",
        name=_clean(f"{stage.name} ({stage.kind.value})"),
        classname=_class_of(run),
        time=_seconds(stage.seconds or 0),
    )
    if stage.status is StageStatus.FAILED and stage.kind in EXPLORING:
        why = stage.failure.message if stage.failure else stage.reason
        ET.SubElement(case, "skipped", message=_first_line(f"explored only, it fails: {why}"))
    elif stage.status is StageStatus.FAILED and stage.failure is not None:
        _add_failure(case, "failure", stage.failure, locate)
    elif stage.status is StageStatus.FAILED:
        _add(case, "failure", "unknown", stage.reason, stage.reason)
    elif stage.status is not StageStatus.PASSED:
        ET.SubElement(case, "skipped", message=_clean(stage.reason or stage.status.value))
    elif stage.replay is ReplayStatus.DIFFERENT:
        why = stage.replay_why or "The exported program differs from eager."
        _add(case, "failure", "numeric_mismatch", why, f"{why}\nmax abs: {stage.max_abs}")
    return case


def _add_failure(case: ET.Element, tag: str, failure: FailureView, locate: Locate) -> None:
    lines = [told(failure), failure.hint]
    if failure.file is not None:
        file = locate(failure.file) or failure.file
        lines.insert(0, f"{file}:{failure.line}  {failure.text.strip()}")
    if (place := upload_place(failure, locate)) is not None:
        case.set("file", _clean(place.file))
        case.set("line", str(place.line))
    _add(case, tag, failure.category.value, failure.message, "\n".join(filter(None, lines)))


def _add(case: ET.Element, tag: str, kind: str, message: str, text: str) -> None:
    ET.SubElement(case, tag, type=kind, message=_first_line(message)).text = _clean(text)


def _first_line(text: str) -> str:
    return _clean(text.strip().partition("\n")[0])[:MESSAGE_CHARACTERS]


def _class_of(run: RunView) -> str:
    return _clean(f"stagelight.{run.script.entry.removesuffix('.py').replace('/', '.')}")


def _clean(text: str) -> str:
    return _NO_XML.sub("\ufffd", terminal(text))


def _seconds(value: float) -> str:
    return f"{value:.3f}"

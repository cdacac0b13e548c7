"""Reports that a CI reads: JUnit XML and SARIF."""

import json
import re
from typing import Any
from xml.etree import ElementTree as ET

from hypothesis import HealthCheck, given
from hypothesis import settings as profile
from hypothesis import strategies as st

from app.models import (
    Category,
    Failure,
    ReplayStatus,
    RunStatus,
    StageKind,
    StageStatus,
    Verdict,
)
from app.reports.junit import junit
from app.reports.sarif import FINGERPRINT, sarif
from app.services.present import run_view
from app.services.views import RunView
from tests.web_support import CAUSE, Seed, id_of


def suite_of(text: str) -> ET.Element:
    """The one test suite, whose counts are true."""
    (suite,) = ET.fromstring(text.encode())
    cases = suite.findall("testcase")
    assert suite.get("tests") == str(len(cases))
    for plural, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert suite.get(plural) == str(len(suite.findall(f"testcase/{tag}")))
    return suite


def log_of(text: str) -> dict[str, Any]:
    """The one run of a SARIF log, which has all that the format and code scanners require."""
    log = json.loads(text)
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("/sarif-schema-2.1.0.json")
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "Stagelight"
    rules = driver["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for rule in rules:
        assert rule["shortDescription"]["text"]
        assert rule["help"]["text"]
        assert "helpUri" not in rule
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] in set(Category)
        assert result["level"] == "error"
        assert result["message"]["text"]
        (location,) = result["locations"]
        physical = location["physicalLocation"]
        uri = physical["artifactLocation"]["uri"]
        assert re.fullmatch(r"/|/?[\w.~%-]+(/[\w.~%-]*)*", uri, re.ASCII), uri
        assert physical["region"]["startLine"] >= 1
    assert isinstance(run["invocations"][0]["executionSuccessful"], bool)
    return dict(run)


def test_every_stage_is_a_test_case_and_a_failure_has_its_line(seed: Seed) -> None:
    run = seed.partly("a run & more")
    seed.stage(run, 4, StageStatus.SKIPPED, StageKind.ASSEMBLED, reason="not reached")
    seed.stage(run, 5, StageStatus.FAILED, StageKind.BYPASS)
    seed.stage(run, 6, replay=ReplayStatus.DIFFERENT)
    suite = suite_of(junit(run_view(seed.session, run), {"model.py": "nets/model.py"}.get))
    assert suite.get("name") == "a run & more"
    cases = suite.findall("testcase")
    assert [[child.tag for child in case] for case in cases] == [
        [],
        ["failure"],
        ["failure"],
        ["skipped"],
        ["skipped"],
        ["failure"],
    ]
    whole = cases[2]
    assert whole.attrib == {
        "name": "whole model (whole)",
        "classname": "stagelight.model",
        "time": "0.000",
        "file": "nets/model.py",
        "line": "8",
    }
    (failure,) = whole
    assert failure.get("type") == "data_dependent_branch"
    assert failure.get("message") == "Could not guard on Eq(u0, 1)."
    assert failure.text is not None
    assert failure.text.startswith("nets/model.py:8  if x > 0:\n")
    assert "More of it" not in failure.text
    assert cases[5][0].get("type") == "numeric_mismatch"


def script_error(seed: Seed, **values: Any) -> RunView:
    run = seed.finished(Verdict.SCRIPT_ERROR)
    cause = {**CAUSE, "category": Category.SCRIPT_ERROR, **values}
    seed.session.add(Failure(run_id=id_of(run), **cause))
    seed.session.flush()
    return run_view(seed.session, run)


def test_a_run_without_stages_is_a_test_case_with_an_error(seed: Seed) -> None:
    (case,) = suite_of(junit(script_error(seed))).findall("testcase")
    assert [child.tag for child in case] == ["error"]
    assert "More of it." in (case[0].text or ""), "all that the script says"
    lost = seed.run(status=RunStatus.FAILED, reason="worker lost twice")
    (case,) = suite_of(junit(run_view(seed.session, lost))).findall("testcase")
    assert case[0].attrib == {"type": "failed", "message": "worker lost twice"}


def test_every_blocker_is_a_result_at_its_line_with_its_fingerprint(seed: Seed) -> None:
    run = seed.searched(2)
    seed.blocker(
        run,
        3,
        category=Category.MUTATION,
        file="torchvision/ops/boxes.py",
        upload_file="model.py",
        upload_line=21,
        fingerprint="v1:abc",
    )
    log = log_of(sarif(run_view(seed.session, run), {"model.py": "my nets/model.py"}.get))
    results = log["results"]
    rules = [rule["id"] for rule in log["tool"]["driver"]["rules"]]
    assert rules == ["data_dependent_branch", "mutation"]
    places = [result["locations"][0]["physicalLocation"] for result in results]
    assert [place["region"]["startLine"] for place in places] == [8, 9, 21]
    assert {place["artifactLocation"]["uri"] for place in places} == {"my%20nets/model.py"}
    assert "torchvision/ops/boxes.py:10" in results[2]["message"]["text"]
    assert results[2]["partialFingerprints"] == {FINGERPRINT: "v1:abc"}
    assert "snippet" not in places[2]["region"], "the text is the library's"


def test_what_has_no_line_in_the_upload_is_told_at_the_entry(seed: Seed) -> None:
    view = script_error(seed, file="torchvision/models/resnet.py")
    (result,) = log_of(sarif(view, {"model.py": "nets/model.py"}.get))["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "nets/model.py"}, "region": {"startLine": 1}}


def test_a_program_that_differs_is_a_result_and_one_that_does_not_is_none(seed: Seed) -> None:
    run = seed.finished(Verdict.EXPORTED)
    stage = seed.stage(run, 1, kind=StageKind.WHOLE)
    assert log_of(sarif(run_view(seed.session, run)))["results"] == []
    stage.replay = ReplayStatus.DIFFERENT
    seed.session.flush()
    (result,) = log_of(sarif(run_view(seed.session, run)))["results"]
    assert result["ruleId"] == "numeric_mismatch"


@profile(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.text(st.characters(codec=None), max_size=40))
def test_no_text_breaks_a_report(seed: Seed, text: str) -> None:
    run = run_view(seed.session, hostile(seed))
    failure = run.stages[1].failure
    assert failure is not None
    worse = failure.model_copy(
        update=dict.fromkeys(("message", "hint", "file", "text", "module"), text)
    )
    stages = [stage.model_copy(update={"failure": worse, "name": text}) for stage in run.stages]
    broken = run.model_copy(update={"title": text, "stages": stages, "failure": None})
    broken = broken.model_copy(
        update={"blockers": [run.blockers[0].model_copy(update=worse.model_dump())]}
    )
    suite_of(junit(broken))
    written = sarif(broken)
    written.encode()
    log_of(written)


def hostile(seed: Seed) -> Any:
    """The one run of this test, made once."""
    from app.models import Run

    return seed.session.get(Run, 1) or seed.searched(1)

"""Failures over all runs as JSON: listed, filtered, explained, fixed."""

import json
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.fingerprint import Parts, name_of
from app.models import (
    Category,
    RemedyStatus,
    ReplayStatus,
    RunStatus,
    Search,
    StageKind,
    StageStatus,
    Verdict,
)
from app.services.failure_fixes import Place, is_gone
from app.services.failure_group_views import LaterRun
from app.services.identity import local_person
from app.services.sightings import record_sightings
from app.services.storage import BlobStore
from app.settings import Settings
from tests.failures_support import blocked, exported, failed
from tests.failures_support import name_of as name_of_cause
from tests.web_support import SCRIPT, count_queries, seeding

SHAPES: list[dict[str, Any]] = [
    {"text": f"y = x.nonzero(){'.t()' * n}", "category": Category.DATA_DEPENDENT_SHAPE}
    for n in range(5)
]
NAME = name_of_cause()
URL = f"/api/failures/{NAME}"


@pytest.fixture
def seen(client: TestClient, engine: Engine, store: BlobStore, settings: Settings) -> TestClient:
    """A client where one failure was seen thrice in two scripts, and five others once."""
    with seeding(engine, store, settings) as seed:
        blocked(seed, {}, filename="detector.py", title="detector")
        told = {"text": "if x > 0:  # nms", "expression": "Eq(u7, 1)", "line": 88, "module": "box"}
        blocked(seed, told, filename="pose.py", runtime="torch-2.12", title="pose")
        blocked(seed, *SHAPES, filename="shapes.py", title="shapes")
        blocked(seed, {}, filename="detector.py", title="detector")
    return client


def listed(client: TestClient, query: str = "") -> list[str]:
    answer = client.get(f"/api/failures?{query}")
    assert answer.status_code == 200, answer.text
    return [one["fingerprint"] for one in answer.json()["failures"]]


def test_failures_are_listed_newest_seen_first(seen: TestClient) -> None:
    shapes = sorted((name_of_cause(**one) for one in SHAPES), reverse=True)
    assert listed(seen) == [NAME, *shapes]
    answer = seen.get("/api/failures").json()
    first = answer["failures"][0]
    assert (first["runs"], first["scripts"], first["state"]) == (3, 2, "open")
    assert (first["first"]["run"], first["last"]["run"]) == (1, 4)
    assert answer["counts"] == {"open": 6, "fixed": 0, "ignored": 0, "back": 0}


FILTERS = {
    "category=data_dependent_shape": 5,
    "category=crash": 0,
    "state=open": 6,
    "state=fixed": 0,
    "back=1": 0,
    "script=detector.py": 1,
    "script=shapes.py&runtime=default": 5,
    "script=shapes.py&runtime=torch-2.12": 0,
    "runtime=torch-2.12": 1,
    "q=NONZERO": 5,
    "q=eq(U0": 6,
    "q=nonzero&script=detector.py": 0,
    "q=100%25": 0,
    "q=_": 0,
    "q=%00&script=%00": 6,
    "q=%ED%A0%80": 0,
}


def test_failures_are_filtered(seen: TestClient) -> None:
    assert {query: len(listed(seen, query)) for query in FILTERS} == FILTERS


def test_pages_hold_every_failure_once(seen: TestClient) -> None:
    whole, pages, cursor = listed(seen), [], ""
    while True:
        answer = seen.get(f"/api/failures?limit=2{cursor}").json()
        pages += [one["fingerprint"] for one in answer["failures"]]
        if answer["next"] is None:
            break
        cursor = f"&cursor={answer['next']}"
    assert pages == whole


def test_occurrences_are_paged_and_lead_to_where_it_is(seen: TestClient) -> None:
    first = seen.get(f"{URL}/occurrences?limit=2").json()
    assert [one["run"] for one in first["occurrences"]] == [4, 2]
    assert first["occurrences"][0]["url"] == "/runs/4/blockers/1"
    last = seen.get(f"{URL}/occurrences?limit=2&cursor={first['next']}").json()
    assert ([one["run"] for one in last["occurrences"]], last["next"]) == ([1], None)


def test_it_says_what_is_hashed(seen: TestClient) -> None:
    reason = seen.get(URL).json()["reason"]
    parts = {part["name"]: part for part in reason["parts"]}
    assert reason["complete"] is True
    assert name_of(Parts(*(part["counted"] for part in reason["parts"]))) == NAME
    assert reason["version"] == NAME.partition(":")[0]
    assert parts["Line"] == {"name": "Line", "counted": "if x > 0 :", "told": "if x > 0:"}
    assert parts["Expression"]["counted"] == "1 == u.0"
    assert parts["Message"]["counted"] == ""


def test_two_runs_stand_side_by_side_with_what_does_not_count(seen: TestClient) -> None:
    alike = seen.get(URL).json()["alike"]
    assert [alike[side]["sighting"]["run"] for side in ("one", "other")] == [4, 2]
    rows = {row["name"]: (row["one"], row["other"]) for row in alike["differences"]}
    assert rows == {
        "Script": ("detector.py", "pose.py"),
        "Runtime": ("default", "torch-2.12"),
        "Line number": ("8", "88"),
        "Line": ("if x > 0:", "if x > 0:  # nms"),
        "Module": ("decode", "box"),
        "Expression": ("Eq(u0, 1)", "Eq(u7, 1)"),
    }
    alone = seen.get(f"/api/failures/{name_of_cause(**SHAPES[0])}").json()
    assert alone["alike"] is None
    assert alone["example"]["failure"]["text"] == SHAPES[0]["text"]


def test_a_later_run_that_exports_is_the_fix_with_its_diff(
    seen: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        blocked(seed, SHAPES[0], filename="detector.py", complete=Search.STUCK)
        exported(seed, filename="detector.py", source=SCRIPT.replace(b"ReLU", b"GELU"))
    answer = seen.get(URL).json()
    places = {place["filename"]: place for place in answer["places"]}
    fix = {"run": 6, "base": 4, "url": "/compare?base=4&head=6"}
    assert (places["detector.py"]["fix"], places["pose.py"]["fix"]) == (fix, None)
    assert places["pose.py"]["unknown"] == ""
    assert answer["fix"] == fix
    assert "+model = torch.nn.GELU()" in answer["changes"]["diff"]


@pytest.mark.parametrize("how", ["capped", "stuck"])
def test_a_search_that_did_not_end_does_not_tell(
    how: str, seen: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        blocked(seed, SHAPES[0], filename="detector.py", complete=Search(how))
    answer = seen.get(URL).json()
    place = next(one for one in answer["places"] if one["filename"] == "detector.py")
    assert place["fix"] is None
    assert place["unknown"] == f"Run 5 does not tell: its search for blockers was {how}."
    assert (answer["fix"], answer["changes"]) == (None, None)


MODEL = Place("a.py", "r", 1, 1, 1, of_model=True, stage=None)
STAGE = Place("a.py", "r", 1, 1, 1, of_model=False, stage="serialized")
OWN = Place("a.py", "r", 1, 1, 1, of_model=False, stage=None)


@pytest.mark.parametrize(
    ("place", "later", "gone"),
    [
        (MODEL, {"verdict": Verdict.EXPORTED}, True),
        (MODEL, {"verdict": Verdict.PARTLY, "search": Search.CLEAN}, True),
        (MODEL, {"verdict": Verdict.BLOCKED, "search": Search.CAPPED}, False),
        (MODEL, {"verdict": Verdict.BLOCKED}, False),
        (MODEL, {"verdict": Verdict.SCRIPT_ERROR}, False),
        (STAGE, {"verdict": Verdict.EXPORTED}, False),
        (STAGE, {"verdict": Verdict.EXPORTED, "stage_passed": False}, False),
        (STAGE, {"verdict": Verdict.EXPORTED, "stage_passed": True}, True),
        (OWN, {"verdict": Verdict.BLOCKED}, True),
        (OWN, {"verdict": Verdict.SCRIPT_ERROR}, False),
        (OWN, {"verdict": None}, False),
    ],
)
def test_when_it_is_known_to_be_gone(place: Place, later: dict[str, Any], gone: bool) -> None:
    given = {"run": 2, "verdict": None, "search": None, "stage_passed": None}
    assert is_gone(place, LaterRun(**(given | later))) is gone


def test_a_stage_that_failed_is_fixed_where_it_passes(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        for status in (StageStatus.FAILED, StageStatus.SKIPPED, StageStatus.PASSED):
            run = exported(seed)
            stage = seed.stage(run, 2, status, StageKind.SERIALIZED)
            if status is StageStatus.FAILED:
                seed.failure(run, stage, fingerprint=NAME, module_class="Block")
            record_sightings(seed.session, run)
    (place,) = client.get(URL).json()["places"]
    assert place["fix"]["run"] == 3
    (one,) = client.get(f"{URL}/occurrences").json()["occurrences"]
    assert one["url"] == "/runs/1/stages/2"


def test_an_error_of_the_script_is_fixed_where_export_begins(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    cause = {"category": Category.SCRIPT_ERROR, "message": "No module named 'nets'"}
    with seeding(engine, store, settings) as seed:
        failed(seed, **cause)
        failed(seed, category=Category.SCRIPT_ERROR, message="It has no model.")
        blocked(seed)
    name = name_of_cause(**cause, expression=None, module_class="")
    (place,) = client.get(f"/api/failures/{name}").json()["places"]
    assert place["fix"]["run"] == 3


def test_what_worked_in_any_run_is_told(
    seen: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        for _ in range(2):
            run = blocked(seed)
            seed.remedy(run, 1)
            seed.remedy(run, 2, name="cond", replay=ReplayStatus.NOT_RUN)
            seed.remedy(run, 3, name="none", status=RemedyStatus.FAILS)
            seed.remedy(run, 4, blocker=2, name="for another")
    worked = seen.get(URL).json()["remedies"]
    told = [(one["name"], one["replayed"], one["runs"], one["url"]) for one in worked]
    assert told == [
        ("where_for_branch", True, 2, "/runs/6#remedy-1"),
        ("cond", False, 2, "/runs/6#remedy-2"),
    ]


def test_a_state_is_kept_with_who_and_when(
    seen: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        exported(seed, filename="pose.py", runtime="torch-2.12")
    change = {"state": "fixed", "note": " mask\x00 \n it ", "fixed_run": 5}
    answer = seen.patch(URL, json=change)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["state"], told["state_by"], told["note"]) == ("fixed", local_person(), "mask it")
    assert (told["fixed_run"], told["fix"]["base"]) == (5, 2)
    assert told["state_at"] is not None
    kept = seen.patch(URL, json={"state": "ignored"}).json()
    assert (kept["state"], kept["note"], kept["fixed_run"]) == ("ignored", "mask it", None)
    assert listed(seen, "state=ignored") == [NAME]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"state": "fixed", "fixed_run": 4}, 409, "not_fixed"),
        ({"state": "fixed", "fixed_run": 99}, 422, "bad_state"),
        ({"state": "open", "fixed_run": 3}, 422, "bad_state"),
        ({"state": "fixed", "note": "x" * 501}, 422, "bad_state"),
        ({"state": "fixed", "fixed_run": 2**63}, 422, "invalid_request"),
        ({"state": "fixed", "note": "\ud800"}, 422, "invalid_request"),
        ({"state": "gone"}, 422, "invalid_request"),
        ({"note": "x"}, 422, "invalid_request"),
        ({"state": "open", "by": "me"}, 422, "invalid_request"),
    ],
)
def test_what_cannot_be_so_is_refused(
    change: dict[str, Any], status: int, code: str, seen: TestClient
) -> None:
    as_json = {"Content-Type": "application/json"}
    answer = seen.patch(URL, content=json.dumps(change), headers=as_json)  # ASCII
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert seen.get(URL).json()["state_by"] == ""


BAD = {
    "/api/failures/v1:0123456789abcdef": 404,
    "/api/failures/v1:0123456789abcdef/occurrences": 404,
    "/api/failures/nonsense": 404,
    "/api/failures/%00": 404,
    "/failures/v1:0123456789abcdef": 404,
    "/failures/v1:0123456789abcdef%0A": 404,
    "/failures/%ED%A0%80": 404,
    "/api/failures?cursor=9223372036854775808.v1:0123456789abcdef": 422,
    "/api/failures?cursor=nonsense": 422,
    "/api/failures?limit=0": 422,
    "/api/failures?state=gone": 422,
    "/failures?category=gone": 422,
    f"/failures?q={'x' * 201}": 422,
    f"/failures/{NAME}?before=9223372036854775808": 422,
    f"{URL}/occurrences?cursor=0": 422,
}


def test_bad_addresses_are_errors(seen: TestClient) -> None:
    assert {path: seen.get(path).status_code for path in BAD} == BAD


def test_numbers_of_queries_do_not_grow(
    app: FastAPI, seen: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    addresses = ("/failures", "/failures?q=x&script=detector.py", f"/failures/{NAME}", URL)

    def counts() -> list[int]:
        return [count_queries(app, lambda: seen.get(one)) for one in addresses]  # noqa: B023

    with seeding(engine, store, settings) as seed:
        exported(seed, filename="detector.py")
    few = counts()
    with seeding(engine, store, settings) as seed:
        for n in range(30):
            blocked(seed, {}, {"text": f"y = {'x' * (n + 1)}"}, filename=f"{n}.py")
            exported(seed, filename=f"{n}.py")
    assert counts() == few == [3, 3, 12, 11]


def test_a_run_that_is_deleted_is_no_fix(
    seen: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        run = exported(seed, filename="detector.py")
        run.deleted_at = run.finished_at
        running = seed.run(filename="detector.py", status=RunStatus.RUNNING)
        running.verdict = Verdict.EXPORTED
    assert seen.get(URL).json()["fix"] is None

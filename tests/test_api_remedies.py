"""Remedies over JSON: listed, within their blockers, as patches, and run."""

from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.models import RemedyKind, RemedyStatus, ReplayStatus, Run, RunStatus
from app.services.storage import BlobStore
from app.settings import Settings
from tests.web_support import SCRIPT, Seed, id_of, seeding, submit

FAILURE = {
    "category": "tensor_to_python",
    "exception": "RuntimeError",
    "message": "no",
    "file": "model.py",
    "line": 9,
    "frames": [],
}


def seed_two(seed: Seed) -> Run:
    """Two blockers: one with a remedy that works and one that fails, and both together."""
    run = seed.searched(2)
    seed.remedy(run, 1, 1, replay=ReplayStatus.NOT_RUN, replay_detail=None)
    seed.remedy(run, 2, 2, status=RemedyStatus.FAILS, reason="Still there.", failure=FAILURE)
    seed.combined(run, 3, parts=[1], status=RemedyStatus.FAILS, reason="model.py:9 resists.")
    return run


def test_a_run_tells_each_remedy_with_its_blocker_and_the_rest_on_its_own(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed_two(seed).following = "remedies"
    run = client.get("/api/runs/1").json()
    first, second = run["blockers"]
    assert run["following"] == "remedies"
    assert first["remedies"] == [
        {
            "position": 1,
            "blocker": 1,
            "name": "where_for_branch",
            "title": "Fix 1: torch.where in place of the branch",
            "kind": "rewrite",
            "status": "works",
            "reason": "",
            "seconds": 1.5,
            "parts": [],
            "options": {},
            "patch": "/api/runs/1/remedies/1.patch",
            "failure": None,
            "replay": "not_run",
            "max_abs": None,
            "compared": 0,
        }
    ]
    (failed,) = second["remedies"]
    assert (failed["status"], failed["reason"], failed["compared"]) == ("fails", "Still there.", 1)
    assert (failed["failure"]["line"], failed["max_abs"]) == (9, 0.0)
    assert "frames" not in failed["failure"]
    assert [(one["position"], one["kind"]) for one in run["remedies"]] == [(3, "combined")]
    assert client.get("/api/runs/1/blockers/2").json()["remedies"] == [failed]


def test_remedies_are_listed_in_full_in_the_order_of_their_trials(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed_two(seed)
    remedies = client.get("/api/runs/1/remedies").json()["remedies"]
    assert [one["position"] for one in remedies] == [1, 2, 3]
    assert "+model = torch.nn.ReLU()  # fix 2\n" in remedies[1]["diff"]
    assert remedies[1]["replay_detail"]["cases"][0]["outputs"][0]["equal"] is True
    assert not {"files", "id", "run_id"} & remedies[0].keys()
    listed = client.get("/api/runs/1").json()["blockers"][0]["remedies"][0]
    assert remedies[0].items() >= listed.items()
    assert client.get("/api/runs/2/remedies").status_code == 404


def test_a_patch_is_a_file_word_for_word(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        run = seed.searched(1)
        patch = seed.remedy(run, 1).patch
        seed.remedy(run, 2, kind=RemedyKind.REQUEST, patch="", files={}, options={"strict": True})
    answer = client.get("/api/runs/1/remedies/1.patch")
    assert answer.text == patch
    assert answer.headers["content-type"] == "text/x-diff; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="run-1-1.patch"'
    for position in (2, 3, 0, 10**30):
        missing = client.get(f"/api/runs/1/remedies/{position}.patch")
        assert missing.status_code == 404
        assert missing.json()["error"]["code"] == "not_found"


def test_the_fixed_script_is_run_with_what_the_remedy_stands_on(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        run = seed.searched(2)
        entry = run.entry
        seed.remedy(run, 1, 1, files={}, options={"strict": True, "argv": ["one"]})
        seed.remedy(run, 2, 2, parts=[1], files={entry: "x = 2\n"}, options={"argv": ["two"]})
        seed.remedy(run, 3, 2, files={entry: "x = 3\n"})
    answer = client.post("/api/runs/1/remedies/2/run")
    assert (answer.status_code, answer.headers["location"]) == (201, "/api/runs/2")
    assert answer.json() == {"id": 2, "url": "/runs/2", "status": "queued"}
    child = client.get("/api/runs/2").json()
    assert store.get(child["script"]["sha256"]) == b"x = 2\n"
    assert (child["options"]["strict"], child["options"]["argv"]) == (True, ["two"])
    assert (child["parent"], child["runtime"]) == (1, "default")
    changes = client.get("/api/runs/2/changes").json()
    assert changes["parent"] == 1
    assert changes["diff"].endswith("+x = 2\n")
    assert changes["options"] == [
        {"name": "argv", "before": [], "after": ["two"]},
        {"name": "strict", "before": None, "after": True},
    ]
    assert (changes["graph"], changes["base"], changes["stage"]) == (None, None, None)


def test_what_cannot_be_run_is_refused_and_makes_no_run(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    cases: list[tuple[dict[str, Any], int, str]] = [
        ({"status": RemedyStatus.WAITING}, 409, "remedy_without_change"),
        ({"status": RemedyStatus.TRYING}, 409, "remedy_without_change"),
        ({"status": RemedyStatus.NOT_TRIED, "files": {}}, 409, "remedy_without_change"),
        ({"files": {"other.py": "x = 1\n"}}, 422, "other_files"),
        ({"options": {"nonsense": 1}}, 422, "bad_options"),
        ({"files": {"model.py": ""}}, 422, "empty"),
    ]
    with seeding(engine, store, settings) as seed:
        run = seed.searched(1)
        for position, (values, _, _) in enumerate(cases, start=1):
            seed.remedy(run, position, **values)
    for position, (_, status, code) in enumerate(cases, start=1):
        answer = client.post(f"/api/runs/1/remedies/{position}/run")
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert len(client.get("/api/runs").json()["runs"]) == 1


def test_a_run_without_a_parent_or_like_it_has_changed_nothing(client: TestClient) -> None:
    submit(client)
    client.post("/api/runs/1/rerun", json={})
    for run_id in (1, 2):
        assert client.get(f"/api/runs/{run_id}/changes").status_code == 404
    client.post("/api/runs/1/rerun", json={"options": {"remedies": False}})
    changes = client.get("/api/runs/3/changes").json()
    assert changes["options"] == [{"name": "remedies", "before": True, "after": False}]
    assert changes["diff"] == ""


def test_a_deleted_run_takes_its_remedies_along_and_its_children_stay(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        run = seed.searched(1)
        seed.remedy(run, 1)
        assert id_of(run) == 1
    client.post("/api/runs/1/remedies/1/run")
    assert client.delete("/api/runs/1").status_code == 204
    child = client.get("/api/runs/2").json()
    assert (child["parent"], child["status"]) == (None, RunStatus.QUEUED)
    assert store.get(child["script"]["sha256"]) != SCRIPT
    assert client.get("/runs/2").status_code == 200
    assert client.get("/api/runs/1/remedies").status_code == 404

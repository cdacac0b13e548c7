"""Saved programs: offered by their stage, gone with their run, swept up where nobody names them."""

import os
import time
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.models import RunStatus, StageKind, StageStatus, Verdict
from app.services.housekeeping import keep_house
from app.services.programs import FRESH_SECONDS, program_store, sweep_programs
from app.services.storage import BlobStore
from app.settings import Settings
from tests.web_support import Seed, seeding

PROGRAM = b"PK\x03\x04 a program"


@pytest.fixture
def programs(settings: Settings) -> BlobStore:
    return program_store(settings)


def saved(seed: Seed, programs: BlobStore, data: bytes = PROGRAM) -> str:
    """A run whose one stage offers this file."""
    run = seed.finished(Verdict.EXPORTED)
    sha256 = programs.put(data)
    given: dict[str, Any] = {"file_sha256": sha256, "file_bytes": len(data)}
    seed.stage(run, 1, StageStatus.PASSED, StageKind.SERIALIZED, **given)
    return sha256


def age(programs: BlobStore, name: str, seconds: float) -> None:
    """Make a file of the store older."""
    (path,) = programs.root.rglob(name)
    then = time.time() - seconds
    os.utime(path, (then, then))


def kept(programs: BlobStore) -> list[str]:
    return [path.name for path in programs.root.rglob("*") if path.is_file()]


def test_a_stage_offers_its_program_as_a_download_that_no_browser_opens(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings, programs: BlobStore
) -> None:
    with seeding(engine, store, settings) as seed:
        sha256 = saved(seed, programs)
    url = "/runs/1/stages/1/program.pt2"
    wanted = {"bytes": len(PROGRAM), "sha256": sha256, "url": url}
    assert client.get("/api/runs/1").json()["stages"][0]["file"] == wanted
    assert client.get("/api/runs/1/stages/1").json()["file"] == wanted
    answer = client.get(url)
    assert answer.content == PROGRAM
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == 'attachment; filename="run-1.pt2"'
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_stage_without_one_offers_none(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.stage(seed.finished(Verdict.EXPORTED), 1)
    assert client.get("/api/runs/1/stages/1").json()["file"] is None
    for path in ("/runs/1/stages/1/program.pt2", "/runs/1/stages/2/program.pt2"):
        assert client.get(path).status_code == 404


def test_a_program_goes_with_the_last_run_that_names_it(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings, programs: BlobStore
) -> None:
    with seeding(engine, store, settings) as seed:
        sha256 = saved(seed, programs)
        saved(seed, programs)
        other = saved(seed, programs, b"another")
    gone = settings.model_copy(update={"undo_hours": 0.0})
    assert client.delete("/api/runs/1").status_code == 204
    list(keep_house(engine, gone))
    assert sorted(kept(programs)) == sorted([sha256, other])
    assert client.delete("/api/runs/2").status_code == 204
    assert sorted(kept(programs)) == sorted([sha256, other]), "it can be restored"
    list(keep_house(engine, gone))
    assert kept(programs) == [other]


def test_what_a_killed_worker_left_is_swept_up_and_nothing_else(
    engine: Engine, store: BlobStore, settings: Settings, programs: BlobStore
) -> None:
    with seeding(engine, store, settings) as seed:
        named = saved(seed, programs)
        seed.run(status=RunStatus.RUNNING)
    orphan, fresh = programs.put(b"an orphan"), programs.put(b"of a row to come")
    half = programs.root / orphan[:2] / ".put-half"
    half.write_bytes(b"half of it")
    for name in (named, orphan, half.name):
        age(programs, name, FRESH_SECONDS + 60)
    assert sweep_programs(engine, programs) == 2
    assert sorted(kept(programs)) == sorted([named, fresh])


def test_what_is_put_again_is_as_young_as_new(programs: BlobStore) -> None:
    sha256 = programs.put(PROGRAM)
    age(programs, sha256, 1_000)
    assert list(programs.older_than(500)) == [sha256]
    programs.put(PROGRAM)
    assert list(programs.older_than(500)) == []


def test_an_empty_store_needs_no_folder(tmp_path: Path, engine: Engine) -> None:
    assert sweep_programs(engine, BlobStore(tmp_path / "nowhere")) == 0

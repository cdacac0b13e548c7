"""The page of a model's modules, and what was exported of them."""

import re
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.models import RunStatus, Verdict
from app.services.storage import BlobStore
from app.settings import Settings
from tests.web_support import EAGER, seeding, text_of


def test_each_module_stands_with_its_fate_class_parameters_and_calls(
    get: Any, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.searched(2)
    text = get("/runs/1/modules")
    for words in (
        "Modules 3 of 4 exported (75 %)",
        "Parameters 75 of 100 exported (75 %)",
        "Call sites 6 of 8 exported (75 %)",
        "All 4 exported 2 failed 1 not reached 1",
        "exported backbone Net 75 1",
        "failed blocks.1 Block blocker 1 blocker 2 10 2",
        "not reached blocks.2 Block 5 2",
    ):
        assert words in text, words


def test_the_run_leads_to_it(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.partly()
    assert 'href="/runs/1/modules"' in client.get("/runs/1").text


def test_the_way_to_what_fails_is_open_and_equal_ones_are_one_row(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    modules, fates = [], []
    for path in ("good", "bad"):
        for inner in ("", *(f".layers.{n}" for n in range(12))):
            modules.append(
                {"path": path + inner, "class_name": "M", "calls": 1, "parameters": 1, "own": 1}
            )
            fates.append("failed" if path + inner in ("bad", "bad.layers.7") else "exported")
    coverage = {"modules": 26, "modules_exported": 24, "fates": fates} | dict.fromkeys(
        ("parameters", "parameters_exported", "calls", "calls_exported"), 26
    )
    with seeding(engine, store, settings) as seed:
        seed.partly(eager=EAGER | {"modules": modules}, coverage=coverage)
    html = client.get("/runs/1/modules").text
    folds = re.findall(r"<details( open)?>\s*<summary[^>]*>(.*?)</summary>", html, re.DOTALL)
    assert [(bool(opened), text_of(summary)) for opened, summary in folds] == [
        (False, "exported good M 12 of 12 inside 1 1"),
        (True, "failed bad M 11 of 12 inside 1 1"),
    ]
    text = text_of(html)
    assert "exported layers.0 … layers.11 12 \u00d7 M" in text
    assert "exported layers.0 … layers.6 7 \u00d7 M" in text
    assert "failed layers.7 M" in text
    failed = text_of(client.get("/runs/1/modules?fate=failed").text)
    assert "layers.7" in failed
    assert "layers.0" not in failed
    assert "good" not in failed
    under = text_of(client.get("/runs/1/modules?under=good").text)
    assert "layers.0 … layers.11" in under
    assert "layers.7" not in under


def test_without_modules_it_says_why(
    client: TestClient, get: Any, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.run(status=RunStatus.RUNNING)
        seed.finished(Verdict.SCRIPT_ERROR, loaded=None, eager=None, coverage=None)
        seed.partly()
    assert "known once the model has run for the first time" in get("/runs/1/modules")
    assert "its modules are not known" in get("/runs/2/modules")
    assert "No module matches." in get("/runs/3/modules?fate=bypassed")
    assert client.get("/runs/3/modules?fate=odd").status_code in (404, 422)
    assert client.get("/runs/4/modules").status_code == 404

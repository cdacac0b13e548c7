"""Workers and settings, as a page and as JSON."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, update

from app.db import session_scope
from app.models import Worker
from app.models.columns import utc_now
from app.services.in_force import UNITS, list_settings
from app.services.workers import register
from app.settings import ROOT, Settings
from tests.web_support import make_worker, text_of

REFUSES = "Neither Landlock nor bwrap is there. Install bubblewrap, or use Linux 5.13 or newer."


def test_without_a_worker_it_says_what_to_do(get: Any) -> None:
    text = get("/settings")
    assert "No worker is there: runs wait in the queue." in text
    assert "stagelight worker" in text
    assert "STAGELIGHT_WORKERS" in text


@pytest.mark.parametrize(
    ("tier", "tone", "label"),
    [
        ("full", "good", "full"),
        ("filters", "good", "filters"),
        ("reduced", "doubt", "reduced"),
        ("off", "broken", "off"),
        ("", "broken", "refuses"),
    ],
)
def test_a_worker_shows_its_tier(
    tier: str, tone: str, label: str, client: TestClient, engine: Engine
) -> None:
    register(engine, make_worker("host-1", tier=tier, reason=REFUSES))
    html = client.get("/settings").text
    (badge,) = re.findall(r'<span class="badge (.*?)">.*?</svg>(.*?)</span>', html)
    assert badge == (f"tone-{tone}", label)
    assert REFUSES in text_of(html)


def test_a_worker_shows_all_that_it_says(get: Any, engine: Engine) -> None:
    layers = {"landlock": "ABI 7", "uid": "2100000003"}
    names = ["torch-2.13", "torch-2.14"]
    register(engine, make_worker("host-1", runtimes=names, layers=layers, pid=4711, host="box"))
    text = get("/settings")
    for words in (
        "host-1",
        "Runtimes torch-2.13 , torch-2.14",
        "Host box, process 4711",
        "Last seen just now",
        "landlock ABI 7",
        "uid 2100000003",
    ):
        assert words in text, words
    assert "lost" not in text


def test_a_worker_that_was_killed_is_told_from_one_that_lives(
    get: Any, client: TestClient, engine: Engine
) -> None:
    register(engine, make_worker("alive"))
    register(engine, make_worker("killed"))
    with session_scope(engine) as session:
        then = utc_now() - timedelta(minutes=5)
        session.execute(update(Worker).where(Worker.name == "killed").values(seen_at=then))  # type: ignore[arg-type]
    text = get("/settings")
    assert "killed lost full It was not seen for a minute" in text
    assert "Last seen 5 min ago" in text
    assert text.count("not seen for a minute") == 1
    workers = client.get("/api/workers").json()["workers"]
    assert [(worker["name"], worker["lost"]) for worker in workers] == [
        ("alive", False),
        ("killed", True),
    ]


def test_the_json_of_workers(client: TestClient, engine: Engine) -> None:
    assert client.get("/api/workers").json() == {"workers": []}
    register(engine, make_worker("w", tier="", reason=REFUSES, layers={"seccomp": "allow-list"}))
    (worker,) = client.get("/api/workers").json()["workers"]
    assert worker.pop("started_at").endswith("Z")
    assert worker.pop("seen_at").endswith("Z")
    assert worker == {
        "name": "w",
        "host": "host",
        "pid": 7,
        "runtimes": ["default"],
        "tier": "",
        "reason": REFUSES,
        "layers": {"seccomp": "allow-list"},
        "lost": False,
    }


def test_every_setting_is_shown_with_its_unit(get: Any, client: TestClient) -> None:
    """The units are those of the documentation, in its order and sections."""
    documented = [
        (cells[0].strip("` "), cells[2].strip())
        for line in (ROOT / "docs" / "settings.md").read_text().splitlines()
        if line.startswith("| `STAGELIGHT_")
        for cells in [line.strip("|").split("|")]
    ]
    shown = client.get("/api/settings").json()["settings"]
    assert [(one["variable"], one["unit"]) for one in shown] == documented
    sections = re.findall(r"^## (.+)$", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE)
    assert list(UNITS) == sections
    text = get("/settings")
    for one in shown:
        assert one["variable"] in text


def test_values_are_those_in_force(get: Any, client: TestClient, settings: Settings) -> None:
    shown = {
        one["variable"]: one["value"] for one in client.get("/api/settings").json()["settings"]
    }
    assert shown["STAGELIGHT_WALL_SECONDS"] == settings.wall_seconds
    assert shown["STAGELIGHT_SANDBOX"] == "auto"
    assert shown["STAGELIGHT_DATA"] == str(settings.data)
    assert shown["STAGELIGHT_DATABASE_URL"] == f"sqlite:///{settings.data / 'stagelight.db'}"
    assert shown["STAGELIGHT_RUNTIMES"] == f"default={settings.pythons['default']}"
    assert shown["STAGELIGHT_SCRATCH"] == shown["STAGELIGHT_PRELOAD"] == "not set"
    text = get("/settings")
    for words in (
        "STAGELIGHT_UPLOAD_BYTES 33,554,432 bytes (32.0 MiB)",
        "STAGELIGHT_POLL_SECONDS 0.2 seconds",
        "STAGELIGHT_PORT 8000 port",
        "STAGELIGHT_SANDBOX_UID 2100000000 user id",
        "STAGELIGHT_BEHIND_LOOPBACK_PROXY false true or false",
    ):
        assert words in text, words


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (
            "sqlite:////data/some.db?password=SECRET",
            "sqlite:////data/some.db",
        ),
        (
            "sqlite://USER:SECRET@/data/some.db",
            "sqlite:///data/some.db",
        ),
    ],
)
def test_no_password_is_shown(url: str, shown: str, tmp_path: Path) -> None:
    given = Settings(data=tmp_path, database_url=url)
    values = [str(one.value) for one in list_settings(given)]
    assert shown in values
    assert not any("SECRET" in value or "USER" in value for value in values)


def test_an_address_elsewhere_tells_only_where(tmp_path: Path) -> None:
    url = "postgresql+psycopg://me:SECRET@db.local:5433/stagelight?sslpassword=SECRET"
    values = [one.value for one in list_settings(Settings(data=tmp_path, database_url=url))]
    assert "postgresql+psycopg://db.local:5433/stagelight" in values


def test_nothing_can_be_changed_there(client: TestClient) -> None:
    for path in ("/settings", "/api/settings", "/api/workers"):
        assert client.post(path).status_code == 405
    assert "<form" not in client.get("/settings").text
    assert '<a href="/settings">Settings</a>' in client.get("/").text

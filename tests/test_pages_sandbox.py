"""Red where a script ran, or will run, without a sandbox; and nowhere else."""

import re

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.main import create_app
from app.models import RunStatus, Stage, Verdict
from app.services.storage import BlobStore
from app.settings import Settings
from tests.web_support import Seed, seeding, text_of

RAN = (
    "Not sandboxed: this script ran with all the rights of the Stagelight worker. "
    "Set STAGELIGHT_SANDBOX=auto."
)
RAN_SOMEWHERE = RAN.replace("this script", "a script that left this graph")
OFF = (
    "The sandbox is off (STAGELIGHT_SANDBOX=off): every script that is uploaded runs with the "
    "rights of the worker."
)
TOUCHED = ["/runs/1", "/runs/1/_run", "/runs/1/stages/1", "/runs/1/stages/1/_stage",
           "/runs/1/stages/3", "/runs/1/rerun"]  # fmt: skip
SITE = ["/", "/?verdict=partly", "/runs/1", "/runs/1/stages/1", "/runs/1/rerun", "/graphs/1",
        "/settings", "/runs/99", "/nothing"]  # fmt: skip


def alarms(html: str) -> list[str]:
    """The texts of the red banners."""
    found = re.findall(r'<p class="alarm".*?</p>', html, flags=re.DOTALL)
    return [text_of(alarm) for alarm in found]


@pytest.mark.parametrize("path", TOUCHED)
def test_every_page_that_an_unsandboxed_run_touched_is_red(
    path: str, client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.partly(sandbox="off")
    assert alarms(client.get(path).text) == [RAN]


@pytest.mark.parametrize("path", [*TOUCHED, *SITE])
@pytest.mark.parametrize("tier", ["full", "filters", "reduced", None])
def test_no_other_page_is(
    path: str,
    tier: str | None,
    client: TestClient,
    engine: Engine,
    store: BlobStore,
    settings: Settings,
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.partly(sandbox=tier)
    html = client.get(path).text
    assert alarms(html) == []
    assert "no sandbox" not in html


def test_a_run_that_goes_on_is_red_as_soon_as_its_tier_is_known(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        run = seed.run(status=RunStatus.RUNNING)
    part = client.get("/runs/1/_run")
    assert (part.status_code, alarms(part.text)) == (200, [])
    with seeding(engine, store, settings) as seed:
        seed.session.merge(run).sandbox = "off"
    assert alarms(client.get("/runs/1/_run").text) == [RAN]


def share_graph(seed: Seed, tiers: list[str]) -> None:
    """Runs, newest last, that all left graph 1."""
    for tier in tiers:
        run = seed.finished(Verdict.EXPORTED, sandbox=tier)
        if seed.session.get(Stage, 1) is None:
            seed.stage(run, 1)
        else:
            seed.stage(run, 1, graph_id=1)


@pytest.mark.parametrize(
    ("tiers", "red"),
    [
        (["full", "off", "full"], True),
        (["off", *["full"] * 25], True),  # more than the page lists
        (["full", "filters", "reduced"], False),
    ],
)
def test_a_graph_is_red_where_any_run_that_left_it_had_no_sandbox(
    tiers: list[str],
    red: bool,
    client: TestClient,
    engine: Engine,
    store: BlobStore,
    settings: Settings,
) -> None:
    with seeding(engine, store, settings) as seed:
        share_graph(seed, tiers)
        seed.stage(seed.finished(Verdict.EXPORTED, sandbox="off"), 1)  # another graph
    assert alarms(client.get("/graphs/1").text) == ([RAN_SOMEWHERE] if red else [])


def test_the_history_marks_the_runs_that_had_none(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        for tier in ("full", "off", None):
            seed.partly(f"tier {tier}", sandbox=tier)
    for path in ("/", "/_history"):
        html = client.get(path).text
        rows = [text_of(row) for row in re.findall(r"<tr id=.*?</tr>", html, flags=re.DOTALL)]
        assert [("no sandbox" in row, "tier off" in row) for row in rows] == [
            (False, False),
            (True, True),
            (False, False),
        ]


@pytest.mark.parametrize(
    ("tier", "says"),
    [
        ("full", "has no network"),
        ("filters", "which files there are"),
        ("reduced", "one layer less"),
        ("off", "all the rights"),
        ("later", "does not know"),
    ],
)
def test_a_run_says_its_tier_and_what_that_means(
    tier: str,
    says: str,
    client: TestClient,
    engine: Engine,
    store: BlobStore,
    settings: Settings,
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.partly(sandbox=tier)
    html = client.get("/runs/1").text
    (title,) = re.findall(rf'<dt>sandbox</dt><dd><a href="/settings" title="(.*?)">{tier}<', html)
    assert says in title


def test_a_run_that_waits_says_none(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.run()
    assert "<dt>sandbox</dt>" not in client.get("/runs/1").text


@pytest.fixture
def app(settings: Settings, engine: Engine, request: pytest.FixtureRequest) -> FastAPI:
    """The application; its sandbox is what a test's parameter `site` says."""
    site = getattr(request.node, "callspec", None)
    tier = site.params.get("site", "auto") if site else "auto"
    return create_app(settings.model_copy(update={"sandbox": tier}))


@pytest.mark.parametrize("site", ["off", "auto", "reduced"])
@pytest.mark.parametrize("path", SITE)
def test_while_the_sandbox_is_off_every_page_says_so(
    path: str,
    site: str,
    client: TestClient,
    engine: Engine,
    store: BlobStore,
    settings: Settings,
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.partly(sandbox="full")
    assert alarms(client.get(path).text) == ([OFF] if site == "off" else [])


@pytest.mark.parametrize("site", ["off"])
def test_a_refused_upload_says_so_too(site: str, client: TestClient) -> None:
    answer = client.post("/runs", data={})
    assert answer.status_code == 422
    assert alarms(answer.text) == [OFF]
    assert alarms(client.get("/", headers={"Host": "evil.example"}).text) == [OFF]

"""The command with an API token: where it goes, and that it is told to nobody else."""

import re

import httpx
import pytest
from sqlalchemy import Engine

from app.cli.token import headers_of
from app.db import session_scope
from app.models import PersonRole, Scope
from app.services.api_tokens import make_token
from tests.cli_support import Command
from tests.conftest import LiveServer
from tests.people_support import add_person, asker_of
from tests.web_support import SCRIPT

pytestmark = pytest.mark.accounts

TOKEN = f"stl_{'x' * 32}"


@pytest.fixture
def command(
    live_server: LiveServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """The command at a server with accounts."""
    live_server.settings.data.joinpath("model.py").write_bytes(SCRIPT)
    monkeypatch.chdir(live_server.settings.data)
    monkeypatch.delenv("STAGELIGHT_TOKEN", raising=False)
    return Command(monkeypatch, capsys, live_server.url)


def token_for(engine: Engine, scope: Scope) -> str:
    asker = asker_of(add_person(engine, "ana", PersonRole.MEMBER))
    with session_scope(engine) as session:
        return make_token(session, asker, "ci", scope)[1]


def test_the_command_is_who_its_token_is(
    command: Command, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAGELIGHT_TOKEN", f"{token_for(engine, Scope.WRITE)}\n")
    assert command("submit", "model.py").status == 0
    shown = command("show", 1, "--json")
    assert shown.status == 0
    assert '"owner": "ana"' in shown.out


def test_without_one_it_says_where_one_is_made(
    command: Command, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = f"Set STAGELIGHT_TOKEN to an API token, which {live_server.url}/account makes."
    none = command("list")
    assert (none.status, none.err.splitlines()[-1]) == (2, said)
    monkeypatch.setenv("STAGELIGHT_TOKEN", TOKEN)
    wrong = command("list")
    assert (wrong.status, wrong.err.splitlines()[-1]) == (2, said)
    assert "does not hold" in wrong.err
    assert TOKEN not in wrong.err + wrong.out


def test_what_its_token_is_not_for_says_so(
    command: Command, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAGELIGHT_TOKEN", token_for(engine, Scope.READ))
    assert command("list").status == 0
    refused = command("submit", "model.py")
    assert refused.status == 2
    assert "The API token is ana's (member), for read." in refused.err


@pytest.mark.parametrize("token", ["secret", f"{TOKEN}\nX-More: 1", f"stl_{'ü' * 32}", "stl_short"])
def test_what_cannot_be_a_token_is_neither_sent_nor_printed(
    token: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STAGELIGHT_TOKEN", token)
    done = Command(monkeypatch, capsys, "http://127.0.0.1:9")("list")
    assert done.status == 2
    assert done.err.startswith("STAGELIGHT_TOKEN is no API token.\n")
    assert token not in done.err + done.out


@pytest.mark.parametrize(
    ("server", "warned"),
    [
        ("https://stage.example", False),
        ("http://127.0.0.1:8000", False),
        ("http://localhost:8000", False),
        ("http://[::1]:8000", False),
        ("http://stage.example", True),
        ("http://10.0.0.1:8000", True),
    ],
)
def test_a_token_that_others_can_read_on_its_way_is_warned_of(
    server: str, warned: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    assert headers_of(TOKEN, httpx.URL(server)) == {"Authorization": f"Bearer {TOKEN}"}
    said = capsys.readouterr().err
    assert bool(re.search("unencrypted", said)) is warned
    assert TOKEN not in said
    assert headers_of("", httpx.URL(server)) == {}
    assert capsys.readouterr().err == ""

"""Where a server may listen, what it says of that, and the links that its console makes."""

from datetime import timedelta
from typing import Any

import pytest
import typer
from sqlalchemy import Engine
from sqlmodel import select

from app.cli.server import check_host, listen, place, warn_of_clear_text
from app.db import read_scope, session_scope
from app.models import Act, Person, PersonRole
from app.models.columns import utc_now
from app.services.identity import local_person
from app.services.invites import find_invite
from app.settings import Settings
from tests.cli_support import Command
from tests.entry_support import audited
from tests.people_support import add_person


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"host": "0.0.0.0"}, "does not listen on 0.0.0.0 without accounts"),
        ({"host": "192.0.2.5"}, "STAGELIGHT_ACCOUNTS=true"),
        ({"host": "0.0.0.0", "accounts": True}, "by which name people reach 0.0.0.0"),
        ({"host": "::", "accounts": True}, "Set STAGELIGHT_PUBLIC_URL"),
    ],
)
def test_it_does_not_listen_where_strangers_reach_it(
    given: dict[str, Any], said: str, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as ended:
        check_host(settings.model_copy(update=given))
    assert ended.value.exit_code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"host": "::1"},
        {"host": "192.0.2.5", "accounts": True},
        {"host": "0.0.0.0", "accounts": True, "public_url": "https://stage.example"},
        {"host": "0.0.0.0", "behind_loopback_proxy": True},
    ],
)
def test_and_listens_elsewhere(given: dict[str, Any], settings: Settings) -> None:
    check_host(settings.model_copy(update=given))


@pytest.mark.parametrize(
    ("given", "warned"),
    [
        ({"public_url": "http://stage.example"}, True),
        ({"host": "192.0.2.5"}, True),
        ({"public_url": "http://stage.example", "accounts": False}, False),
        ({"public_url": "https://stage.example", "host": "192.0.2.5"}, False),
        ({"public_url": "http://localhost:9000"}, False),
        ({}, False),
    ],
)
def test_it_warns_where_passwords_travel_in_clear(
    given: dict[str, Any], warned: bool, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    warn_of_clear_text(settings.model_copy(update={"accounts": True, **given}))
    assert ("in clear" in caplog.text) is warned


@pytest.mark.parametrize(
    ("host", "url", "said"),
    [
        ("127.0.0.1", "", "Stagelight is at http://127.0.0.1:8000"),
        ("::1", "", "Stagelight is at http://[::1]:8000"),
        ("0.0.0.0", "", "Stagelight is at http://0.0.0.0:8000"),
        (
            "0.0.0.0",
            "https://stage.example",
            "Stagelight is at https://stage.example and listens on 0.0.0.0:8000",
        ),
        ("127.0.0.1", "https://stage.example", "Stagelight is at http://127.0.0.1:8000"),
    ],
)
def test_it_says_where_it_is(host: str, url: str, said: str, settings: Settings) -> None:
    assert place(settings.model_copy(update={"public_url": url}), host, 8000) == said


def test_it_says_why_it_cannot_listen(capsys: pytest.CaptureFixture[str]) -> None:
    with listen("127.0.0.1", 0) as taken:
        taken.listen()
        for host, port, said in (
            ("127.0.0.1", taken.getsockname()[1], "STAGELIGHT_PORT"),
            ("192.0.2.5", 0, "STAGELIGHT_HOST"),
        ):
            with pytest.raises(typer.Exit):
                listen(host, port)
            assert f"Set {said} to" in capsys.readouterr().err


@pytest.fixture
def console(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """The command on the server itself, with accounts."""
    monkeypatch.setenv("STAGELIGHT_ACCOUNTS", "true")
    monkeypatch.setenv("STAGELIGHT_DATA", str(settings.data))
    monkeypatch.setenv("STAGELIGHT_PORT", "8123")
    return Command(monkeypatch, capsys, "")


def test_the_console_makes_a_link_for_an_admin(console: Command, engine: Engine) -> None:
    add_person(engine, "ana", PersonRole.ADMIN)
    done = console("admin-link")
    assert done.status == 0
    token = done.out.removeprefix("http://127.0.0.1:8123/invite/").removesuffix("\n")
    with read_scope(engine) as session:
        invite = find_invite(session, token)
    assert (invite.role, invite.person_id) == (PersonRole.ADMIN, None)
    assert timedelta(hours=23) < invite.expires_at - utc_now() <= timedelta(hours=24)
    (entry,) = audited(engine)
    assert (entry.act, entry.actor, entry.via) == (Act.PERSON_INVITED, local_person(), "console")


def test_the_console_makes_a_link_for_a_password(
    console: Command, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = add_person(engine, "Ana")
    monkeypatch.setenv("STAGELIGHT_PUBLIC_URL", "https://stage.example/x/")
    done = console("admin-link", "--reset", "ana")
    assert done.status == 0
    token = done.out.removeprefix("https://stage.example/x/invite/").removesuffix("\n")
    with read_scope(engine) as session:
        assert find_invite(session, token).person_id == ana.id
    assert [entry.act for entry in audited(engine)] == [Act.PERSON_RESET]


@pytest.mark.parametrize(
    ("arguments", "variable", "said"),
    [
        ((), ("STAGELIGHT_ACCOUNTS", "false"), "no accounts here"),
        ((), ("STAGELIGHT_PORT", "0"), "at which port"),
        (("--reset", "zoe"), ("STAGELIGHT_PORT", "1"), "nobody named zoe"),
        (("--reset", "eve"), ("STAGELIGHT_PORT", "1"), "nobody named eve who may log in"),
    ],
)
def test_the_console_says_why_there_is_no_link(
    arguments: tuple[str, ...],
    variable: tuple[str, str],
    said: str,
    console: Command,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add_person(engine, "eve")
    with session_scope(engine) as session:
        session.exec(select(Person)).one().disabled_at = utc_now()
    monkeypatch.setenv(*variable)
    done = console("admin-link", *arguments)
    assert (done.status, done.out) == (2, "")
    assert said in done.err
    assert audited(engine) == []

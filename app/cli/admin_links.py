"""Links that make an admin's account, or let somebody in again, from the console."""

from sqlalchemy import Engine, select
from sqlmodel import col

from app.cli.exits import CommandError
from app.db import make_engine, session_scope
from app.models import Person, PersonRole
from app.public import served_at
from app.services.identity import console_asker
from app.services.invites import (
    FIRST_DAYS,
    invite_first_admin,
    invite_url,
    make_invite,
    make_reset,
)
from app.services.migrate import migrate
from app.services.person_names import name_key
from app.settings import Settings


def admin_link(settings: Settings, reset: str) -> str:
    """A link that makes an admin's account; with a name: that sets this person's password.

    Raises:
        CommandError: there are no accounts, no such person, or the port is not known.
    """
    if not settings.accounts:
        raise CommandError(
            "There are no accounts here.", "Set STAGELIGHT_ACCOUNTS=true, as the server's."
        )
    if not settings.public_url and not settings.port:
        raise CommandError(
            "It is not known at which port the server listens.",
            "Set STAGELIGHT_PORT to the one that it printed at its start.",
        )
    migrate(settings.url)
    engine = make_engine(settings.url)
    try:
        token = _reset_token(engine, reset) if reset else _admin_token(engine)
    finally:
        engine.dispose()
    return invite_url(served_at(settings, settings.port), token)


def first_admin_link(engine: Engine, base: str) -> str | None:
    """A link that makes the first admin's account; None where there is an admin."""
    with session_scope(engine) as session:
        token = invite_first_admin(session, console_asker())
    return None if token is None else invite_url(base, token)


def _admin_token(engine: Engine) -> str:
    with session_scope(engine) as session:
        return make_invite(session, console_asker(), PersonRole.ADMIN, days=FIRST_DAYS)[1]


def _reset_token(engine: Engine, name: str) -> str:
    with session_scope(engine) as session:
        person = session.scalar(select(Person).where(col(Person.name_key) == name_key(name)))
        if person is None or person.disabled_at is not None:
            raise CommandError(
                f"There is nobody named {name} who may log in.",
                "Without --reset the link makes an admin, who sees at /admin who there is.",
            )
        return make_reset(session, console_asker(), person)[1]

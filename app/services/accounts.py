"""What people see of their own account, and how they change their password."""

from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session

from app.db import read_scope, session_scope
from app.errors import ConflictError, LoginNeededError, StagelightError
from app.models import Act, Person, PersonRole
from app.services.asker import Asker
from app.services.audit import record
from app.services.identity import still_holds
from app.services.logins import end_logins
from app.services.passwords import check_password, set_password
from app.services.view import View


class WrongPasswordError(StagelightError):
    """The old password is not the one that the account has. Nothing was changed."""

    code = "wrong_password"
    status = 422

    def __init__(self) -> None:
        super().__init__(
            "The old password is not right.",
            "If you forgot it, an admin can send you a link that sets a new one.",
        )


class AccountView(View):
    """Who is logged in."""

    name: str
    role: PersonRole
    password: bool  # whether they log in by one here
    created_at: datetime


def account_of(session: Session, asker: Asker) -> AccountView:
    """The asker's own account."""
    person = session.get_one(Person, asker.person_id)
    return AccountView(
        name=person.name,
        role=person.role,
        password=person.password_hash is not None,
        created_at=person.created_at,
    )


def change_password(engine: Engine, asker: Asker, old: str, new: str) -> None:
    """Change the asker's password and end all their logins but this one.

    Passwords are hashed outside of what keeps other writers waiting.

    Raises:
        WrongPasswordError: `old` is not theirs.
        PasswordError: `new` will not do.
        ConflictError: they have none, for they log in elsewhere.
        LoginNeededError: their login was ended meanwhile.
    """
    with read_scope(engine) as session:
        person = session.get_one(Person, asker.person_id)
    assert person.id is not None
    if person.password_hash is None:
        raise ConflictError(
            "Your account has no password here: you log in elsewhere.",
            "An admin can send you a link that sets one.",
            code="no_password",
        )
    if not check_password(person, old):
        with session_scope(engine) as session:
            record(session, asker, Act.LOGIN_FAILED, asker.name, at="/account")
        raise WrongPasswordError
    with session_scope(engine) as session:
        set_password(session, person, new)
        if not still_holds(session, asker):  # a reset, say: then the old one counts no more
            raise LoginNeededError
        end_logins(session, person.id, but=asker.login_id)
        record(session, asker, Act.PASSWORD_CHANGED, asker.name)

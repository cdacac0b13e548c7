"""Ways in: by a name and its password, by an invite, by a link that sets a password.

Each gives the token of a new login. Passwords are hashed before the transaction that writes, for
that keeps other writers waiting.
"""

from dataclasses import dataclass

from sqlalchemy import Engine, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from app.db import read_scope, session_scope
from app.errors import StagelightError
from app.models import Act, Invite, Person, PersonRole
from app.models.person import NAME_CHARACTERS
from app.services.audit import record
from app.services.identity import logged_in, nobody
from app.services.invites import InviteGoneError, find_invite, use_invite
from app.services.logins import end_login_of, end_logins, start_login
from app.services.passwords import check_password, check_strength, hash_password, set_password
from app.services.person_names import KEY_CHARACTERS, NameTakenError, check_name, name_key
from app.text import one_line


class WrongLoginError(StagelightError):
    """There is nobody with this name and password, or they may not log in: it is not said which."""

    code = "wrong_login"
    status = 401

    def __init__(self) -> None:
        super().__init__(
            "This name and password do not fit.",
            "If you forgot yours, an admin can send you a link that sets a new one.",
        )


@dataclass(frozen=True)
class Visit:
    """A browser that asks to be let in, and for how long a login holds."""

    address: str
    agent: str
    cookie: str  # the token that it brought along, which ends
    days: float


def log_in(engine: Engine, name: str, password: str, visit: Visit) -> str:
    """The token of a new login; WrongLoginError where they do not fit."""
    with read_scope(engine) as session:
        person = session.scalar(select(Person).where(col(Person.name_key) == tried_key(name)))
    kept = None if person is None else person.password_hash
    right = check_password(person, password)
    with session_scope(engine) as session:
        if right and person is not None and _still_may(session, person, kept):
            return enter(session, person, visit)
        record(session, nobody(visit.address), Act.LOGIN_FAILED, name[:NAME_CHARACTERS])
    raise WrongLoginError


def tried_key(name: str) -> str:
    """The key of a name as somebody typed it. One that is too long is nobody's, and not read on."""
    return name_key(one_line(name[: NAME_CHARACTERS + 1]))[:KEY_CHARACTERS]


def join(engine: Engine, token: str, name: str, password: str, visit: Visit) -> str:
    """Make the account of an invite, and a login of it; where the invite has a name that counts.

    Raises:
        InviteGoneError: the invite does not hold, or not any more.
        BadNameError, PasswordError: they will not do; the invite still holds.
    """
    with read_scope(engine) as session:
        name = name_by(session, find_invite(session, token), name)
    check_strength(name, password)
    hashed = hash_password(password)
    with session_scope(engine) as session:
        invite = use_invite(session, token)
        name = name_by(session, invite, name)
        person = add_person(session, name, invite.role, password_hash=hashed)
        detail = {"role": invite.role.value, "invite": invite.id, "by": invite.created_by}
        return enter(session, person, visit, Act.PERSON_JOINED, **detail)


def reset(engine: Engine, token: str, password: str, visit: Visit) -> str:
    """Set the password of an invite's person, and end all their logins but the new one.

    Raises:
        InviteGoneError: the link does not hold, or not any more.
        PasswordError: it will not do; the link still holds.
    """
    with read_scope(engine) as session:
        person = session.get(Person, find_invite(session, token).person_id)
    if person is None:
        raise InviteGoneError
    assert person.id is not None
    with session_scope(engine) as session:
        set_password(session, person, password)
        invite = use_invite(session, token)
        end_logins(session, person.id)
        return enter(session, person, visit, Act.PASSWORD_CHANGED, invite=invite.id)


def enter(
    session: Session, person: Person, visit: Visit, act: Act = Act.LOGIN, **detail: object
) -> str:
    """A new login of `person`, who did `act` to get it; returns its token."""
    end_login_of(session, visit.cookie)
    login, token = start_login(
        session, person, visit.days, address=visit.address, agent=visit.agent
    )
    asker = logged_in(person, login.id, visit.address)
    record(session, asker, act, person.name, **detail)
    return token


def name_by(session: Session, invite: Invite, name: str) -> str:
    """The name of the account that an invite makes; BadNameError where it cannot be."""
    if invite.person_id is not None:
        raise InviteGoneError
    # Who will be an admin may change what is by that name anyhow. The first is often who made it.
    given = bool(invite.name) or invite.role is PersonRole.ADMIN
    name = invite.name or name
    check_name(session, name, given=given)
    return name


def add_person(
    session: Session,
    name: str,
    role: PersonRole,
    *,
    password_hash: str | None = None,
    issuer: str | None = None,
    subject: str | None = None,
) -> Person:
    """A new account, that is entered by a password, or as a subject of an issuer."""
    person = Person(
        name=name,
        name_key=name_key(name),
        role=role,
        password_hash=password_hash,
        issuer=issuer,
        subject=subject,
    )
    session.add(person)
    try:
        session.flush()
    except IntegrityError:  # on PostgreSQL somebody can have taken it since it was looked for
        raise NameTakenError(name) from None
    return person


def _still_may(session: Session, person: Person, kept: str | None) -> bool:
    """Whether they may log in, by the password that was checked. Keeps its hash if it is new."""
    query = (
        update(Person)
        .where(
            col(Person.id) == person.id,
            col(Person.password_hash) == kept,
            col(Person.disabled_at).is_(None),
        )
        .values(password_hash=person.password_hash)
        .returning(col(Person.id))
    )
    return session.scalar(query) is not None

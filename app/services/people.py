"""People: who has an account, what they may do, and how that ends."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, func, or_, select
from sqlmodel import Session, col

from app.errors import ConflictError
from app.models import Act, ApiToken, Audit, Holding, Login, Person, PersonRole, Run
from app.models.columns import utc_now
from app.services.asker import Asker
from app.services.audit import record
from app.services.invites import revoke_invites_by
from app.services.logins import end_logins
from app.services.person_names import name_key
from app.services.there import not_deleted
from app.services.view import View


class Entrance(StrEnum):
    """How somebody logs in."""

    PASSWORD = "password"  # noqa: S105 - no password
    OIDC = "oidc"  # single sign-on
    BOTH = "both"
    NONE = "none"  # not at all, until they use a link that sets a password


class LastAdminError(ConflictError):
    """Nobody could change what others may any more. Nothing was changed."""

    code = "last_admin"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} is the last admin who can log in.", "Make somebody else an admin first."
        )


class PersonView(View):
    """A person as admins see them.

    `seen_at` is when they last did something here; null: never. `runs` are those that are there,
    `sessions` and `tokens` those that hold if the account is not disabled.
    """

    id: int
    name: str
    role: PersonRole
    entrance: Entrance
    created_at: datetime
    disabled_at: datetime | None
    seen_at: datetime | None
    runs: int
    sessions: int
    tokens: int
    bytes: int  # that their runs keep


class PersonList(View):
    """All people."""

    people: list[PersonView]


def find_person_by_name(session: Session, name: str) -> Person | None:
    """The person of this name, however it is written."""
    return session.scalars(select(Person).where(col(Person.name_key) == name_key(name))).first()


def list_people(session: Session) -> list[PersonView]:
    """All that have an account, by name; who may not log in any more comes last."""
    disabled = col(Person.disabled_at).is_not(None)
    query = _people().order_by(disabled, col(Person.name_key))
    return [_view(*row) for row in session.execute(query)]


def person_view(session: Session, person: Person) -> PersonView:
    """The same of one."""
    return _view(*session.execute(_people().where(col(Person.id) == person.id)).one())


def set_role(session: Session, asker: Asker, person: Person, role: PersonRole) -> None:
    """Give somebody another role, and end their logins and the invites that they made: nothing
    goes on with the rights of before.
    """
    others = _lock(session, person)
    if person.role is role:
        return
    _keep_an_admin(person, others)
    before, person.role = person.role, role
    session.flush()
    ended = _end(session, asker, person)
    record(session, asker, Act.PERSON_ROLE, person.name, before=before, role=role, ended=ended)


def disable(session: Session, asker: Asker, person: Person) -> None:
    """Let somebody in no more: their logins and the invites that they made end at once, their
    tokens are refused meanwhile.
    """
    others = _lock(session, person)
    if person.disabled_at is not None:
        return
    _keep_an_admin(person, others)
    person.disabled_at = utc_now()
    session.flush()
    ended = _end(session, asker, person)
    record(session, asker, Act.PERSON_DISABLED, person.name, ended=ended)


def enable(session: Session, asker: Asker, person: Person) -> None:
    """Let somebody in again. Tokens that were not revoked hold again, too."""
    session.refresh(person, with_for_update=True)
    if person.disabled_at is None:
        return
    person.disabled_at = None
    session.flush()
    record(session, asker, Act.PERSON_ENABLED, person.name)


def entrance_of(person: Person) -> Entrance:
    """How they log in."""
    password, elsewhere = person.password_hash is not None, person.subject is not None
    if password and elsewhere:
        return Entrance.BOTH
    if password:
        return Entrance.PASSWORD
    return Entrance.OIDC if elsewhere else Entrance.NONE


def _lock(session: Session, person: Person) -> set[int]:
    """Lock the person, and before them all admins who can log in; returns the ids of the others.

    All admins, always in one order: two who end each other at once must not both succeed.
    """
    admins = (
        select(col(Person.id))
        .where(
            col(Person.role) == PersonRole.ADMIN,
            col(Person.disabled_at).is_(None),
            or_(col(Person.password_hash).is_not(None), col(Person.subject).is_not(None)),
        )
        .order_by(col(Person.id))
        .with_for_update()
    )
    found = {one for one in session.scalars(admins) if one is not None}
    session.refresh(person, with_for_update=True)
    return found - {person.id}


def _keep_an_admin(person: Person, others: Collection[int]) -> None:
    """LastAdminError where this admin is the last one."""
    if person.role is PersonRole.ADMIN and person.disabled_at is None and not others:
        raise LastAdminError(person.name)


def _end(session: Session, asker: Asker, person: Person) -> int:
    """End their logins, and the invites that they made: by one they could come in again, as an
    admin. Returns how many logins there were.
    """
    assert person.id is not None
    revoke_invites_by(session, asker, person.name)
    return end_logins(session, person.id)


def _people() -> Select[Any]:
    """Each person with what is counted of them; every count is of few rows of an index."""
    now = utc_now()
    acts = select(col(Audit.at)).where(col(Audit.actor) == col(Person.name))
    mine = col(Login.person_id) == col(Person.id)
    shown = col(ApiToken.person_id) == col(Person.id)
    held = (col(ApiToken.revoked_at).is_(None), col(ApiToken.expires_at) > now)
    columns: tuple[Any, ...] = (
        Person,
        _value(func.max(col(Login.seen_at)), mine),
        _value(func.max(col(ApiToken.used_at)), shown),
        acts.order_by(col(Audit.id).desc()).limit(1).scalar_subquery(),
        _value(func.count(col(Run.id)), col(Run.owner) == col(Person.name), not_deleted()),
        _value(func.count(col(Login.id)), mine, col(Login.expires_at) > now),
        _value(func.count(col(ApiToken.id)), shown, *held),
        _value(func.sum(col(Holding.bytes)), col(Holding.owner) == col(Person.name)),
    )
    return select(*columns)


def _value(value: ColumnElement[Any], *where: ColumnElement[bool]) -> ScalarSelect[Any]:
    return select(value).where(*where).correlate(Person).scalar_subquery()


def _view(
    person: Person,
    login_seen: datetime | None,
    token_used: datetime | None,
    acted: datetime | None,
    *counts: int | None,
) -> PersonView:
    runs, sessions, tokens, size = counts
    return PersonView.model_validate(
        {
            **person.model_dump(),
            "entrance": entrance_of(person),
            "seen_at": max(filter(None, (login_seen, token_used, acted)), default=None),
            "runs": runs,
            "sessions": sessions,
            "tokens": tokens,
            "bytes": size or 0,
        }
    )

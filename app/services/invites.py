"""Invites: links that make an account or set a password, once. Made, listed, found, revoked."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select, update
from sqlmodel import Session, col

from app.errors import ConflictError, NotFoundError
from app.models import Act, Invite, Person, PersonRole
from app.models.columns import utc_now
from app.services.asker import Asker
from app.services.audit import record
from app.services.person_names import check_name
from app.services.shares import ExpiryError
from app.services.tokens import hash_of, is_token, new_token

INVITE = "/invite/"  # what every link's path begins with
DAYS = 7  # that an invite holds unless another number is asked for
RESET_DAYS = 1
FIRST_DAYS = 1  # for the first admin
MAX_DAYS = 90


class InviteGoneError(NotFoundError):
    """There is no such invite: it was never made, has ended, was used, or was revoked."""

    def __init__(self) -> None:
        super().__init__(
            "This invite does not open anything.",
            "It was used, or has ended: ask whoever sent it to you for another.",
        )


def invite_url(base: str, token: str) -> str:
    """The link with this token; `base` is from app/public.py."""
    return f"{base}{INVITE}{token}"


def make_invite(
    session: Session, asker: Asker, role: PersonRole, name: str = "", days: float = DAYS
) -> tuple[Invite, str]:
    """A new invite, and its token, which is told this once. With a name, for who is to have it."""
    if name:
        check_name(session, name, given=True)
    invite, token = _make(session, asker, days, role=role, name=name)
    detail = {"role": role.value, "invite": invite.id, "days": days}
    record(session, asker, Act.PERSON_INVITED, name, **detail)
    return invite, token


def invite_first_admin(session: Session, asker: Asker) -> str | None:
    """The token of a new invite for an admin where there is none, and the only one; else None.

    Those that were made before end: each was printed somewhere.
    """
    admins = select(col(Person.id)).where(
        col(Person.role) == PersonRole.ADMIN, col(Person.disabled_at).is_(None)
    )
    if session.scalar(select(admins.exists())):
        return None
    now = utc_now()
    earlier = update(Invite).where(
        col(Invite.role) == PersonRole.ADMIN, col(Invite.person_id).is_(None), _holds(now)
    )
    session.execute(earlier.values(revoked_at=now))
    return make_invite(session, asker, PersonRole.ADMIN, days=FIRST_DAYS)[1]


def make_reset(
    session: Session, asker: Asker, person: Person, days: float = RESET_DAYS
) -> tuple[Invite, str]:
    """A link by which a person sets a new password, and its token, which is told this once.

    Earlier ones of theirs end. ConflictError for who may not log in: theirs would open nothing.
    """
    if person.disabled_at is not None:
        raise ConflictError(f"{person.name} is disabled.", "Enable the account first.")
    now = utc_now()
    earlier = update(Invite).where(col(Invite.person_id) == person.id, _holds(now))
    session.execute(earlier.values(revoked_at=now))
    invite, token = _make(
        session, asker, days, role=person.role, name=person.name, person_id=person.id
    )
    record(session, asker, Act.PERSON_RESET, person.name, invite=invite.id, days=days)
    return invite, token


def find_invite(session: Session, token: str) -> Invite:
    """The invite with this token, if it holds; else InviteGoneError, whatever the cause."""
    query = select(Invite).where(col(Invite.token_sha256) == hash_of(token), _holds(utc_now()))
    invite = session.scalar(query) if is_token(token) else None
    if invite is None:
        raise InviteGoneError
    return invite


def use_invite(session: Session, token: str) -> Invite:
    """The same, used up: of two that do so at the same time, one gets InviteGoneError."""
    if not is_token(token):
        raise InviteGoneError
    return _use(session, col(Invite.token_sha256) == hash_of(token))


def use_invite_of(session: Session, invite_id: int) -> Invite:
    """The same by its id: of somebody who showed its token before."""
    return _use(session, col(Invite.id) == invite_id)


def revoke_invite(session: Session, asker: Asker, invite_id: int) -> None:
    """End one that holds; NotFoundError where there is none."""
    if not _revoke(session, asker, col(Invite.id) == invite_id):
        raise NotFoundError(f"There is no invite {invite_id} that holds.", "It may have been used.")


def revoke_invites_by(session: Session, asker: Asker, maker: str) -> None:
    """End all that hold of those that somebody made."""
    _revoke(session, asker, col(Invite.created_by) == maker)


def open_invites(session: Session) -> list[Invite]:
    """All that hold, newest first."""
    query = select(Invite).where(_holds(utc_now())).order_by(col(Invite.id).desc())
    return list(session.scalars(query))


def _make(
    session: Session,
    asker: Asker,
    days: float,
    *,
    role: PersonRole,
    name: str,
    person_id: int | None = None,
) -> tuple[Invite, str]:
    if not 0 < days <= MAX_DAYS:
        raise ExpiryError(
            f"An invite cannot be made for {days:g} days.", f"Give it up to {MAX_DAYS}."
        )
    token, now = new_token(), utc_now()
    invite = Invite(
        token_sha256=hash_of(token),
        person_id=person_id,
        role=role,
        name=name,
        created_by=asker.name,
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    session.add(invite)
    session.flush()
    return invite, token


def _revoke(session: Session, asker: Asker, which: ColumnElement[bool]) -> int:
    """End those of them that hold; returns how many there were."""
    now = utc_now()
    ended = update(Invite).where(which, _holds(now)).values(revoked_at=now)
    rows = session.execute(ended.returning(col(Invite.id), col(Invite.name))).all()
    for invite_id, name in sorted(rows):
        record(session, asker, Act.PERSON_INVITE_REVOKED, name, invite=invite_id)
    return len(rows)


def _use(session: Session, which: ColumnElement[bool]) -> Invite:
    now = utc_now()
    used = update(Invite).where(which, _holds(now)).values(used_at=now).returning(Invite)
    invite = session.scalar(used)
    if invite is None:
        raise InviteGoneError
    return invite


def _holds(now: datetime) -> ColumnElement[bool]:
    """The condition that an invite can be used; a reset's person must be one who may log in."""
    disabled = select(col(Person.id)).where(
        col(Person.id) == col(Invite.person_id), col(Person.disabled_at).is_not(None)
    )
    return (
        col(Invite.used_at).is_(None)
        & col(Invite.revoked_at).is_(None)
        & (col(Invite.expires_at) > now)
        & or_(col(Invite.person_id).is_(None), ~disabled.exists())
    )

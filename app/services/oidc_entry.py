"""The way in by OpenID Connect: the account of who somebody is there is found, or made."""

from collections.abc import Callable

from sqlalchemy import Engine, select
from sqlmodel import Session, col

from app.db import session_scope
from app.errors import StagelightError
from app.models import Act, OidcFlow, Person, PersonRole
from app.models.person import NAME_CHARACTERS
from app.services.audit import record
from app.services.entry import Visit, add_person, enter, name_by
from app.services.identity import nobody
from app.services.invites import use_invite_of
from app.services.oidc import Identity, OidcError, Provider, Return
from app.services.person_names import BadNameError, check_name
from app.text import one_line

NAMESAKES = 50  # that somebody may have before it is an admin's to name them


class NoAccountError(OidcError):
    """The provider knows them, Stagelight does not."""

    code = "oidc_no_account"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name or 'This person'} has no account here.", "Ask an admin for an invite."
        )


class DisabledError(OidcError):
    """Their account is disabled."""

    code = "oidc_disabled"

    def __init__(self, name: str) -> None:
        super().__init__(f"The account {name} is disabled.", "Ask an admin, if it should not be.")


def log_in_by(
    engine: Engine, provider: Provider, flow: OidcFlow, back: Return, visit: Visit, role: str
) -> str:
    """The token of a new login. `role`: of who is not known and has no invite; empty: none."""
    identity = None
    try:
        identity = provider.finish(back)
        with session_scope(engine) as session:
            return _let_in(session, identity, flow.invite_id, visit, role)
    except StagelightError as error:
        with session_scope(engine) as session:
            asker, who = nobody(visit.address), identity.name if identity else ""
            record(session, asker, Act.LOGIN_FAILED, who, oidc=True, why=error.code)
        raise


def _let_in(
    session: Session, identity: Identity, invite_id: int | None, visit: Visit, role: str
) -> str:
    query = select(Person).where(
        col(Person.issuer) == identity.issuer, col(Person.subject) == identity.subject
    )
    person = session.scalar(query)
    if person is not None:
        if person.disabled_at is not None:
            raise DisabledError(person.name)
        return enter(session, person, visit, oidc=True)
    if invite_id is not None:
        return _join(session, identity, invite_id, visit)
    if not role:
        raise NoAccountError(identity.name)
    name = _free_name(identity, lambda name: check_name(session, name, given=False))
    person = _add(session, identity, name, PersonRole(role))
    return enter(session, person, visit, Act.PERSON_JOINED, oidc=True, role=role)


def _join(session: Session, identity: Identity, invite_id: int, visit: Visit) -> str:
    """Make the account of an invite. It is called as the invite says, else as at the provider."""
    invite = use_invite_of(session, invite_id)
    if invite.name:
        name = name_by(session, invite, invite.name)
    else:
        name = _free_name(identity, lambda name: name_by(session, invite, name))
    person = _add(session, identity, name, invite.role)
    detail = {"role": invite.role.value, "invite": invite.id, "by": invite.created_by}
    return enter(session, person, visit, Act.PERSON_JOINED, oidc=True, **detail)


def _add(session: Session, identity: Identity, name: str, role: PersonRole) -> Person:
    return add_person(session, name, role, issuer=identity.issuer, subject=identity.subject)


def _free_name(identity: Identity, check: Callable[[str], object]) -> str:
    """What somebody is called there, with a number if others here are."""
    called = one_line(identity.name or identity.subject)[: NAME_CHARACTERS - 4].strip()
    for number in range(1, NAMESAKES + 1):
        name = called if number == 1 else f"{called} {number}"
        try:
            check(name)
        except BadNameError:
            continue
        return name
    raise OidcError(
        f"No account can be called {called}.", "Ask an admin for an invite that names you."
    )

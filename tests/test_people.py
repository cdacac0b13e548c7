"""People as admins see and change them."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from app.db import session_scope
from app.models import Act, ApiToken, Audit, Login, Person, PersonRole, Scope
from app.models.columns import utc_now
from app.services import people
from app.services.audit import record
from app.services.invites import make_invite, make_reset, open_invites
from app.services.logins import start_login
from app.services.people import Entrance, LastAdminError, PersonView, list_people
from tests.people_support import add_admin, add_person, asker_of, give_token
from tests.web_support import Seed


@pytest.fixture
def root(engine: Engine) -> Person:
    """An admin who can log in."""
    return add_admin(engine, "Root")


@pytest.fixture
def session(root: Person, engine: Engine) -> Iterator[Session]:
    with session_scope(engine) as session:
        yield session


def person_of(session: Session, name: str) -> Person:
    found = people.find_person_by_name(session, name)
    assert found is not None
    return found


def view_of(session: Session, name: str) -> PersonView:
    [found] = [one for one in list_people(session) if one.name == name]
    return found


def acts(session: Session) -> list[tuple[Act, str, str, object]]:
    return [(one.act, one.actor, one.subject, one.detail) for one in session.exec(select(Audit))]


def start(session: Session, name: str, days: float = 1) -> None:
    start_login(session, person_of(session, name), days)


def test_a_name_is_found_however_it_is_written(engine: Engine) -> None:
    add_person(engine, "Ana Größe")
    with session_scope(engine) as session:
        for name in ("Ana Größe", "ana grösse", "\uff21na Größe"):
            assert person_of(session, name).name == "Ana Größe"
        assert people.find_person_by_name(session, "ana") is None


def test_people_are_listed_with_what_they_have(root: Person, seed: Seed) -> None:
    session = seed.session
    add = session.add
    add(Person(name="ben", name_key="ben", role=PersonRole.VIEWER, issuer="i", subject="s"))
    add(Person(name="Ana", name_key="ana", role=PersonRole.MEMBER))
    add(Person(name="abe", name_key="abe", role=PersonRole.MEMBER, disabled_at=utc_now()))
    session.flush()
    assert [one.name for one in list_people(session)] == ["Ana", "ben", "Root", "abe"]
    for deleted_at in (None, None, utc_now()):
        seed.run(owner="Ana", deleted_at=deleted_at)
    seed.run(owner="ana")
    start(session, "Ana")
    start(session, "Ana", days=-1)
    for values in ({}, {"revoked_at": utc_now()}, {"expires_at": utc_now()}):
        give_token(session, person_of(session, "Ana"), Scope.READ, **values)
    session.flush()
    ana, ben = view_of(session, "Ana"), view_of(session, "ben")
    assert (ana.runs, ana.sessions, ana.tokens, ana.entrance) == (2, 1, 1, Entrance.NONE)
    assert (ben.runs, ben.sessions, ben.tokens, ben.entrance) == (0, 0, 0, Entrance.OIDC)
    assert view_of(session, "Root").entrance is Entrance.PASSWORD
    assert people.person_view(session, person_of(session, "ben")) == ben


def test_somebody_was_last_seen_by_what_they_used_last(root: Person, session: Session) -> None:
    then = utc_now() - timedelta(days=9)
    assert view_of(session, "Root").seen_at is None
    start(session, "Root")
    session.exec(select(Login)).one().seen_at = then
    token = give_token(session, root, Scope.READ)
    session.flush()
    assert view_of(session, "Root").seen_at == then
    token.used_at = then + timedelta(days=1)
    session.flush()
    assert view_of(session, "Root").seen_at == token.used_at
    # Of a login that ended there is no row any more, but what was done in it.
    record(session, asker_of(root), Act.LOGOUT)
    session.flush()
    assert view_of(session, "Root").seen_at == session.exec(select(Audit)).one().at


def test_another_role_ends_logins_and_is_recorded(root: Person, session: Session) -> None:
    ana = Person(name="ana", name_key="ana", role=PersonRole.MEMBER)
    session.add(ana)
    session.flush()
    start(session, "ana")
    start(session, "ana")
    start(session, "Root")
    people.set_role(session, asker_of(root), ana, PersonRole.ADMIN)
    people.set_role(session, asker_of(root), ana, PersonRole.ADMIN)
    assert ana.role is PersonRole.ADMIN
    assert [one.person_id for one in session.exec(select(Login))] == [root.id]
    detail = {"before": "member", "role": "admin", "ended": 2}
    assert acts(session) == [(Act.PERSON_ROLE, "Root", "ana", detail)]


def test_who_is_disabled_is_out_until_enabled(root: Person, session: Session) -> None:
    ana = Person(name="ana", name_key="ana", role=PersonRole.MEMBER)
    session.add(ana)
    session.flush()
    start(session, "ana")
    give_token(session, ana, Scope.READ)
    for _ in range(2):
        people.disable(session, asker_of(root), ana)
    assert ana.disabled_at is not None
    assert session.exec(select(Login)).all() == []
    for _ in range(2):
        people.enable(session, asker_of(root), ana)
    assert ana.disabled_at is None
    assert session.exec(select(col(ApiToken.revoked_at))).one() is None
    assert acts(session) == [
        (Act.PERSON_DISABLED, "Root", "ana", {"ended": 1}),
        (Act.PERSON_ENABLED, "Root", "ana", {}),
    ]


@pytest.mark.parametrize("how", ["disabled", "demoted"])
def test_no_invite_lets_in_again_who_made_it(how: str, root: Person, session: Session) -> None:
    eve = Person(name="eve", name_key="eve", role=PersonRole.ADMIN, password_hash="x")
    session.add(eve)
    session.flush()
    make_invite(session, asker_of(eve), PersonRole.ADMIN)
    make_reset(session, asker_of(eve), root)
    kept, _ = make_invite(session, asker_of(root), PersonRole.VIEWER)
    if how == "disabled":
        people.disable(session, asker_of(root), eve)
    else:
        people.set_role(session, asker_of(root), eve, PersonRole.MEMBER)
    assert open_invites(session) == [kept]
    ended = [one for one in acts(session) if one[0] is Act.PERSON_INVITE_REVOKED]
    assert [(actor, subject) for _, actor, subject, _ in ended] == [("Root", ""), ("Root", "Root")]


@pytest.mark.parametrize(
    ("values", "others"),
    [
        ({}, True),
        ({"password_hash": None, "issuer": "i", "subject": "s"}, True),
        ({"password_hash": None}, False),
        ({"disabled_at": utc_now()}, False),
        ({"role": PersonRole.MEMBER}, False),
    ],
    ids=["an admin", "by single sign-on", "without a password", "disabled", "a member"],
)
def test_the_last_admin_who_can_log_in_stays(
    values: dict[str, object], others: bool, engine: Engine
) -> None:
    root = add_admin(engine, "Root")
    with session_scope(engine) as session:
        eve = Person(name="eve", name_key="eve", role=PersonRole.ADMIN, password_hash="x")
        session.add(eve.sqlmodel_update(values))
        session.flush()
        mine = person_of(session, "Root")
        if others:
            people.disable(session, asker_of(root), mine)
            return
        with pytest.raises(LastAdminError) as refused:
            people.disable(session, asker_of(root), mine)
        assert refused.value.status == 409
        with pytest.raises(LastAdminError):
            people.set_role(session, asker_of(root), mine, PersonRole.MEMBER)
        assert (mine.role, mine.disabled_at) == (PersonRole.ADMIN, None)
        assert acts(session) == []

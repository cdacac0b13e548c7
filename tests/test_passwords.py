"""Passwords: which will do, which are right, and that they are kept as hashes of today's cost."""

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import Engine
from sqlmodel import select

from app.db import read_scope, session_scope
from app.models import Person, PersonRole
from app.services.passwords import (
    COMMON,
    IN_LINE,
    LINE,
    MAX_BYTES,
    MIN_CHARACTERS,
    BusyError,
    PasswordError,
    check_password,
    check_strength,
    hash_password,
    set_password,
)
from tests.entry_support import PASSWORD, hashed
from tests.people_support import add_person


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("ana", "", "has 0 characters"),
        ("ana", "elevenchars", "has 11 characters"),
        ("ana", "é" * 5 + "x" * (MAX_BYTES - 9), "too long"),
        ("ana", "PasswordPassword", "would guess"),
        ("ana", "aaaaaaaaaaaaaaa", "would guess"),
        ("ana", "121212121212", "would guess"),
        ("Ana Maria Tester", "ana maria TESTER", "would guess"),
    ],
)
def test_a_weak_password_is_refused(name: str, text: str, said: str) -> None:
    with pytest.raises(PasswordError, match=said) as refused:
        check_strength(name, text)
    assert text not in refused.value.message or not text


@pytest.mark.parametrize(
    "text", [PASSWORD, "elevenchars!", "密码密码很长的密码呀呀呀", "é" * 3 + "x y z" * 200]
)
def test_another_will_do(text: str) -> None:
    check_strength("ana", text)


def test_every_common_one_would_be_long_enough_else() -> None:
    for text in COMMON:
        assert len(text) >= MIN_CHARACTERS
        assert text == text.casefold()


def test_a_hash_is_argon2_and_says_nothing_of_the_password() -> None:
    kept = hashed(PASSWORD)
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert PASSWORD not in kept
    assert hash_password(PASSWORD) != kept, "each has a salt of its own"


def test_only_the_very_password_is_right() -> None:
    person = Person(
        name="ana", name_key="ana", role=PersonRole.MEMBER, password_hash=hashed(PASSWORD)
    )
    assert check_password(person, PASSWORD)
    for wrong in (PASSWORD.upper(), "\ud800", "x" * 2**20):
        assert not check_password(person, wrong)
    assert person.password_hash == hashed(PASSWORD)


def test_nobody_and_who_has_none_have_no_right_one() -> None:
    assert not check_password(None, PASSWORD)
    assert not check_password(Person(name="ana", name_key="ana", role=PersonRole.MEMBER), PASSWORD)


def test_a_hash_of_older_parameters_is_renewed() -> None:
    old = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=1024),)).hash(PASSWORD)
    person = Person(name="ana", name_key="ana", role=PersonRole.MEMBER, password_hash=old)
    assert not check_password(person, "another one, wrong")
    assert person.password_hash == old
    assert check_password(person, PASSWORD)
    assert person.password_hash is not None
    assert person.password_hash.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert check_password(person, PASSWORD)


def test_a_password_is_set_unless_it_is_weak(engine: Engine) -> None:
    person = add_person(engine, "ana")
    with pytest.raises(PasswordError), session_scope(engine) as session:
        set_password(session, person, "short")
    with read_scope(engine) as session:
        assert session.exec(select(Person.password_hash)).one() is None
    with session_scope(engine) as session:
        set_password(session, person, PASSWORD)
    with read_scope(engine) as session:
        assert check_password(session.exec(select(Person)).one(), PASSWORD)


def test_no_more_wait_for_their_turn_than_leave_others_room() -> None:
    for _ in range(IN_LINE):
        assert LINE.acquire(blocking=False)
    try:
        with pytest.raises(BusyError):
            check_password(None, PASSWORD)
    finally:
        LINE.release(IN_LINE)
    assert not check_password(None, PASSWORD)

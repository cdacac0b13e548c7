"""Passwords: which are taken, what is kept of them, and whether one is right."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import BoundedSemaphore

from pwdlib import PasswordHash
from sqlalchemy import update
from sqlmodel import Session, col

from app.errors import StagelightError
from app.models import Person
from app.services.tokens import new_token

MIN_CHARACTERS = 12
MAX_BYTES = 1024
MIN_DIFFERENT = 5  # characters: aaaaaaaaaaaa and 121212121212 are no passwords
# The commonest of those that are long enough, case folded.
COMMON = frozenset(
    {
        *("123456789012", "1234567890123", "1q2w3e4r5t6y", "abcdefghijkl", "administrator"),
        *("changemeplease", "correcthorsebatterystaple", "iloveyou1234", "letmein12345"),
        *("password1234", "passwordpassword", "qwertyuiop12", "qwertyuiop123", "qwertyuiopasdf"),
        *("stagelight12", "stagelight123", "welcome12345"),
    }
)

AT_WORK = 2  # hashes at a time: each takes 64 MiB and up to four cores
IN_LINE = 8  # with those that wait; more would take the threads that answer everybody else

WORK = BoundedSemaphore(AT_WORK)
LINE = BoundedSemaphore(IN_LINE)

_hasher = PasswordHash.recommended()


class PasswordError(StagelightError):
    """The password is too easy to guess, or too long. It was not set."""

    code = "weak_password"
    status = 422


class BusyError(StagelightError):
    """Too many passwords are being checked at this moment. This one was not."""

    code = "busy"
    status = 503
    headers = {"Retry-After": "2"}

    def __init__(self) -> None:
        super().__init__("Too many people log in at this moment.", "Try again in a few seconds.")


def check_strength(name: str, text: str) -> None:
    """PasswordError unless `text` will do as the password of the person with this name."""
    folded = text.casefold()
    if len(text) < MIN_CHARACTERS:
        raise PasswordError(
            f"The password has {len(text)} characters; it needs {MIN_CHARACTERS}.",
            "A few words that have nothing to do with each other are easy to keep in mind.",
        )
    if len(_encoded(text)) > MAX_BYTES:
        raise PasswordError("The password is too long.", f"{MAX_BYTES} bytes are the most.")
    if folded in COMMON or folded == name.casefold() or len(set(folded)) < MIN_DIFFERENT:
        raise PasswordError(
            "The password is one of the first that somebody would guess.", "Take another."
        )


def hash_password(text: str) -> str:
    """What is kept of a password. It takes a while: not inside of a transaction that writes."""
    with _turn():
        return _hasher.hash(_encoded(text))


def check_password(person: Person | None, text: str) -> bool:
    """Whether this is the password of `person`. Of nobody's, and of none, it takes as long.

    Where the hash is of older parameters than today's, `person` gets a new one, for the caller to
    write.
    """
    kept = None if person is None else person.password_hash
    with _turn():
        right, renewed = _hasher.verify_and_update(_encoded(text), kept or _hash_of_none())
    if kept is None or person is None:
        return False
    if renewed is not None:
        person.password_hash = renewed
    return right


def set_password(session: Session, person: Person, text: str) -> None:
    """Make this the password of `person`; PasswordError if it will not do.

    Best the first thing that is done in a session, `person` being from an earlier one: hashing
    takes a while, and the session begins to keep other writers waiting with its first statement.
    """
    check_strength(person.name, text)
    hashed = hash_password(text)
    session.execute(update(Person).where(col(Person.id) == person.id).values(password_hash=hashed))


@contextmanager
def _turn() -> Iterator[None]:
    """Wait until there is room for one more hash; BusyError where too many wait already."""
    if not LINE.acquire(blocking=False):
        raise BusyError
    try:
        with WORK:
            yield
    finally:
        LINE.release()


@cache
def _hash_of_none() -> str:
    """What stands in where there is no hash: of what nobody knows."""
    return _hasher.hash(new_token())


def _encoded(text: str) -> bytes:
    """JSON can hold half a character, which is no UTF-8."""
    return text.encode("utf-8", "surrogatepass")

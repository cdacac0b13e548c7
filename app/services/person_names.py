"""Names of people: which are the same, and which a new account may have."""

import re
import unicodedata

from sqlalchemy import exists, or_, select
from sqlmodel import Session, col

from app.errors import StagelightError
from app.models import Audit, Comment, Person, Run, SavedFilter, Share
from app.models.person import NAME_CHARACTERS
from app.text import one_line

# Letters and marks that draw nothing: what Unicode calls default ignorable, and empty Braille.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)

KEY_CHARACTERS = 3 * NAME_CHARACTERS  # that Person.name_key has room for


class BadNameError(StagelightError):
    """A new account cannot have this name. None was made."""

    code = "bad_name"
    status = 422


class NameTakenError(BadNameError):
    """Somebody has this name, or one that looks the same."""

    code = "name_taken"

    def __init__(self, name: str) -> None:
        super().__init__(f"The name {name} is taken.", "Take another.")


def name_key(name: str) -> str:
    """What is the same for names that are: by Unicode's rules, whatever the case, as far as they
    are seen.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return " ".join(_UNSEEN.sub("", folded).split())


def check_name(session: Session, name: str, *, given: bool) -> None:
    """BadNameError unless a new account may have this name.

    `given`: by an admin, and not chosen by who joins. Only then it may be one that something from
    before there were accounts has, or from the console: that becomes this person's.
    """
    if not name:
        raise BadNameError("A name is missing.", f"Give it 1 to {NAME_CHARACTERS} characters.")
    if len(name) > NAME_CHARACTERS or len(name_key(name)) > KEY_CHARACTERS:
        raise BadNameError("The name is too long.", f"{NAME_CHARACTERS} characters are the most.")
    if one_line(name) != name or not name_key(name):
        raise BadNameError(
            "The name has characters that cannot be seen, or spaces too many.",
            "Write it on one line, with no space before or after it.",
        )
    if (
        session.scalar(select(col(Person.id)).where(col(Person.name_key) == name_key(name)))
        is not None
    ):
        raise NameTakenError(name)
    if not given and _is_of_old(session, name):
        raise BadNameError(
            f"Something from before there were accounts, or from the console, is by {name}.",
            "If that is you, ask an admin for an invite that names you; else take another name.",
        )


def _is_of_old(session: Session, name: str) -> bool:
    """Whether something is by this name, which no account has."""
    names = (Run.owner, Share.created_by, Comment.author, SavedFilter.owner, Audit.actor)
    return bool(session.scalar(select(or_(*(exists().where(col(one) == name) for one in names)))))

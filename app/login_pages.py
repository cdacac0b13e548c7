"""What the pages of logging in are given, and where they lead."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from app.models import Invite, PersonRole
from app.models.person import NAME_CHARACTERS
from app.pages import ErrorPage, Problem
from app.rights import LOGIN
from app.services.invites import INVITE
from app.services.passwords import MIN_CHARACTERS
from app.templating import Page

ROLE_WORDS = {
    PersonRole.VIEWER: "see everything that the team has",
    PersonRole.MEMBER: "upload, run, review and share",
    PersonRole.ADMIN: "do everything, and decide what others may do",
}

# A path of this server, as it stands in an address. What begins with two slashes, or with one and
# a backslash, browsers take for another server's.
_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]{0,2000}")


def own_path(text: str) -> str:
    """Where to go after a login: a page of this server, else the first one."""
    path = re.split(r"[?#]", text, maxsplit=1)[0]
    ours = _PATH.fullmatch(text) and path != LOGIN and not path.startswith(f"{LOGIN}/")
    return text if ours else "/"


@dataclass(frozen=True)
class EntryPage(Page):
    """A page for who is not logged in: no way leads on into the application."""

    sheets: ClassVar[tuple[str, ...]] = ("tokens", "base", "layout", "buttons", "form", "entry")


@dataclass(frozen=True)
class LoginPage(EntryPage):
    """The form to log in."""

    template: ClassVar[str] = "login.html"
    back: str  # where it leads
    name: str = ""
    oidc: str = ""  # the provider that people can log in with, too; empty: none
    problem: Problem | None = None


@dataclass(frozen=True)
class LoginNeededPage(ErrorPage):
    """What a page or a form is told whose login has ended: the browser keeps what was written."""

    template: ClassVar[str] = "login_needed.html"
    login: str  # where to log in and come back
    shown: str  # the page that asks for a part of it; empty: a form that led here


@dataclass(frozen=True)
class LeavePage(EntryPage):
    """The way to the provider that people log in with."""

    template: ClassVar[str] = "leave.html"
    oidc: str
    url: str


@dataclass(frozen=True)
class InvitePage(EntryPage):
    """The form that makes an account, or sets a password."""

    template: ClassVar[str] = "invite.html"
    address: str
    reset: bool  # of a person who is there
    named: bool  # the name is given
    name: str
    may: str  # what the account may do, in words
    expires_at: datetime
    oidc: str = ""  # the provider that the account can be made with instead of a password
    problem: Problem | None = None

    characters: ClassVar[int] = MIN_CHARACTERS
    name_characters: ClassVar[int] = NAME_CHARACTERS

    @classmethod
    def of(
        cls,
        invite: Invite,
        address: str,
        oidc: str,
        name: str = "",
        problem: Problem | None = None,
    ) -> "InvitePage":
        """The page of an invite; `name` as it was entered."""
        return cls(
            address=address,
            reset=invite.person_id is not None,
            named=bool(invite.name),
            name=invite.name or name,
            may=ROLE_WORDS[invite.role],
            expires_at=invite.expires_at,
            oidc="" if invite.person_id is not None else oidc,
            problem=problem,
        )

    @property
    def token(self) -> str:
        """What is shown to the provider's way in, so that it opens to who has none yet."""
        return self.address.removeprefix(INVITE)

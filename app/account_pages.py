"""What the page of one's own account is given."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from app.models import Scope
from app.pages import Problem
from app.services.accounts import AccountView
from app.services.api_tokens import DAYS, MAX_DAYS, NAME_CHARACTERS, TokenView
from app.services.passwords import MIN_CHARACTERS
from app.services.sessions import SessionView
from app.templating import Page
from app.usage_pages import UsageCard

# What a token is for, in words.
SCOPES = {
    Scope.READ: "read",
    Scope.WRITE: "read, upload, run, review and share",
    Scope.ADMIN: "all that an admin may",
}


@dataclass(frozen=True)
class NewToken:
    """A token that was just made, shown this once."""

    text: str
    name: str
    expires_at: datetime


@dataclass(frozen=True)
class TokenForm:
    """What the form holds, as it was written."""

    name: str = ""
    scope: str = ""
    days: str = str(DAYS)


@dataclass(frozen=True)
class AccountPage(Page):
    """One's own account: sessions, password, API tokens, quotas."""

    template: ClassVar[str] = "account.html"
    account: AccountView
    sessions: tuple[SessionView, ...]
    tokens: tuple[TokenView, ...]
    scopes: tuple[Scope, ...]  # that a token may have
    form: TokenForm
    usage: UsageCard
    made: NewToken | None = None
    token_problem: Problem | None = None
    password_problem: Problem | None = None
    changed: bool = False  # the password, just now

    words: ClassVar[dict[Scope, str]] = SCOPES
    max_days: ClassVar[int] = MAX_DAYS
    name_characters: ClassVar[int] = NAME_CHARACTERS
    min_characters: ClassVar[int] = MIN_CHARACTERS

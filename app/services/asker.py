"""Who asks, and what they may do."""

from dataclasses import dataclass
from enum import StrEnum

from app.models.api_token import Scope
from app.models.person import PersonRole

_ROLES = tuple(PersonRole)


class Right(StrEnum):
    """What a request needs."""

    PUBLIC = "public"  # nothing
    READ = "read"  # to see what the team has
    WRITE = "write"  # to upload, run, review and share
    ADMIN = "admin"  # to change what others may
    ACCOUNT = "account"  # to be a person with a login: their own account


class Via(StrEnum):
    """How it is known who asks."""

    LOCAL = "local"  # there are no accounts: whoever reaches this machine's loopback
    LOGIN = "login"  # a session's cookie
    TOKEN = "token"  # noqa: S105 - an API token
    CONSOLE = "console"  # a command on the server itself
    NOBODY = "nobody"  # it is not


# The role that each right needs.
_NEEDS = {
    Right.READ: PersonRole.VIEWER,
    Right.WRITE: PersonRole.MEMBER,
    Right.ADMIN: PersonRole.ADMIN,
}
# The rights that a token of each scope can have at all.
_SCOPES = {
    Scope.READ: {Right.READ},
    Scope.WRITE: {Right.READ, Right.WRITE},
    Scope.ADMIN: {Right.READ, Right.WRITE, Right.ADMIN},
}


@dataclass(frozen=True)
class Asker:
    """Who a request comes from. `name` is what runs, shares and the audit log call them."""

    name: str
    role: PersonRole | None  # null: nobody is logged in
    via: Via
    person_id: int | None = None  # null where there are no accounts
    login_id: int | None = None  # the session it came with
    token_id: int | None = None  # the API token it came with
    scope: Scope | None = None  # of that token
    address: str = ""  # the network address

    def may(self, right: Right) -> bool:
        """Whether they have it at all; whether it is their own run is another question."""
        if right is Right.PUBLIC:
            return True
        if self.role is None:
            return False
        if right is Right.ACCOUNT:
            return self.via is Via.LOGIN
        if self.scope is not None and right not in _SCOPES[self.scope]:
            return False
        return _ROLES.index(self.role) >= _ROLES.index(_NEEDS[right])

    @property
    def may_write(self) -> bool:
        """Whether pages show what changes something."""
        return self.may(Right.WRITE)

    @property
    def is_admin(self) -> bool:
        """Whether pages show what only an admin may."""
        return self.may(Right.ADMIN)

    def owns(self, owner: str) -> bool:
        """Whether what `owner` made is theirs to change: their own, and to an admin all."""
        return self.may(Right.WRITE) and (self.is_admin or owner == self.name)

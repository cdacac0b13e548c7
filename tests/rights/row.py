"""A row of the matrix: a route, a request to it that does something, and who may send it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tests.share_support import FINGERPRINT


class Cast(StrEnum):
    """Who tries. All but the first two have an account and are logged in."""

    NOBODY = "nobody"
    LINK = "link"  # has a shared link, and tries its token wherever one can be sent
    VIEWER = "viewer"
    OWNER = "owner"  # a member, whose are the runs, links and filters that rows name
    MEMBER = "member"  # another one
    ADMIN = "admin"


# Who may; the others see what is there for who may not.
PUBLIC = frozenset(Cast)
READ = ACCOUNT = PUBLIC - {Cast.NOBODY, Cast.LINK}
WRITE = READ - {Cast.VIEWER}
OWN = frozenset({Cast.OWNER, Cast.ADMIN})
ADMIN = frozenset({Cast.ADMIN})

LOGIN_PAGE = "the login page"
SAFE = ("GET", "HEAD")

LINK_TOKEN = "a-link-" + "x" * 25  # of share 1
PROGRAM_TOKEN = "program-" + "x" * 24  # of an admin's program

# What stands in a path for its parameters, and what for one that there is not.
NAMES = {
    **dict.fromkeys(("run_id", "graph_id", "share_id", "position"), "1"),
    **dict.fromkeys(("comment_id", "token_id", "invite_id", "webhook_id", "delivery_id"), "1"),
    **dict.fromkeys(("person_id", "session_id"), "2"),
    "n": "5",
    "fingerprint": FINGERPRINT,
    "slug": "mine",
    "token": LINK_TOKEN,
    "kind": "run",
    "what": "1",
    "form": "json",
    "format": "json",
    "rest": "nothing/here",
}
MISSING = {
    **dict.fromkeys(("run_id", "graph_id", "share_id", "position", "n", "comment_id"), "9"),
    **dict.fromkeys(("token_id", "invite_id", "webhook_id", "delivery_id"), "9"),
    **dict.fromkeys(("person_id", "session_id"), "9"),
    "fingerprint": "v1:ffffffffffffffff",
    "slug": "none",
    "what": "9",
}


@dataclass(frozen=True)
class Row:
    """`status` is what who may gets; `but`: what some get instead."""

    method: str
    path: str  # as the application declares it
    may: frozenset[Cast]
    status: int = 200
    at: Mapping[str, str] = field(default_factory=dict)  # over NAMES
    query: str = ""
    json: Any = None
    form: Mapping[str, str] | None = None
    script: bytes | None = None  # an uploaded file
    but: Mapping[Cast, int | str] = field(default_factory=dict)
    seen: tuple[str, ...] = ()  # what of its path all may see, who may not do this too

    @property
    def name(self) -> str:
        """What a failing test calls it."""
        return f"{self.method} {self.url}"

    @property
    def url(self) -> str:
        """The address of the request."""
        return self.filled({**NAMES, **self.at})

    @property
    def missing(self) -> str:
        """The same address of what there is not."""
        kept = {name: NAMES[name] for name in self.seen}
        return self.filled({**NAMES, **self.at, **MISSING, **kept})

    def filled(self, names: Mapping[str, str]) -> str:
        """The address with these names in its path."""
        path = re.sub(r"\{(\w+)(?::path)?\}", lambda found: names[found[1]], self.path)
        return f"{path}?{self.query}" if self.query else path

    @property
    def safe(self) -> bool:
        """Whether it only reads."""
        return self.method in SAFE

    @property
    def body(self) -> dict[str, Any]:
        """What a client is given beside method and address."""
        given: dict[str, Any] = {}
        if self.json is not None:
            given["json"] = self.json
        if self.form is not None:
            given["data"] = dict(self.form)
        if self.script is not None:
            given["files"] = {"script": ("model.py", self.script)}
        return given

    def expected(self, who: Cast) -> int | str:
        """The status that `who` gets, or that they are sent to the login page."""
        if who in self.but:
            return self.but[who]
        if who in self.may:
            return self.status
        if who not in READ:
            return LOGIN_PAGE if self.safe and not self._is_json else 401
        return 404

    def does_something(self, who: Cast) -> bool:
        """Whether it changes anything when `who` sends it."""
        expected = self.expected(who)
        done = isinstance(expected, str) or expected < 400
        return not self.safe and who in self.may and done

    @property
    def _is_json(self) -> bool:
        return self.path.startswith(("/api/", "/metrics", "/openapi.json"))

"""Login with OpenID Connect: the one provider that the settings name, and what it says of somebody.

Who somebody is there is the pair of issuer and subject, never an address of e-mail: those change
hands, and a provider need not have checked them.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any

from app.errors import StagelightError
from app.services.tokens import new_token
from app.settings import Settings
from app.text import one_line

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

    from app.services.oidc_token import Expected
    from app.services.oidc_wire import Client, Discovery

KEPT_SECONDS = 3600  # what the provider says of itself, and its keys
TURNS = 8  # logins that talk to it at once: a slow one must not take all threads of the pages
WORDS_CHARACTERS = 300  # of what the provider says went wrong

log = logging.getLogger(__name__)


class OidcError(StagelightError):
    """A login at the provider came to nothing: nobody is logged in."""

    code = "oidc_failed"
    status = 403


class ProviderDownError(OidcError):
    """The provider does not answer, or not as one."""

    code = "oidc_down"
    status = 502

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The login with {name} does not work: there is no answer that can be used.",
            "Try again in a minute, or log in with a password. The server's log has the cause.",
        )


class BusyError(OidcError):
    """Too many log in at once."""

    code = "oidc_busy"
    status = 503

    def __init__(self) -> None:
        super().__init__("Many people are logging in at this moment.", "Try again in a minute.")


class NotBelievedError(OidcError):
    """What the provider says of somebody does not hold."""

    code = "oidc_not_believed"
    status = 502

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The login with {name} failed: what came back does not hold.",
            "Begin again. The server's log has the cause.",
        )


class SaidNoError(OidcError):
    """The provider sent somebody back without a login. In its own words, which are only words."""

    code = "oidc_said_no"

    def __init__(self, name: str, words: str) -> None:
        super().__init__(
            f"The login with {name} failed. It says: {one_line(words)[:WORDS_CHARACTERS]}",
            "Begin again, or ask whoever runs it.",
        )


@dataclass(frozen=True)
class Start:
    """A login that begins: where to send the browser, and what to remember until it is back."""

    url: str
    state: str
    nonce: str
    code_verifier: str


@dataclass(frozen=True)
class Return:
    """What a browser brings back, and what was remembered of it."""

    redirect_uri: str
    code: str
    error: str  # why there is no code, in the provider's words
    issuer: str  # as the provider names itself there; empty if it does not
    nonce: str
    code_verifier: str


@dataclass(frozen=True)
class Identity:
    """Who somebody is at the provider. `name` is what they are called there, if it says so."""

    issuer: str
    subject: str
    name: str


class Provider:
    """The provider. What it says of itself is asked for at the first login, and kept.

    Authlib and joserfc take a tenth of a second to import, so they are where somebody logs in.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._turns = BoundedSemaphore(TURNS)
        self._found: tuple[float, Discovery] | None = None  # with when it was read
        self._keys: tuple[float, KeySet] | None = None

    def start(self, redirect_uri: str) -> Start:
        """A new login."""
        state, nonce = new_token(), new_token()
        verifier = new_token() + new_token()  # 43 characters at least, says RFC 7636
        with self._turn() as client:
            url = client.login_url(
                self._discovery(client), redirect_uri, state=state, nonce=nonce, verifier=verifier
            )
        return Start(url, state, nonce, verifier)

    def finish(self, back: Return) -> Identity:
        """Who came back."""
        from app.services.oidc_token import Expected, NotHeldError, name_in

        with self._turn() as client:
            found = self._discovery(client)
            if back.issuer not in ((found.issuer,) if found.names_itself else ("", found.issuer)):
                raise NotHeldError(f"another provider answered: {back.issuer!r}")
            if back.error or not back.code:
                raise SaidNoError(self._settings.oidc_name, back.error or "nothing")
            tokens = client.redeem(found, back.redirect_uri, back.code, back.code_verifier)
            expected = Expected(found.issuer, client.id, back.nonce, tokens.access_token)
            claims = self._claims(client, tokens.id_token, expected)
            name = name_in(claims) or name_in(
                client.userinfo(found, claims["sub"], tokens.access_token)
            )
        return Identity(found.issuer, claims["sub"], name)

    def _claims(self, client: "Client", id_token: str, expected: "Expected") -> dict[str, Any]:
        from app.services.oidc_token import UnknownKeyError, check_id_token

        try:
            return check_id_token(id_token, self._key_set(client), expected)
        except UnknownKeyError:
            self._keys = None  # the provider may have made a new one since
            return check_id_token(id_token, self._key_set(client), expected)

    def _discovery(self, client: "Client") -> "Discovery":
        if self._found is None or time.monotonic() - self._found[0] > KEPT_SECONDS:
            self._found = time.monotonic(), client.discover(self._settings.oidc_issuer)
        return self._found[1]

    def _key_set(self, client: "Client") -> "KeySet":
        kept = self._keys
        if kept is None or time.monotonic() - kept[0] > KEPT_SECONDS:
            kept = self._keys = time.monotonic(), client.key_set(self._discovery(client))
        return kept[1]

    @contextmanager
    def _turn(self) -> Iterator["Client"]:
        """A conversation. What is wrong with an answer goes to the log, not to who logs in."""
        from app.services.oidc_token import NotHeldError
        from app.services.oidc_wire import UNUSABLE, Client

        if not self._turns.acquire(blocking=False):
            raise BusyError
        try:
            with Client(self._settings) as client:
                yield client
        except NotHeldError as error:
            log.warning("What the OpenID Connect provider sent does not hold: %r", str(error))
            raise NotBelievedError(self._settings.oidc_name) from error
        except UNUSABLE as error:
            log.warning("The OpenID Connect provider cannot be asked: %r", str(error))
            raise ProviderDownError(self._settings.oidc_name) from error
        finally:
            self._turns.release()

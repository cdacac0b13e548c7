"""What is said to the OpenID Connect provider, and how much of its answers is read."""

import re
import time
from functools import cache
from ssl import SSLContext
from types import TracebackType
from typing import Annotated, Any, Self

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import AfterValidator, BaseModel, Field

from app.services.oidc_token import NotHeldError
from app.settings import Settings, is_sealed

SECONDS = 5.0  # for each step of an answer, and again for all of its body
ANSWER_BYTES = 512 * 2**10  # of a body; what providers say takes a twentieth
SCOPE = "openid profile"

# What goes wrong where nobody answers, or with what is not OpenID Connect.
UNUSABLE = (
    *(httpx2.HTTPError, httpx2.InvalidURL, AuthlibBaseError, JoseError),
    *(ValueError, TypeError, LookupError, OverflowError, RecursionError),
)

_ADDRESS = re.compile(r"[!-~]+")  # it is put into a header


@cache
def _trusted() -> SSLContext:
    """The certificates of the system: reading them takes longer than a login."""
    return httpx2.create_ssl_context()


def _check_sealed(url: str) -> str:
    if not is_sealed(url) or not _ADDRESS.fullmatch(url):
        raise ValueError("an endpoint is no https address")
    return url


_Endpoint = Annotated[str, AfterValidator(_check_sealed)]


class Discovery(BaseModel):
    """What a provider says of itself (OpenID Connect Discovery 1.0), as far as it is needed."""

    issuer: str
    authorization_endpoint: _Endpoint
    token_endpoint: _Endpoint
    jwks_uri: _Endpoint
    userinfo_endpoint: _Endpoint | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    # Whether it names itself when it sends a browser back (RFC 9207).
    names_itself: bool = Field(False, alias="authorization_response_iss_parameter_supported")


class Tokens(BaseModel):
    """What a code is exchanged for, as far as it is needed."""

    id_token: str
    access_token: str


class Client:
    """One conversation with the provider, as the client that the settings name."""

    def __init__(self, settings: Settings) -> None:
        self.id = settings.oidc_client_id
        secret = settings.oidc_client_secret
        self._secret = secret.get_secret_value() if secret else None
        self._http = OAuth2Client(
            self.id,
            self._secret,
            scope=SCOPE,
            code_challenge_method="S256",
            transport=_Bounded(verify=_trusted()),
            timeout=SECONDS,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def discover(self, issuer: str) -> Discovery:
        """What the provider says of itself. Under another name it is another provider."""
        url = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
        found = Discovery.model_validate(self._get(url))
        if found.issuer != issuer:
            raise ValueError(f"it calls itself {found.issuer!r}, STAGELIGHT_OIDC_ISSUER {issuer!r}")
        return found

    def key_set(self, found: Discovery) -> KeySet:
        """The keys that it signs with."""
        keys = self._get(found.jwks_uri)["keys"]
        signing = [key for key in keys if key.get("use") != "enc"]
        return KeySet.import_key_set({"keys": signing})

    def login_url(
        self, found: Discovery, redirect_uri: str, *, state: str, nonce: str, verifier: str
    ) -> str:
        """Where a browser goes to log in."""
        url, _ = self._http.create_authorization_url(
            found.authorization_endpoint,
            state=state,
            code_verifier=verifier,
            redirect_uri=redirect_uri,
            nonce=nonce,
        )
        assert isinstance(url, str)
        return url

    def redeem(self, found: Discovery, redirect_uri: str, code: str, verifier: str) -> Tokens:
        """The tokens that a code stands for."""
        self._http.token_endpoint_auth_method = self._method(found)
        return Tokens.model_validate(
            self._http.fetch_token(
                found.token_endpoint,
                grant_type="authorization_code",
                code=code,
                redirect_uri=redirect_uri,
                code_verifier=verifier,
            )
        )

    def userinfo(self, found: Discovery, subject: str, access_token: str) -> dict[str, Any]:
        """What else it says of somebody: many leave names out of the ID token. {} if nothing."""
        if found.userinfo_endpoint is None:
            return {}
        claims = self._get(found.userinfo_endpoint, Authorization=f"Bearer {access_token}")
        if claims["sub"] != subject:
            raise NotHeldError("the userinfo is somebody else's")
        return claims

    def _method(self, found: Discovery) -> str:
        """How it is shown that this is the client: in the header, unless only the body will do."""
        known = found.token_endpoint_auth_methods_supported
        if self._secret is None:
            return "none"
        in_body = "client_secret_basic" not in known and "client_secret_post" in known
        return "client_secret_post" if in_body else "client_secret_basic"

    def _get(self, url: str, **headers: str) -> dict[str, Any]:
        """A JSON object."""
        answer = self._http.request("GET", url, withhold_token=True, headers=headers)
        answer.raise_for_status()  # a redirect is none either: nobody else is asked
        found = answer.json()
        if not isinstance(found, dict):
            raise ValueError(f"{url} answers with no JSON object")
        return found


class _Bounded(httpx2.HTTPTransport):
    """Reads of each answer no more than anybody needs, for no longer than anybody waits."""

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send it; the answer is read."""
        request.headers["Accept-Encoding"] = "identity"  # nothing that unpacks to more
        answer = super().handle_request(request)
        try:
            body = _read(answer)
        finally:
            answer.close()
        # Its encoding is left out: what is packed all the same is no JSON.
        kind = {"Content-Type": answer.headers.get("Content-Type", "")}
        return httpx2.Response(answer.status_code, headers=kind, content=body)


def _read(answer: httpx2.Response) -> bytes:
    body, until = b"", time.monotonic() + SECONDS
    for part in answer.iter_raw():
        body += part
        if len(body) > ANSWER_BYTES:
            raise httpx2.ReadError(f"an answer of more than {ANSWER_BYTES} bytes")
        if time.monotonic() > until:
            raise httpx2.ReadTimeout(f"an answer that took more than {SECONDS:g} s")
    return body

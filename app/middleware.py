"""What every request passes: whether it may come in at all, and the headers of every answer."""

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import StagelightError
from app.problems import answer
from app.rights import SAFE_METHODS
from app.services.invites import INVITE
from app.settings import Settings
from app.share_pages import SHARED

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "object-src 'none'",
    )
)

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Permissions-Policy": ", ".join(
        f"{feature}=()"
        for feature in (
            *("camera", "display-capture", "geolocation", "hid", "microphone", "midi"),
            *("payment", "publickey-credentials-get", "serial", "usb"),
        )
    ),
}

# What is opened by a link alone: nobody indexes it, keeps it or is told of its address.
SHARED_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}
# The same for an invite, but that its form says to this server where it comes from: without a
# referrer its origin would be null, which the doorkeeper turns away.
INVITE_HEADERS = {**SHARED_HEADERS, "Referrer-Policy": "same-origin"}
# By how a path begins.
_HEADERS_OF = {
    SHARED: SHARED_HEADERS,
    INVITE: INVITE_HEADERS,
}

_BEARER = "bearer "


class CrossSiteError(StagelightError):
    """Another site sent this request from somebody's browser."""

    code = "cross_site"
    status = 403


class UnknownHostError(StagelightError):
    """The request names a host that this server is not."""

    code = "unknown_host"
    status = 421


class SecurityHeaders:
    """Puts the security headers on every answer; pages are asked for again, assets kept.

    With accounts no browser keeps a page: after a logout its back button shows the login.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.pages = "no-store" if settings.accounts else "no-cache"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                for path, more in _HEADERS_OF.items():
                    if scope["path"].startswith(path):
                        headers.update(more)
                headers.setdefault("Cache-Control", self._cache_control(scope, message["status"]))
            await send(message)

        await self.app(scope, receive, send_with_headers)

    def _cache_control(self, scope: Scope, status: int) -> str:
        """An asset whose address has its content's hash never changes; all else may."""
        if not scope["path"].startswith("/static/"):
            return self.pages
        is_named = b"v=" in scope["query_string"] and status == 200
        return "public, max-age=31536000, immutable" if is_named else "no-cache"


class Doorkeeper:
    """Turns away what another site made a browser send.

    Without accounts a page anywhere on the web could otherwise post a script to it, and with them
    use a login's cookie; by DNS rebinding even as if from the same origin, which the Host check
    ends. With accounts a request that does not say where it comes from, as programs' do not, needs
    a token: no other site's page can send one.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.hosts = settings.hosts
        self.accounts = settings.accounts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it with why not."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        error = self.refuse(scope["method"], Headers(scope=scope))
        if error is None:
            await self.app(scope, receive, send)
            return
        await answer(Request(scope), error)(scope, receive, send)

    def refuse(self, method: str, headers: Headers) -> StagelightError | None:
        """Why this request is turned away, if it is."""
        host = headers.get("host", "")
        if host_of(headers) not in self.hosts:
            return UnknownHostError(
                f"This server is not {host[:80]!r}.",
                "Use the address that it printed at its start.",
            )
        if method not in SAFE_METHODS and _is_cross_site(headers, host):
            return CrossSiteError(
                "The request came from another site.", "Use Stagelight's own pages or its API."
            )
        if self.accounts and method not in SAFE_METHODS and _says_nothing(headers):
            return CrossSiteError(
                "The request does not say which site it comes from.",
                "A program needs an API token: Authorization: Bearer stl_…",
            )
        return None


class CatchAll:
    """Answers what nobody handled in the one shape of errors, then raises it for the server's log.

    Starlette's own handler sits outside of all middleware: its answers would lack the headers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        started = False

        async def send_and_see(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, send_and_see)
        except Exception as error:
            if scope["type"] == "http" and not started:
                await answer(Request(scope), error)(scope, receive, send)
            raise


def host_of(headers: Headers) -> str:
    """The host that a request names, without its port."""
    return re.sub(r":\d+$", "", headers.get("host", "")).lower()


def bearer_of(headers: Headers) -> str | None:
    """The API token that a request shows; None if it shows none."""
    text = headers.get("authorization", "")
    return text[len(_BEARER) :].strip() if text.lower().startswith(_BEARER) else None


def _says_nothing(headers: Headers) -> bool:
    """Whether neither a browser nor a token says where the request comes from."""
    told = "sec-fetch-site" in headers or "origin" in headers
    return not told and bearer_of(headers) is None


def _is_cross_site(headers: Headers, host: str) -> bool:
    """Whether a browser says that another origin made the request. Others say nothing."""
    site = headers.get("sec-fetch-site", "none")
    origin = headers.get("origin", "")
    return site not in ("none", "same-origin") or (
        bool(origin) and origin.partition("://")[2].lower() != host.lower()
    )

"""The address under which others reach this server, and whether there are any others."""

import ipaddress

from starlette.requests import Request

from app.settings import Settings
from app.share_pages import SHARED


def share_url(request: Request, settings: Settings, token: str) -> str:
    """The link with this token: at the public address, else where the request came to."""
    base = settings.public_url or str(request.base_url).rstrip("/")
    return f"{base}{SHARED}{token}"


def only_here(request: Request, settings: Settings) -> bool:
    """Whether a link can be opened on this machine alone."""
    return not settings.public_url and is_loopback(request.url.hostname or "")


def is_loopback(host: str) -> bool:
    """Whether an address can be reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_every(host: str) -> bool:
    """Whether an address stands for all of this machine's, as 0.0.0.0 does."""
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False

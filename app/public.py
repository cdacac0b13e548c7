"""The address under which others reach this server, and whether there are any others."""

import ipaddress

from starlette.requests import Request

from app.settings import Settings
from app.share_pages import SHARED


def base_url(request: Request, settings: Settings) -> str:
    """What links begin with: the public address, else where the request came to."""
    return settings.public_url or str(request.base_url).rstrip("/")


def share_url(request: Request, settings: Settings, token: str) -> str:
    """The link with this token."""
    return f"{base_url(request, settings)}{SHARED}{token}"


def served_at(settings: Settings, port: int) -> str:
    """What links begin with where there is no request: the public address, else the own one."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return settings.public_url or f"http://{host}:{port}"


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

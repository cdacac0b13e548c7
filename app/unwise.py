"""Settings in force that put somebody at risk: each with what it means and what to do."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from app.public import is_loopback
from app.services.in_force import PREFIX, Warned
from app.settings import Settings


@dataclass(frozen=True)
class _Rule:
    field: str
    holds: Callable[[Settings], bool]
    message: str
    hint: str


def _is_public(settings: Settings) -> bool:
    """Whether others are told an address of this server."""
    host = urlsplit(settings.public_url).hostname
    return bool(host) and not is_loopback(host or "")


_RULES = (
    _Rule(
        "sandbox",
        lambda settings: settings.sandbox == "off",
        "Every script that is uploaded runs with all the rights of the worker.",
        "Leave it at auto: it takes the best that the host can give.",
    ),
    _Rule(
        "sandbox",
        lambda settings: settings.sandbox == "reduced",
        "Scripts get the weakest sandbox there is, even where the host could give a better one.",
        "Leave it at auto: it takes the best that the host can give.",
    ),
    _Rule(
        "public_url",
        lambda settings: settings.accounts and _is_public(settings) and not settings.is_https,
        "Passwords, sessions and API tokens cross the network in clear.",
        "Put a proxy with TLS in front of it, and give the address as https://…",
    ),
    _Rule(
        "accounts",
        lambda settings: not settings.accounts and _is_public(settings),
        "Others are told an address of this server, but only who reaches its loopback can use it, "
        "and may do everything.",
        "Set it to true: people then have accounts, and each may do what their role allows.",
    ),
    _Rule(
        "behind_loopback_proxy",
        lambda settings: settings.behind_loopback_proxy and not settings.accounts,
        "Whoever gets past the network in front of it may do everything.",
        "Be sure that it lets in this machine alone, or set STAGELIGHT_ACCOUNTS to true.",
    ),
    _Rule(
        "share_forever",
        lambda settings: settings.share_forever,
        "Links to reports may be made that open for ever.",
        "Leave it at false: a link then ends after 365 days at the latest.",
    ),
)


def warnings_of(settings: Settings) -> list[Warned]:
    """What is unwise, the worst first."""
    return [
        Warned(variable=f"{PREFIX}{rule.field.upper()}", message=rule.message, hint=rule.hint)
        for rule in _RULES
        if rule.holds(settings)
    ]

"""Where a webhook may lead: to public addresses, and to networks that the settings name.

A server that sends requests to any address makes its own network reachable to whoever may name one:
its loopback, its neighbours, the cloud's metadata. So the name of an address is looked up, and
every address that it stands for is checked. Whoever connects does so to what was checked: asked
again, a name may answer otherwise.
"""

import socket
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from app.errors import StagelightError
from app.models.webhook import URL_CHARACTERS
from app.settings import Network

LOOK_UP_SECONDS = 5.0  # when a webhook is made

Address = IPv4Address | IPv6Address
# Of a host and a port, and the seconds that it may take: the addresses, as text.
LookUp = Callable[[str, int, float], list[str]]

_PORTS = {"http": 80, "https": 443}
_NAT64 = ip_network("64:ff9b::/96")
_GLOBAL_UNICAST = ip_network("2000::/3")
# What Python 3.11 takes for global, or knows nothing of, but IANA's registries do not.
_SPECIAL = tuple(
    map(ip_network, ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2001:db8::/32", "3fff::/20"))
)


class WebhookUrlError(StagelightError):
    """A webhook may not lead there, or it leads nowhere. Nothing was sent."""

    code = "bad_webhook_url"
    status = 422


def check_url(url: str, networks: Sequence[Network], look_up: LookUp | None = None) -> None:
    """WebhookUrlError unless requests may be sent to this address, as far as is known now."""
    hint = "Write it as https://host/path; a port and a query may be in it."
    if not url.isascii() or not url.isprintable() or " " in url or len(url) > URL_CHARACTERS:
        raise WebhookUrlError(
            f"The address has other characters than one can have, or over {URL_CHARACTERS:,}.", hint
        )
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise WebhookUrlError("The address cannot be read.", hint) from None
    if parts.scheme not in _PORTS or not host or port == 0:
        raise WebhookUrlError("The address is none of http or https.", hint)
    if "@" in parts.netloc or "#" in url:
        raise WebhookUrlError(
            "The address has a user, a password or a fragment in it.",
            "Leave it out: that a request is ours shows its signature.",
        )
    port = port or _PORTS[parts.scheme]
    addresses_of(host, port, networks, LOOK_UP_SECONDS, look_up or ask_resolver)


def addresses_of(
    host: str, port: int, networks: Sequence[Network], seconds: float, look_up: LookUp
) -> list[str]:
    """The addresses of a host, each of which requests may be sent to; else WebhookUrlError."""
    try:
        found = look_up(host, port, seconds)
    except (OSError, UnicodeError) as error:  # a timeout is an OSError, too
        why = "in time" if isinstance(error, TimeoutError) else "by the server's resolver"
        raise WebhookUrlError(
            f"No address of {host} is found {why}.", "Look whether its name is right."
        ) from None
    for address in found:
        if not may_reach(address, networks):
            what = host if host == address else f"{host} is {address}, which"
            raise WebhookUrlError(
                f"{what} is no public address.",
                "Its network must be in STAGELIGHT_WEBHOOK_NETWORKS for webhooks to lead there.",
            )
    return found


def may_reach(address: str, networks: Sequence[Network]) -> bool:
    """Whether requests may be sent to an address, and to all that it leads on to."""
    one = ip_address(address.partition("%")[0])
    return _in_one(one, networks) or all(
        _in_one(end, networks) or _is_public(end) for end in _ends(one)
    )


def ask_resolver(host: str, port: int, seconds: float) -> list[str]:
    """What the system's resolver says. It knows no timeout: a thread that waits for it for longer
    is left to itself.
    """
    found: Future[list[str]] = Future()

    def ask() -> None:
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            found.set_exception(error)
        else:
            found.set_result(list(dict.fromkeys(str(address[0]) for *_, address in answers)))

    threading.Thread(target=ask, name="resolver", daemon=True).start()
    return found.result(seconds)


def _ends(one: Address) -> tuple[Address, ...]:
    """Where a packet to this address may come out: at the IPv4 addresses that it holds, if any."""
    if isinstance(one, IPv4Address):
        return (one,)
    if one in _NAT64:
        return (IPv4Address(one.packed[-4:]),)
    return one.teredo or tuple(filter(None, (one.ipv4_mapped, one.sixtofour))) or (one,)


def _is_public(one: Address) -> bool:
    ordinary = isinstance(one, IPv4Address) or one in _GLOBAL_UNICAST
    special = one.is_multicast or one.is_reserved or _in_one(one, _SPECIAL)
    return one.is_global and ordinary and not special


def _in_one(one: Address, networks: Sequence[Network]) -> bool:
    return any(one in network for network in networks)

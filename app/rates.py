"""How often something may be done, counted in this process: logins, uploads, links."""

import ipaddress
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from threading import Lock

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from app.errors import NotFoundError, StagelightError
from app.settings import Settings


class Rate(StrEnum):
    """What is counted, each by the setting of its name and by whom."""

    LOGIN = "login"  # attempts, by network address and by the name that was tried
    UPLOAD = "upload"  # scripts, by person
    SHARE = "share"  # links made, by person
    GUESS = "guess"  # links and invites opened that there are not, by network address


class TooOftenError(StagelightError):
    """It was done too often. Nothing was done."""

    code = "too_often"
    status = 429

    def __init__(self, what: str, seconds: int) -> None:
        super().__init__(f"Too many {what} in a short time.", f"Try again in {seconds} s.")
        self.headers = {"Retry-After": str(seconds)}


_WORDS = {
    Rate.LOGIN: "attempts to log in",
    Rate.UPLOAD: "uploads",
    Rate.SHARE: "links",
    Rate.GUESS: "links that do not open",
}


class Counts(MemoryStorage):
    """That of limits, but that it forgets whom it counted, too: anybody may make up names."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = Lock()

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count one more; False where that is too many."""
        with self._lock:  # a list that is empty is about to be filled by nobody else
            for old in [name for name, entries in self.events.items() if not entries]:
                del self.events[old]
            return super().acquire_entry(key, limit, expiry, amount)


class Rates:
    """The counts of one web process. They begin anew with it."""

    def __init__(self, settings: Settings) -> None:
        self._limiter = MovingWindowRateLimiter(Counts())
        self._limits = {rate: parse(getattr(settings, f"{rate}_rate")) for rate in Rate}

    def take(self, rate: Rate, key: str) -> None:
        """Count one more; TooOftenError where that is too many."""
        if not self._limiter.hit(self._limits[rate], rate, key):
            raise self._error(rate, key)

    def check(self, rate: Rate, key: str) -> None:
        """TooOftenError where one more would be too many; counts nothing."""
        if not self._limiter.test(self._limits[rate], rate, key):
            raise self._error(rate, key)

    @contextmanager
    def guess(self, address: str) -> Iterator[None]:
        """Count what from this address looks for what there is not; TooOftenError, before it looks,
        where that was too much. What is found never counts.
        """
        key = network_of(address)
        self.check(Rate.GUESS, key)
        try:
            yield
        except NotFoundError:
            self.take(Rate.GUESS, key)
            raise

    def _error(self, rate: Rate, key: str) -> TooOftenError:
        opens = self._limiter.get_window_stats(self._limits[rate], rate, key).reset_time
        return TooOftenError(_WORDS[rate], max(1, math.ceil(opens - time.time())))


def network_of(address: str) -> str:
    """What is counted as one network address: of IPv6 a /64, which is one subscriber's."""
    try:
        read = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(read, ipaddress.IPv4Address):
        return str(read)
    if read.ipv4_mapped is not None:
        return str(read.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(read), 64), strict=False))

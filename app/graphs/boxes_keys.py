"""Keys of boxes: short, plain, one a box, whatever the names are that they come from. Pure."""

from hashlib import sha256
from typing import Generic, TypeVar
from urllib.parse import quote

LENGTH = 200  # characters of a key

Thing = TypeVar("Thing")


def plain(text: str) -> str:
    """`text` without what means something in a list of keys or at the end of one."""
    key = quote(text, safe=".@:*", errors="replace").replace("~", "%7E")
    if len(key) <= LENGTH:
        return key
    return f"{key[: LENGTH - 13]}-{sha256(text.encode(errors='replace')).hexdigest()[:12]}"


class Keys(Generic[Thing]):
    """Things by their keys."""

    def __init__(self) -> None:
        self.found: dict[str, Thing] = {}
        self._times: dict[str, int] = {}

    def put(self, text: str, thing: Thing) -> str:
        """Keep a thing; returns the key it got, which nothing else has."""
        first = key = plain(text)
        while key in self.found:
            self._times[first] = self._times.get(first, 1) + 1
            key = f"{first}@@{self._times[first]}"
        self.found[key] = thing
        return key

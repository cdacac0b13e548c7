"""Names that are one of their kind, also after the cap that the worker puts on them."""

from .emit import SHORT, cap


class Names:
    """Gives each text a name that none before it got: itself, or itself with a number."""

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}  # name → how many texts wanted it

    def give(self, wanted: object, limit: int = SHORT, prefix: str = "") -> str:
        """A name of at most `limit` characters.

        Args:
            wanted: the text.
            limit: counts without the prefix.
            prefix: stands before it where it has to be one of its kind; it is not given back.
        """
        text = cap(wanted, limit).replace("\0", "\ufffd")  # which the reader would make of it
        name = text
        while prefix + name in self._taken:
            self._taken[prefix + text] = number = self._taken.get(prefix + text, 1) + 1
            ending = f"~{number}"
            name = text[: limit - len(ending)] + ending
        self._taken[prefix + name] = 1
        return name

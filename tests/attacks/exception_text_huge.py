"""Raises an exception with 100 MB of text, notes and arguments."""


class HostileError(Exception):
    def __str__(self) -> str:
        return "x" * 100_000_000


error = HostileError("y" * 100_000_000)
error.add_note("<b>" * 30_000_000)
raise error

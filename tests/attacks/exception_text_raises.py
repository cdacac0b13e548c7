"""Raises an exception whose text, representation, notes and class raise again."""

from typing import Any


class HostileError(Exception):
    def __str__(self) -> str:
        raise self

    def __repr__(self) -> str:
        raise SystemExit(0)

    def __getattribute__(self, name: str) -> Any:
        raise KeyboardInterrupt(name)


raise HostileError

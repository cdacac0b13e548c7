"""What a person wants of a run, as the command line says it: upload, names, options. Pure."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.cli.exits import CommandError
from app.cli.upload import Upload


@dataclass(frozen=True)
class Wishes:
    """A run to be made. `options` are those of RunOptions that were given."""

    upload: Upload
    title: str = ""
    entry: str = ""
    runtime: str = ""
    tags: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)


def read_options(
    pairs: Iterable[str], strict: bool | None, arguments: Sequence[str]
) -> dict[str, Any]:
    """Options from `key=value` pairs; a value that is JSON is read as such, others are words."""
    options: dict[str, Any] = {}
    if strict is not None:
        options["strict"] = strict
    if arguments:
        options["argv"] = list(arguments)
    return options | {key: _read_value(value) for key, value in split_pairs(pairs, "--option")}


def split_pairs(pairs: Iterable[str], option: str) -> list[tuple[str, str]]:
    """`key=value` as pairs; CommandError says how to write them."""
    split = [pair.partition("=") for pair in pairs]
    for key, equals, _ in split:
        if not key or not equals:
            raise CommandError(
                f"{option} {key[:80]!r} has no value.", f"Write {option} name=value."
            )
    return [(key, value) for key, _, value in split]


def _read_value(text: str) -> Any:
    try:
        return json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        return text

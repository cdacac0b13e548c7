"""Which guards a constraint violation is about: the lines that fix what was asked to be dynamic.

torch names the dimensions and what its guards say of them, one complaint a line, never the line
of the user's code that made the guard.
"""

import re
from collections.abc import Collection, Iterator

from .torch_guards import Recorded, source_name

_DIMENSION = re.compile(r"L\['\w+'\][^\s,;]*?\.size\(\)\[\d+\]")
_CONSTANT = re.compile(r"speciali[sz]ed it to be a constant \((\d+)\)|specialized to (\d+)")
_SPECIALISED = re.compile(r"specialized it to be a constant|static by the user|specialized to")
_GENERATED = re.compile(r"satisfy the generated guard (.+?)\.?$")
_BOUND = ("LessThan", "GreaterThan", "StrictLessThan", "StrictGreaterThan")


def violated(
    message: str, recorded: list[Recorded], outside: Collection[tuple[str, int]]
) -> list[Recorded]:
    """The guards behind a violation, one for each line of the user's, in the order they were made.

    Args:
        message: what torch says.
        recorded: the guards of the export, in order.
        outside: lines that led to the export: a guard made there is torch's own.
    """
    made = [
        guard
        for guard in recorded
        if guard.frame and (guard.frame.path, guard.frame.line) not in outside
    ]
    said = [guard for complaint in message.split("\n  - ")[1:] for guard in _said(complaint, made)]
    found: dict[tuple[str, int], Recorded] = {}
    for guard in sorted(said, key=made.index) or made[:1]:
        assert guard.frame is not None
        found.setdefault((guard.frame.path, guard.frame.line), guard)
    return list(found.values())


def _said(complaint: str, made: list[Recorded]) -> Iterator[Recorded]:
    """The first guard that fits one complaint."""
    complaint = complaint.partition("\n")[0]
    named = {source_name(text) for text in _DIMENSION.findall(complaint)}
    about = [guard for guard in made if named & set(guard.sources.values())]
    fixing = [guard for guard in about if guard.fixes]
    if constant := _CONSTANT.search(complaint):
        number = int(constant[1] or constant[2])
        same = [guard for guard in made if guard.fixes and guard.fixes[1] == number]
        yield from (same or fixing or about)[:1]
        return
    if _SPECIALISED.search(complaint):
        yield from (fixing or about)[:1]
        return
    generated = _GENERATED.search(complaint)
    wanted = _plain(source_name(generated[1])) if generated else ""
    exact = [guard for guard in about if _plain(guard.meaning) == wanted]
    bounds = [guard for guard in about if type(guard.expression).__name__ in _BOUND]
    yield from (exact or (bounds if " and " in wanted else []) or about)[:1]


def _plain(expression: str) -> str:
    """An expression without what different printers put differently."""
    text = re.sub(r"Mod\((.+?), (.+?)\)", r"\1 % \2", expression)
    return re.sub(r"[()\s]", "", text).replace("and", " and ")

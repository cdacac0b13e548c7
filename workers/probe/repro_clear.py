"""The way to a cause cleared of what stops a script before it: such a question is answered."""

import ast
from collections.abc import Iterator

from .repro_reduce import applied
from .repro_source import READ_ERRORS, statement_at
from .repro_try import NAME, Cause, Tries

MOST_ANSWERS = 6  # on the way to one cause
_NUMBERS = ("1", "2")  # that may stand for one that export does not know


def cleared(text: str, wanted: Cause, tries: Tries, depth: int = 0) -> str | None:
    """A script that comes to the cause, made of one that stops before; None where none is found."""
    found = tries.findings(text)
    if any(wanted.is_of(one) for one in found):
        return text
    culprits = [one.culprit for one in found if one.culprit and one.culprit.file == NAME]
    if not culprits or depth >= MOST_ANSWERS:
        return None
    for answered in answers(text, culprits[0].line):
        further = tries.findings(answered)
        if any(wanted.is_of(one) for one in further):
            return answered
        ahead = [one.culprit for one in further if one.culprit and one.culprit.file == NAME]
        if ahead and ahead[0].text != culprits[0].text and further[0].category != "unknown":
            return cleared(answered, wanted, tries, depth + 1)
    return None


def answers(text: str, line: int) -> Iterator[str]:
    """Scripts in which the statement at a line asks nothing: answered either way, or left out."""
    try:
        one = statement_at(text, line)
    except READ_ERRORS:
        return
    if one is None:
        return
    pad = " " * one.node.col_offset
    if isinstance(one.node, ast.If | ast.While):
        word = "while" if isinstance(one.node, ast.While) else "if"
        word = "elif" if text.splitlines()[one.first - 1].lstrip().startswith("elif") else word
        last = one.node.body[0].lineno - 1
        for answer in ("False", "True") if last >= one.first else ():
            yield applied(text, [(one.first, last, [f"{pad}{word} {answer}:"])])
    elif isinstance(one.node, ast.Assign) and len(one.node.targets) == 1:
        target = ast.unparse(one.node.targets[0])
        for number in _NUMBERS:
            yield applied(text, [(one.first, one.last, [f"{pad}{target} = {number}"])])
    elif isinstance(one.node, ast.Return):
        for number in _NUMBERS:
            yield applied(text, [(one.first, one.last, [f"{pad}return {number}"])])
    else:
        yield applied(text, [(one.first, one.last, [f"{pad}pass"])])

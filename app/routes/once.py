"""Answers that hold what is told once: a link, a token, a secret."""

from typing import TypeVar

from fastapi import Response

AnyResponse = TypeVar("AnyResponse", bound=Response)


def told_once(answer: AnyResponse) -> AnyResponse:
    """The same, for no browser to keep: not for its way back either."""
    answer.headers["Cache-Control"] = "no-store"
    return answer

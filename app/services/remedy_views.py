"""Remedies as the API answers with them and pages show them."""

from typing import Any

from app.models import Category, RemedyKind, RemedyStatus, ReplayStatus
from app.services.view import View


class RemedyFailureView(View):
    """What stops a remedy: the failure of its trial, in short."""

    category: Category = Category.UNKNOWN
    exception: str = ""
    message: str = ""
    file: str | None = None
    line: int | None = None
    text: str = ""
    module: str | None = None
    expression: str | None = None


class RemedyView(View):
    """One fix and what came of trying it. `position` is the order in which a run's are tried.

    `blocker` is the position of the one that it is for, null where it is for the whole model.
    `parts` are the remedies that it stands on, or consists of. `patch` is the address of its diff,
    null where it changes no file. `compared` counts the sets of inputs on which the exported
    program was replayed.
    """

    position: int
    blocker: int | None
    name: str
    title: str
    kind: RemedyKind
    status: RemedyStatus
    reason: str
    seconds: float | None
    parts: list[int]
    options: dict[str, Any]
    patch: str | None
    failure: RemedyFailureView | None
    replay: ReplayStatus
    max_abs: float | str | None
    compared: int

"""What addresses of failures hold: fingerprints, filters and cursors, checked."""

from typing import Annotated

from fastapi import Path, Query
from pydantic import BeforeValidator

from app.models import Category, GroupState
from app.services.failure_groups import FailureFilters

Fingerprint = Annotated[str, Path(pattern=r"^v[0-9]{1,4}:[0-9a-f]{16}$")]
Before = Annotated[int | None, Query(ge=1, lt=2**63)]

_Blank = BeforeValidator(lambda text: text or None)  # a form sends every field

_CURSOR = r"^[1-9][0-9]{0,17}\.v[0-9]{1,4}:[0-9a-f]{16}$"


def read_filters(
    state: Annotated[GroupState | None, _Blank] = None,
    category: Annotated[Category | None, _Blank] = None,
    script: Annotated[str, Query(max_length=200, description="Its file name.")] = "",
    runtime: Annotated[str, Query(max_length=80)] = "",
    q: Annotated[
        str, Query(max_length=200, description="In the expression, the line or the message.")
    ] = "",
    back: Annotated[bool, Query(description="Only those that were fixed and are back.")] = False,
    cursor: Annotated[
        str | None, Query(pattern=_CURSOR, description="`next` of the page before.")
    ] = None,
) -> FailureFilters:
    """The filters of the address."""
    after = None
    if cursor is not None:
        run, _, fingerprint = cursor.partition(".")
        after = (int(run), fingerprint)
    return FailureFilters(
        state, category, _plain(script), _plain(runtime), _plain(q), back=back, after=after
    )


def _plain(text: str) -> str:
    """Without NUL, which no database text may hold, and spaces around it."""
    return text.replace("\0", "").strip()

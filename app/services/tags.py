"""Tags of runs: what one may look like, and the rows."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from sqlalchemy import delete, select
from sqlmodel import Session, col

from app.errors import StagelightError
from app.models import RunTag

TAG_CHARACTERS = 40
TAGS = 20  # of one run

_TAG = re.compile(rf"[\w./:-]{{1,{TAG_CHARACTERS}}}")


class TagError(StagelightError):
    """A tag cannot be one, or a run would have too many."""

    code = "bad_tag"
    status = 422


def read_tag(text: str) -> str:
    """A tag as it is kept; TagError says what one may look like."""
    tag = text.strip().lower()
    if not _TAG.fullmatch(tag) or not tag.isprintable():
        raise TagError(
            f"{text[:60]!r} cannot be a tag.",
            f"A tag has up to {TAG_CHARACTERS} letters, digits and . / : _ - without spaces.",
        )
    return tag


def read_tags(texts: Iterable[str]) -> tuple[str, ...]:
    """Tags in the order in which they were given, each once."""
    tags = tuple(dict.fromkeys(map(read_tag, texts)))
    if len(tags) > TAGS:
        raise TagError(f"A run may have {TAGS} tags; {len(tags)} were given.", "Leave some out.")
    return tags


def split_tags(text: str) -> tuple[str, ...]:
    """Tags that a person wrote in one field, with commas or spaces between them."""
    return read_tags(word for word in re.split(r"[\s,]+", text) if word)


def tags_of(session: Session, ids: Sequence[int]) -> dict[int, list[str]]:
    """Run id → its tags, sorted, of those that have any."""
    rows = session.execute(
        select(col(RunTag.run_id), col(RunTag.tag))
        .where(col(RunTag.run_id).in_(ids))
        .order_by(col(RunTag.tag))
    )
    found = defaultdict(list)
    for run_id, tag in rows:
        found[run_id].append(tag)
    return found


def set_tags(session: Session, run_id: int, tags: Iterable[str]) -> None:
    """Give a run these tags, which were read, and no others."""
    session.execute(delete(RunTag).where(col(RunTag.run_id) == run_id))
    session.add_all(RunTag(run_id=run_id, tag=tag) for tag in tags)

"""What people write at a run: its title, tags, note and star."""

from collections.abc import Iterable

from sqlmodel import Session

from app.errors import StagelightError
from app.models import Act, Run
from app.services.asker import Asker
from app.services.audit import record
from app.services.live import announce
from app.services.runs import clean_title
from app.services.search import index_run
from app.services.tags import read_tags, set_tags
from app.text import printable, unix_lines

NOTE_CHARACTERS = 4_000


class NoteError(StagelightError):
    """The note of a run is too long."""

    code = "bad_note"
    status = 422


def annotate(
    session: Session,
    run: Run,
    asker: Asker,
    *,
    title: str | None = None,
    tags: Iterable[str] | None = None,
    note: str | None = None,
    pin: bool | None = None,
) -> None:
    """Change what is given of a run, and leave the rest; an empty title is the file's name."""
    assert run.id is not None
    given = {"title": title, "tags": tags, "note": note, "pin": pin}
    fields = [field for field, value in given.items() if value is not None]
    if title is not None:
        run.title = clean_title(title) or run.filename
    if note is not None:
        run.note = clean_note(note)
    if pin is not None:
        run.pin = pin
    session.add(run)
    if tags is not None:
        set_tags(session, run.id, read_tags(tags))
    announce(session, run.id, "about")
    if any(field != "pin" for field in fields):  # nobody finds it by its star
        index_run(session, run.id)
    if fields:
        record(session, asker, Act.RUN_CHANGED, f"run {run.id}", fields=fields)


def clean_note(note: str) -> str:
    """A note without control characters but for its lines' ends; NoteError past the cap."""
    lines = unix_lines(note).replace("\t", "    ").split("\n")
    text = "\n".join(map(printable, lines)).strip()
    if len(text) > NOTE_CHARACTERS:
        raise NoteError(
            f"The note has {len(text):,} characters; it may have {NOTE_CHARACTERS:,}.",
            "Shorten it.",
        )
    return text

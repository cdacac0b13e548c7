"""The audit log is written here, in the transaction of what is done."""

from sqlmodel import Session

from app.models import Act, Audit
from app.services.asker import Asker
from app.text import one_line

SUBJECT_CHARACTERS = 200


def record(session: Session, asker: Asker, act: Act, subject: str = "", **detail: object) -> None:
    """Add that `asker` did this. `detail` is shown to admins: never a secret, nothing long."""
    session.add(
        Audit(
            actor=asker.name,
            via=asker.via.value,
            act=act,
            subject=one_line(subject)[:SUBJECT_CHARACTERS],
            detail=detail,
            address=asker.address[:80],
        )
    )

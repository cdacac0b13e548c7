"""Finds what a report is about: by the words of an address, or by what a link remembers.

`12` is a run, `12.3` its stage 3 or its blocker 3, `11:12` run 12 against run 11, and `v1:…` where
the failure with that fingerprint was seen last.
"""

import re

from sqlmodel import Session

from app.access import find_run, find_stage
from app.errors import StagelightError
from app.models import Share, ShareKind
from app.reports.headlines import words_of
from app.services.blockers import blocker_detail
from app.services.failure_sightings import latest_sighting
from app.services.reports import Subject

_FORMS = {
    ShareKind.RUN: (re.compile(r"(\d{1,18})"), "the number of a run, 12"),
    ShareKind.STAGE: (re.compile(r"(\d{1,18})\.(\d{1,18})"), "run and stage, 12.3"),
    ShareKind.FAILURE: (
        re.compile(r"(\d{1,18})\.(\d{1,18})"),
        "run and blocker, 12.2, or a fingerprint, v1:…",
    ),
    ShareKind.COMPARE: (re.compile(r"(\d{1,18}):(\d{1,18})"), "base and head, 11:12"),
}
_WORDS = {kind: kind.value for kind in ShareKind} | {ShareKind.COMPARE: "comparison"}
_FINGERPRINT = re.compile(r"v\d+:[\w:.-]{1,76}")


class SubjectError(StagelightError):
    """What is to be shared is not named in a way that can be read."""

    code = "bad_subject"
    status = 422


def find_subject(session: Session, kind: ShareKind, text: str) -> Subject:
    """What an address or a request names; SubjectError or NotFoundError."""
    if kind is ShareKind.FAILURE and _FINGERPRINT.fullmatch(text):
        return _seen_last(session, text)
    form, words = _FORMS[kind]
    match = form.fullmatch(text) if text.isascii() else None
    if match is None:
        raise SubjectError(f"{text[:80]!r} names no {_WORDS[kind]}.", f"Write {words}.")
    numbers = [int(group) for group in match.groups()]
    return _found(session, kind, numbers[0], numbers[1] if numbers[1:] else None)


def subject_of(session: Session, share: Share) -> Subject:
    """What a link shows; NotFoundError where it is gone."""
    second = share.head_run_id if share.kind is ShareKind.COMPARE else share.position
    return _found(session, share.kind, share.run_id, second)


def name_of(subject: Subject) -> str:
    """The words by which a subject is found again."""
    run = subject.run.id
    if subject.head is not None:
        return f"{run}:{subject.head.id}"
    return f"{run}" if subject.position is None else f"{run}.{subject.position}"


def subject_words(subject: Subject) -> str:
    """A subject in a few words."""
    assert subject.run.id is not None
    head = None if subject.head is None else subject.head.id
    return words_of(subject.kind, subject.run.id, subject.position, head)


def page_of(subject: Subject) -> str:
    """The address of its own page."""
    run = f"/runs/{subject.run.id}"
    match subject.kind:
        case ShareKind.RUN:
            return run
        case ShareKind.STAGE:
            return f"{run}/stages/{subject.position}"
        case ShareKind.FAILURE:
            return f"{run}/blockers/{subject.position}"
        case ShareKind.COMPARE:
            assert subject.head is not None
            return f"/compare?base={subject.run.id}&head={subject.head.id}"


def _seen_last(session: Session, fingerprint: str) -> Subject:
    """A failure in the newest run that has it: a blocker there, or else a stage or the run."""
    seen = latest_sighting(session, fingerprint)
    if seen.blocker is not None:
        return _found(session, ShareKind.FAILURE, seen.run, seen.blocker)
    if seen.stage is not None:
        return _found(session, ShareKind.STAGE, seen.run, seen.stage)
    return _found(session, ShareKind.RUN, seen.run, None)


def _found(session: Session, kind: ShareKind, run_id: int, second: int | None) -> Subject:
    run = find_run(session, run_id)
    if kind is ShareKind.RUN or second is None:
        return Subject(kind, run)
    if kind is ShareKind.COMPARE:
        return Subject(kind, run, head=find_run(session, second))
    if kind is ShareKind.STAGE:
        return Subject(kind, run, second, find_stage(session, run, second))
    blocker_detail(session, run_id, second)  # it must be there
    return Subject(kind, run, second)

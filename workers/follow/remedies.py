"""The course of remedies: fixes are tried one on top of the other until the model exports.

For the first cause that stops the script as it stands the catalogue's proposals are tried in their
order, each in a process of its own; the first that works stays in the script. A cause that none of
them removes is left, and the next one is tried. At the end stands one row with all that works.

All trials of a run together may take TIMES as long as the run took until its blockers were known.
"""

import logging
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from typing import Any

from sqlmodel import Session, col, select

from app.errors import StagelightError
from app.models import Remedy, RemedyKind, RemedyStatus, ReplayStatus, Run, Stage, StageStatus
from app.patches import write_diff
from app.services.remedy_rows import add_remedy, save_remedy
from workers.answers.reference import Reference
from workers.events import ProbeKind
from workers.follow.context import Context
from workers.follow.model import Answer, Errand
from workers.follow.remedy_judge import LENIENT, Judgement, Outcome, Tried, judge
from workers.follow.remedy_state import Standing, Stop, stop_of_row
from workers.protocol import WHOLE
from workers.remedies.catalogue import proposals
from workers.remedies.model import Cause, Edit, Upload
from workers.remedies.model import Remedy as Entry

TIMES = 10.0  # the run's own time until its blockers were known
LEAST_SECONDS = 1.0  # in which a trial can come to an end
FAITHFUL = "rewrite"  # the kind that costs nothing in what the model computes
MOST_DETOURS = 3  # behind each other, of remedies that move the stop
MOST_STEPS = 40  # remedies that stand on each other
MOST_RESISTING = 8  # causes that the combined row tells of
MOST_LEFT = 6  # proposals that are listed as not tried
REFERENCE = ".stagelight/reference"  # in the folder of a trial's upload
FILE = "reference"  # as the probe names it

log = logging.getLogger(__name__)

Course = Generator[Errand, Answer, None]
Proposal = tuple[Entry, Edit]


def remedies(context: Context) -> Course:
    """Try remedies for all that stops the run's model, or for what its program loses."""
    if not context.task.options.remedies:
        return
    with context.reading() as session:
        start = _start(context, session)
    if start is None:
        return
    yield from _Hunt(context, *start).run()


def _start(context: Context, session: Session) -> tuple[Upload, Standing] | None:
    """The upload and what is wrong with it; None where there is nothing to remedy."""
    run = session.get_one(Run, context.run_id)
    files = dict(_sources(context))
    stops = [stop_of_row(row, files) for row in context.blockers()]
    if not stops and (cause := _silent_cause(run, _whole(session, context.run_id))):
        stops = [Stop(cause, "")]
    if not stops:
        return None
    upload = Upload(
        files=files,
        entry=context.task.entry,
        options=context.task.options,
        loaded=run.loaded or {},
        inputs=(run.eager or {}).get("inputs", []),
    )
    is_clean = (run.search or {}).get("complete") == "clean"
    return upload, Standing(files, context.task.options, stops=stops, is_clean=is_clean)


def _sources(context: Context) -> Iterator[tuple[str, str]]:
    """The upload's Python sources that are text."""
    for path, data in context.files():
        if path.endswith(".py"):
            try:
                yield path, data.decode()
            except UnicodeDecodeError:
                continue


def _whole(session: Session, run_id: int) -> Stage | None:
    query = select(Stage).where(col(Stage.run_id) == run_id, col(Stage.key) == WHOLE)
    return session.exec(query).one_or_none()


def _silent_cause(run: Run, whole: Stage | None) -> Cause | None:
    """What is wrong with a model that exports: its program forgets state, or differs."""
    if whole is None or whole.status is not StageStatus.PASSED:
        return None
    lost = next((note["message"] for note in run.notes if note["code"] == "state_lost"), "")
    if lost:
        return Cause(category="mutation", message=lost, exception="")
    if whole.replay is ReplayStatus.DIFFERENT:
        why = (whole.replay_detail or {}).get("why", "")
        return Cause(category="numeric_mismatch", message=why, exception="")
    return None


@dataclass(frozen=True)
class _Moved:
    """A remedy whose culprit is gone, while a line behind it stops the export."""

    judgement: Judgement
    position: int
    edit: Edit


class _Hunt:
    """One run's remedies, from the first trial to the combined row."""

    def __init__(self, context: Context, upload: Upload, standing: Standing) -> None:
        self._context = context
        self._upload = upload
        self._first = standing
        self._standing = standing
        self._reference = b""
        self._left = TIMES * context.run_seconds
        self._rows = 0
        self._why_nothing = ""  # why nothing was tried at all
        self._proof: Judgement | None = None  # of the script as it stands, once it exports

    def run(self) -> Course:
        """Try what there is, and write the row of all that works."""
        if not self._has_proposals():
            self._give_up("The catalogue has no remedy for any of it.")
        elif why := (yield from self._take_reference()):
            self._give_up(why)
        steps = 0
        while (stop := self._standing.next_stop) is not None and steps < MOST_STEPS:
            steps += 1
            yield from self._try_all(stop)
        self._combine()

    def _has_proposals(self) -> bool:
        upload = self._standing.upload(self._upload)
        return any(next(_proposals(stop.cause, upload), None) for stop in self._standing.stops)

    def _give_up(self, why: str) -> None:
        self._why_nothing = why
        stops = [replace(stop, resisted=why) for stop in self._standing.stops]
        self._standing = replace(self._standing, stops=stops)

    def _take_reference(self) -> Generator[Errand, Answer, str]:
        """Have what the upload gives in eager; returns why that is not to be had."""
        seconds = min(self._left, self._context.settings.wall_seconds)
        answer = yield Errand(ProbeKind.REFERENCE, seconds)
        self._left -= answer.seconds
        told = answer.first(Reference)
        if told is None:
            return f"What the upload gives in eager could not be told: {answer.why_not}"
        if told.why or not told.cases:
            return f"Nothing can be compared with what the upload gives: {told.why}"
        if FILE not in answer.files:
            return "What the upload gives in eager was told, and not sent."
        self._reference = answer.files[FILE].read_bytes()
        return ""

    def _try_all(self, stop: Stop, depth: int = 0) -> Course:
        """Try one cause's remedies until one works; the cause is given up if none does.

        One that moves the stop behind its line is followed there, as far as code can be found
        that computes the same, before remedies that cost more are tried. Within such a detour
        (`depth` above 0) those others are not.
        """
        last, moved, followed = "The catalogue has no remedy for it.", None, False
        found = _proposals(stop.cause, self._standing.upload(self._upload))
        for entry, edit in found:
            is_faithful = entry.kind == FAITHFUL
            if depth and not is_faithful:
                break
            if moved is not None and not is_faithful and not followed:
                followed = True
                if (yield from self._follow(moved, depth)):
                    return
            if self._seconds() < LEAST_SECONDS:
                last = self._out_of_time(stop, [(entry, edit), *found])
                break
            judgement, position = yield from self._try(stop, entry, edit)
            if judgement.outcome is Outcome.WORKS:
                self._keep(judgement, position)
                return
            if judgement.outcome is Outcome.MOVED and moved is None:
                moved = _Moved(judgement, position, edit)
            last = f"The last that was tried, {entry.title.lower()}: {judgement.reason}"
        if moved is not None and not followed and (yield from self._follow(moved, depth)):
            return
        if moved is not None and not depth:
            self._accept(moved)
            return
        self._standing = self._standing.resisting(stop, last)

    def _follow(self, moved: _Moved, depth: int) -> Generator[Errand, Answer, bool]:
        """Remove what a remedy moved the stop to; all is put back where that cannot be done."""
        if depth >= MOST_DETOURS:
            return False
        standing, proof = self._standing, self._proof
        self._accept(moved)
        while (stop := self._standing.next_behind) is not None:
            yield from self._try_all(stop, depth + 1)
        if not any(stop.position is None for stop in self._standing.stops):
            return True
        given_up = [n for n in self._standing.parts if n not in (*standing.parts, moved.position)]
        self._save(moved.position, moved.judgement)
        with self._context.writing() as session:
            for position in given_up:
                reason = "Given up with the remedy that it stands on."
                save_remedy(
                    session, self._context.run_id, position, RemedyStatus.FAILS, reason=reason
                )
        self._standing, self._proof = standing, proof
        return False

    def _accept(self, moved: _Moved) -> None:
        """Let one stay in the script that moved the stop behind its line."""
        reason = f"{moved.edit.note} {moved.judgement.reason}".strip()
        judgement = replace(moved.judgement, outcome=Outcome.WORKS, reason=reason)
        self._save(moved.position, judgement)
        self._keep(judgement, moved.position)

    def _try(
        self, stop: Stop, entry: Entry, edit: Edit
    ) -> Generator[Errand, Answer, tuple[Judgement, int]]:
        before = self._standing
        position = self._add(stop, entry, edit, RemedyStatus.TRYING)
        try:
            after = before.with_edit(edit, entry.kind)
        except StagelightError as error:
            judgement = Judgement(Outcome.FAILS, error.message, before)
            self._save(position, judgement)
            return judgement, position
        tried = Tried(before, after, edit, stop)
        answer = yield self._errand(after)
        self._left -= answer.seconds
        judgement = judge(tried, answer)
        self._save(position, judgement, answer.seconds)
        return judgement, position

    def _errand(self, standing: Standing) -> Errand:
        changed = {path: text.encode() for path, text in standing.files.items()}
        files = dict(self._context.files()) | changed | {REFERENCE: self._reference}
        lenient = bool(standing.kinds & LENIENT)
        return Errand(
            ProbeKind.TRIAL,
            self._seconds(),
            work={"reference": REFERENCE, "lenient": lenient},
            files=list(files.items()),
            options=standing.options,
        )

    def _seconds(self) -> float:
        """What the next trial may take."""
        settings = self._context.settings
        return max(min(settings.remedy_seconds, self._left, self._context.left()), 0.0)

    def _keep(self, judgement: Judgement, position: int) -> None:
        standing = judgement.standing
        self._standing = replace(standing, parts=(*standing.parts, position))
        self._proof = judgement if judgement.exported else None

    def _out_of_time(self, stop: Stop, left: list[Proposal]) -> str:
        """List some of what was not tried; returns why."""
        why = f"The time for this run's remedies was over ({TIMES:g} times the run's own)."
        for entry, edit in left[:MOST_LEFT]:
            self._add(stop, entry, edit, RemedyStatus.NOT_TRIED, why)
        return why

    def _add(
        self, stop: Stop, entry: Entry, edit: Edit, status: RemedyStatus, reason: str = ""
    ) -> int:
        self._rows += 1
        row = Remedy(
            run_id=self._context.run_id,
            position=self._rows,
            blocker=stop.position,
            name=entry.name,
            title=entry.title,
            kind=RemedyKind(entry.kind),
            status=status,
            reason=reason,
            patch=write_diff(self._standing.files, {**self._standing.files, **edit.files}),
            files=dict(edit.files),
            options=dict(edit.options),
            parts=list(self._standing.parts),
        )
        with self._context.writing() as session:
            add_remedy(session, row)
        return self._rows

    def _save(self, position: int, judgement: Judgement, seconds: float | None = None) -> None:
        values: dict[str, Any] = {
            "reason": judgement.reason,
            "failure": judgement.failure,
            "replay": judgement.replay,
            "replay_detail": judgement.replay_detail,
        }
        if seconds is not None:
            values["seconds"] = seconds
        with self._context.writing() as session:
            save_remedy(session, self._context.run_id, position, judgement.status, **values)

    def _combine(self) -> None:
        """Write the row of all that works together, and of what resists."""
        first, standing, proof = self._first, self._standing, self._proof
        self._rows += 1
        files = {
            path: text for path, text in standing.files.items() if text != first.files.get(path)
        }
        row = Remedy(
            run_id=self._context.run_id,
            position=self._rows,
            name="combined",
            title="All that works, together",
            kind=RemedyKind.COMBINED,
            status=RemedyStatus.WORKS,
            patch=write_diff(first.files, standing.files),
            files=files,
            options=dict(standing.changed),
            parts=list(standing.parts),
        )
        if proof is not None:
            row.replay, row.replay_detail = proof.replay, proof.replay_detail
        else:
            row.status = RemedyStatus.FAILS if standing.parts else RemedyStatus.NOT_TRIED
            row.reason = self._resisting()
        with self._context.writing() as session:
            add_remedy(session, row)

    def _resisting(self) -> str:
        """What no remedy removes, and why; by the lines of the upload where they are known."""
        known = {stop.position: stop.words for stop in self._first.stops}
        stops = [stop for stop in self._standing.stops if stop.resisted][:MOST_RESISTING]
        if self._why_nothing:
            places = ", ".join(stop.words for stop in stops)
            return f"{self._why_nothing} What is left: {places}."
        told = [
            f"{known.get(stop.position, stop.words)} resists. {stop.resisted}" for stop in stops
        ]
        return " ".join(told) or "Too many remedies would have to stand on each other."


def _proposals(cause: Cause, upload: Upload) -> Iterator[Proposal]:
    """The catalogue's. An error of a remedy's own ends them, and no run."""
    try:
        yield from proposals(cause, upload)
    except Exception:
        log.exception("a remedy for %s could not be proposed", cause.category)

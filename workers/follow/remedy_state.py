"""Where a run's remedies stand: the script with what works, and what still stops it. Pure."""

import difflib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from app.models import Blocker
from app.services.options import RunOptions, make_options
from workers.events import BlockerReport
from workers.fingerprints import fingerprint_of
from workers.remedies.model import Cause, Edit, Upload
from workers.rows import to_data

Files = Mapping[str, str]
Place = tuple[str | None, int | None]  # file and line


@dataclass(frozen=True)
class Stop:
    """One cause that stops the export of the script as it stands, or makes its program wrong."""

    cause: Cause
    fingerprint: str
    position: int | None = None  # among the run's own blockers; None: met only later
    resisted: str = ""  # why none of its remedies works; empty: they were not all tried

    @property
    def place(self) -> Place:
        """The culprit's file and line."""
        return self.cause.file, self.cause.line

    @property
    def is_silent(self) -> bool:
        """Whether it does not stop the export: the program that comes of it is wrong."""
        return self.cause.file is None and not self.fingerprint

    @property
    def words(self) -> str:
        """What and where it is, for people."""
        cause = self.cause
        if self.is_silent:
            return "What the exported program gives"
        where = f"{cause.file}:{cause.line}" if cause.file else "the export itself"
        return f"{where} ({cause.category.replace('_', ' ')})"


@dataclass(frozen=True)
class Standing:
    """A script with remedies in it. `parts` are the positions of these, `kinds` what they cost."""

    files: Files
    options: RunOptions
    changed: Mapping[str, Any] = field(default_factory=dict)  # options, against the run's own
    stops: Sequence[Stop] = ()
    is_clean: bool = False  # the search for what stops it came to its end
    parts: tuple[int, ...] = ()
    kinds: frozenset[str] = frozenset()

    def with_edit(self, edit: Edit, kind: str) -> "Standing":
        """The script with one more change. What stops it is not known yet.

        Raises:
            OptionsError: the changed options make no sense.
        """
        options = make_options({**self.options.model_dump(mode="json"), **edit.options})
        return replace(
            self,
            files={**self.files, **edit.files},
            options=options,
            changed={**self.changed, **edit.options},
            kinds=self.kinds | {kind},
        )

    def upload(self, upload: Upload) -> Upload:
        """What remedies look at, with the script as it stands."""
        return replace(upload, files=self.files, options=self.options)

    @property
    def next_stop(self) -> Stop | None:
        """The first cause whose remedies were not tried yet."""
        return next((stop for stop in self.stops if not stop.resisted), None)

    @property
    def next_behind(self) -> Stop | None:
        """The first cause that the run did not know and whose remedies were not tried yet."""
        unknown = (one for one in self.stops if one.position is None and not one.is_silent)
        return next((stop for stop in unknown if not stop.resisted), None)

    def resisting(self, stop: Stop, why: str) -> "Standing":
        """The same, with one cause given up."""
        stops = [replace(one, resisted=why) if one is stop else one for one in self.stops]
        return replace(self, stops=stops)


def stop_of_row(row: Blocker, upload: Files) -> Stop:
    """A blocker of the run."""
    in_upload = row.file in upload
    cause = Cause(
        category=row.category.value,
        message=row.message,
        exception=row.exception,
        file=row.file,
        line=row.line,
        text=row.text,
        function=row.function,
        in_upload=in_upload,
        upload_file=row.file if in_upload else row.upload_file,
        upload_line=row.line if in_upload else row.upload_line,
        module=row.module,
        expression=row.expression,
        value=row.value,
        births=list(row.births),
        frames=list(row.frames),
        occurrences=list(row.occurrences),
    )
    return Stop(cause, row.fingerprint or "", row.position)


def stop_of_report(report: BlockerReport) -> Stop:
    """A blocker of a changed script; its lines are that script's."""
    failure, culprit, upload = report.failure, report.failure.culprit, report.failure.upload
    cause = Cause(
        category=failure.category.value,
        message=failure.message,
        exception=failure.exception,
        file=culprit.file if culprit else None,
        line=culprit.line if culprit else None,
        text=culprit.text if culprit else "",
        function=culprit.function if culprit else "",
        in_upload=culprit is not None and culprit.where == "upload",
        upload_file=upload.file if upload else None,
        upload_line=upload.line if upload else None,
        module=failure.module,
        expression=failure.expression,
        value=failure.value,
        births=[to_data(one) for one in failure.births],
        frames=[to_data(one) for one in failure.frames],
        occurrences=[to_data(one) for one in report.occurrences],
    )
    return Stop(cause, fingerprint_of(failure))


def matched(
    before: Sequence[Stop], after: Sequence[Stop], old: Files, new: Files
) -> list[Stop | None]:
    """For each cause of a changed script the one that it was before; None: it is new.

    The same line is the same cause; then a line of the same text in the same function, should it
    have been moved; then one of the same fingerprint, should it have been written another way.
    """
    origins = _origins(old, new)
    left = list(before)
    found: dict[int, Stop] = {}
    for is_same in (partial(_on_same_line, origins), _of_same_text, _of_same_cause):
        for index, stop in enumerate(after):
            was = next((one for one in left if is_same(one, stop)), None)
            if index not in found and was is not None:
                found[index] = was
                left.remove(was)
    return [found.get(index) for index in range(len(after))]


def _on_same_line(origins: Mapping[Place, Place | None], before: Stop, after: Stop) -> bool:
    place = after.place
    return place[0] is not None and origins.get(place, place) == before.place


def _of_same_text(before: Stop, after: Stop) -> bool:
    mine, its = before.cause, after.cause
    same = (mine.file, mine.function, mine.text) == (its.file, its.function, its.text)
    return bool(mine.text) and same


def _of_same_cause(before: Stop, after: Stop) -> bool:
    return bool(before.fingerprint) and before.fingerprint == after.fingerprint


def carried(after: Sequence[Stop], was: Sequence[Stop | None]) -> list[Stop]:
    """The causes of a changed script, with what was known of them before."""
    return [
        stop if one is None else replace(stop, position=one.position, resisted=one.resisted)
        for stop, one in zip(after, was, strict=True)
    ]


def changed_lines(before: Files, after: Files) -> set[Place]:
    """Path and number of each line that a change wrote."""
    return {place for place, origin in _origins(before, after).items() if origin is None}


def _origins(before: Files, after: Files) -> dict[Place, Place | None]:
    """Where each line of the changed files was before; None: nowhere."""
    origins: dict[Place, Place | None] = {}
    for path, text in after.items():
        if text == before.get(path):
            continue
        old, new = _lines(before.get(path, "")), _lines(text)
        origins |= {(path, number): None for number in range(1, len(new) + 1)}
        blocks = difflib.SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
        for first, second, size in blocks:
            for step in range(1, size + 1):
                origins[path, second + step] = path, first + step
    return origins


def _lines(text: str) -> list[str]:
    """Lines as Python counts them, with their ends."""
    return list(io.StringIO(text, newline=""))

"""Where a run's remedies stand: the script with what works, and what still stops it. Pure."""

import difflib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from app.models import Blocker
from app.services.options import RunOptions, make_options
from workers.events import BlockerReport
from workers.fingerprints import fingerprint_of
from workers.remedies.model import Cause, Edit, Upload
from workers.rows import to_data

Files = Mapping[str, str]


@dataclass(frozen=True)
class Stop:
    """One cause that stops the export of the script as it stands."""

    cause: Cause
    fingerprint: str
    position: int | None = None  # among the run's own blockers; None: met only later
    resisted: str = ""  # why none of its remedies works; empty: they were not all tried

    @property
    def place(self) -> str:
        """Where it is, for people."""
        cause = self.cause
        where = f"{cause.file}:{cause.line}" if cause.file else "the export itself"
        return f"{where} ({cause.category.replace('_', ' ')})"

    def is_same(self, other: "Stop") -> bool:
        """Whether both are one cause, before and after a change elsewhere in the script."""
        if self.fingerprint and self.fingerprint == other.fingerprint:
            return True
        mine, its = self.cause, other.cause
        return bool(mine.text) and (
            (mine.file, mine.function, mine.text) == (its.file, its.function, its.text)
        )


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


def matched(before: Sequence[Stop], after: Sequence[Stop]) -> list[Stop | None]:
    """For each cause of a changed script the one that it was before; None: it is new."""
    left = list(before)
    found: list[Stop | None] = []
    for stop in after:
        same = next((one for one in left if one.is_same(stop)), None)
        if same is not None:
            left.remove(same)
        found.append(same)
    return found


def carried(before: Sequence[Stop], after: Sequence[Stop]) -> list[Stop]:
    """The causes of a changed script, with what was known of them before."""
    return [
        stop if was is None else replace(stop, position=was.position, resisted=was.resisted)
        for stop, was in zip(after, matched(before, after), strict=True)
    ]


def changed_lines(before: Files, after: Files) -> set[tuple[str, int]]:
    """Path and number of each line that a change wrote."""
    return {
        (path, line)
        for path, text in after.items()
        if text != before.get(path)
        for line in _new_lines(before.get(path, ""), text)
    }


def _new_lines(before: str, after: str) -> list[int]:
    matcher = difflib.SequenceMatcher(None, _lines(before), _lines(after), autojunk=False)
    return [
        line + 1
        for tag, _, _, first, end in matcher.get_opcodes()
        if tag in ("insert", "replace")
        for line in range(first, end)
    ]


def patch_of(before: Files, after: Files) -> str:
    """A unified diff that `patch -p1` takes; empty where nothing differs."""
    changed = [path for path in sorted(after) if before.get(path, "") != after[path]]
    return "".join(line for path in changed for line in _diff(path, before.get(path), after[path]))


def _diff(path: str, old: str | None, new: str) -> Iterator[str]:
    source = "/dev/null" if old is None else f"a/{path}"
    for line in difflib.unified_diff(_lines(old or ""), _lines(new), source, f"b/{path}"):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _lines(text: str) -> list[str]:
    """Lines as Python counts them, with their ends."""
    return list(io.StringIO(text, newline=""))

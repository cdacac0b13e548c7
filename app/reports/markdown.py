"""A report as Markdown for an issue: short, its long parts folded, never longer than one may be."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from app.reports.markdown_text import cell, fence, folded, plain, span
from app.reports.report import BlockerReport, RemedyReport, Report, RunReport, StageReport, StageRow
from app.services.failure_views import FailureTrace
from app.services.summary import Tone
from app.templating import NOTHING, count, moment, seconds, words

CHARACTERS = 60_000  # GitHub takes 65,536 in an issue
SHOWN_BLOCKERS = 8
SHOWN_STAGES = 40
MESSAGE_CHARACTERS = 600
PART_CHARACTERS = 12_000  # of one fold

_CUT = "\n… cut; all of it is in the HTML report"


@dataclass
class _Sheet:
    """Parts in order. What would be too long is left out and said to be."""

    parts: list[str] = field(default_factory=list)
    length: int = 0
    left_out: int = 0

    def add(self, part: str) -> None:
        """Append a part, if there is room."""
        if self.length + len(part) > CHARACTERS:
            self.left_out += 1
        elif part:
            self.parts.append(part)
            self.length += len(part) + 2

    def text(self) -> str:
        """All of it."""
        if self.left_out:
            self.parts.append(f"_{self.left_out} parts are too long for an issue and left out._")
        return "\n\n".join(self.parts) + "\n"


def markdown_report(report: Report) -> str:
    """The report, to be pasted into an issue."""
    sheet = _Sheet()
    sheet.add(f"### {plain(report.headline)}")
    sheet.add(_about(report))
    if not report.with_source:
        sheet.add("_Source, messages and patches are left out of this report._")
    for part in _body(report):
        sheet.add(part)
    sheet.add(folded("Environment", _environment(report.run)))
    return sheet.text()


def _body(report: Report) -> Iterator[str]:
    if report.failure is not None:
        yield from _failure(report.failure)
    shown = report.blockers[:SHOWN_BLOCKERS]
    for blocker in shown:
        yield from _blocker(blocker, single=len(report.blockers) == 1)
    if hidden := len(report.blockers) - len(shown):
        yield f"{hidden} more are in the HTML report."
    if report.search:
        yield plain(report.search)
    if works := [one for one in report.remedies if one.tone in (Tone.GOOD, Tone.DOUBT)]:
        yield "#### What makes it export\n\n" + "\n".join(map(_remedy_line, works))
        yield from _patches(works)
    if report.stage is not None:
        yield from _stage(report.stage)
    if report.comparison is not None:
        yield from _comparison(report)
    if report.stages:
        yield folded(f"Stages ({len(report.stages)})", _stages(report.stages))
    if report.contract is not None:
        yield _contract(report)


def _about(report: Report) -> str:
    run = report.run
    versions = ", ".join(
        f"{name} {span(version)}"
        for name, version in (
            ("torch", run.environment.torch),
            ("Python", run.environment.python),
        )
        if version
    )
    model = f", model {span(run.model.class_name)}" if run.model and run.model.class_name else ""
    script = f", script {span(run.script)}" if run.script else ""
    return f"{plain(report.subject)}{model}{script}{f'; {versions}' if versions else ''}."


def _environment(run: RunReport) -> str:
    environment = run.environment
    rows = [
        ("runtime", environment.runtime),
        ("python", environment.python),
        ("torch", environment.torch),
        ("platform", environment.platform),
        ("submitted", moment(run.created_at)),
        *environment.packages.items(),
    ]
    return fence("\n".join(f"{name}: {value}" for name, value in rows if value)[:PART_CHARACTERS])


def _blocker(blocker: BlockerReport, *, single: bool) -> Iterator[str]:
    title = words(blocker.category)
    at = f" at {span(f'{blocker.file}:{blocker.line}')}" if blocker.file else ""
    first = "" if single else f"{blocker.position}. "
    yield f"#### {first}{title[0].upper()}{title[1:]}{at}"
    yield from _failure(blocker, titled=True)
    if blocker.remedies:
        yield "\n".join(_remedy_line(one) for one in blocker.remedies)
        yield from _patches([one for one in blocker.remedies if one.tone is not Tone.BAD])
    if blocker.repro and blocker.repro.text:
        yield _fold("A small script that fails alike", blocker.repro.text, "python")


def _failure(failure: FailureTrace, *, titled: bool = False) -> Iterator[str]:
    if not titled:
        at = f" at {span(f'{failure.file}:{failure.line}')}" if failure.file else ""
        yield f"#### {plain(words(failure.category))}{at}"
    if failure.source is not None:
        yield fence(_marked(failure), "python")
    elif failure.text:
        yield fence(failure.text, "python")
    yield "\n".join(_facts(failure))
    if failure.stack:
        yield _fold("The traceback", failure.stack, tail=True)


def _facts(failure: FailureTrace) -> Iterator[str]:
    if failure.expression:
        value = f"; in the eager run it was {span(failure.value)}" if failure.value else ""
        yield f"- Could not be decided: {span(failure.expression)}{value}"
    for birth in failure.births:
        at = birth.frame and f" at {span(f'{birth.frame.file}:{birth.frame.line}')}"
        yield f"- {span(birth.symbol)} is the result of {span(birth.operation)}{at or ''}"
    if failure.module:
        yield f"- Module: {span(failure.module)}"
    if failure.exception:
        said = failure.message.strip()[:MESSAGE_CHARACTERS].partition("\n\n")[0]
        yield f"- {span(failure.exception)}{f': {span(said)}' if said else ''}"


def _marked(failure: FailureTrace) -> str:
    """The source with the culprit's line marked."""
    assert failure.source is not None
    return "\n".join(
        f"{'>' if n == failure.line else ' '} {n:4} {line}"
        for n, line in enumerate(failure.source.lines, failure.source.first)
    )


def _remedy_line(remedy: RemedyReport) -> str:
    proof = f" {plain(remedy.proof)}" if remedy.proof else ""
    return f"- {plain(remedy.title)}: **{plain(remedy.outcome)}**.{proof}"


def _patches(remedies: list[RemedyReport]) -> Iterator[str]:
    for remedy in remedies:
        if remedy.patch:
            yield _fold(f"Patch of fix {remedy.position}", remedy.patch, "diff")


def _stages(stages: list[StageRow]) -> str:
    rows = [
        f"| {one.n} | {cell(one.name)} | {words(one.kind)} | {one.status} | {words(one.replay)} "
        f"| {seconds(one.seconds)} | {NOTHING if one.nodes is None else count(one.nodes)} "
        f"| {one.guards} |"
        for one in stages[:SHOWN_STAGES]
    ]
    head = "| # | Stage | Kind | Status | Replay | Export | Nodes | Guards |"
    return "\n".join([head, "|---|---|---|---|---|---|---|---|", *rows])


def _stage(stage: StageReport) -> Iterator[str]:
    yield _stages([stage])
    if stage.failure is not None:
        yield from _failure(stage.failure)
    if stage.shown_guards:
        lines = [
            f"{words(one.kind)}: {one.meaning or one.expression}"
            + (f"  # {one.file}:{one.line}" if one.file else "")
            for one in stage.shown_guards
        ]
        yield _fold(f"Guards ({stage.guards})", "\n".join(lines))
    if stage.code:
        yield _fold("FX code", stage.code, "python")


def _contract(report: Report) -> str:
    contract = report.contract
    assert contract is not None
    said = plain(contract.words)
    if not contract.code:
        return said
    return folded("What can be dynamic", f"{said}\n\n{fence(contract.code, 'python')}")


def _comparison(report: Report) -> Iterator[str]:
    found = report.comparison
    assert found is not None
    if found.differs:
        yield f"Different: {plain(', '.join(found.differs))}."
    yield from map(plain, found.not_known)
    yield "\n".join(
        f"- {plain(one.change)}: {plain(words(one.category))}"
        + (f" at {span(f'{one.file}:{one.line}')}" if one.file else "")
        for one in found.causes
    )
    for title, rows in (
        ("Stages side by side", found.stages),
        ("Options", found.options),
        ("Model", found.model),
        ("Environment", found.environment),
        ("Times", found.times),
    ):
        if rows:
            lines = [
                f"| {cell(one.name)} | {cell(one.base)} | {cell(one.head)} | {one.differs} |"
                for one in rows
            ]
            head = [f"| | run {found.base} | run {report.run.id} | |", "|---|---|---|---|"]
            yield folded(title, "\n".join([*head, *lines[:SHOWN_STAGES]]))
    if found.guards:
        guards = (
            f"{'+' if one.head > one.base else '-'} {one.stage}: {one.meaning or one.expression}"
            for one in found.guards
        )
        yield _fold(f"Guards that differ ({len(found.guards)})", "\n".join(guards), "diff")
    if found.diff:
        yield _fold("What changed in the script", found.diff, "diff")


def _fold(title: str, text: str, language: str = "", *, tail: bool = False) -> str:
    """A fold of lines; of one that is too long its beginning, or its end."""
    if len(text) > PART_CHARACTERS:
        text = f"…{text[-PART_CHARACTERS:]}" if tail else text[:PART_CHARACTERS] + _CUT
    return folded(title, fence(text, language))

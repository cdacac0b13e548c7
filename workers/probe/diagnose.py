"""From an exception to a typed failure: category, culprit line, module, expression."""

import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .call import Call
from .categories import category_of, chain_of, is_out_of_memory
from .emit import LONG, MESSAGE, SHORT, TEXT, cap
from .errors import ScriptError
from .evidence import Evidence, evidence_of
from .expressions import readable
from .frames import Frame, Places, source_around
from .hints import hint_for
from .owners import class_at
from .refused import refusal_of
from .torch_guards import GuardLog, Recorded
from .torch_symbols import Birth, BirthLog
from .violations import violated

MOST_FRAMES = 400
MOST_BIRTHS = 32


@dataclass(frozen=True)
class Scene:
    """What an export had done when it failed."""

    call: Call
    guards: GuardLog
    births: BirthLog

    @property
    def places(self) -> Places:
        """Tells the user's files."""
        return self.guards.places


@dataclass
class Finding:
    """One cause, as it is to be told."""

    evidence: Evidence
    category: str
    culprit: Frame | None
    hint: str = ""
    module: str | None = None
    module_class: str = ""
    expression: str = ""
    births: list[Birth] = field(default_factory=list)
    value: str = ""
    guard: int | None = None  # place among the export's guards of the one that it is about

    @property
    def cause(self) -> tuple[str, str, int]:
        """What makes two findings one: the category and the line."""
        at = self.culprit
        return (self.category, at.path, at.line) if at else (self.category, "", 0)

    @property
    def place(self) -> tuple[str, int]:
        """The culprit line alone: what it is called may be known better later."""
        return (self.culprit.path, self.culprit.line) if self.culprit else ("", 0)

    @property
    def upload(self) -> Frame | None:
        """The upload's line that led to it."""
        at = self.culprit
        return at if at and at.where == "upload" else self.evidence.upload


def findings_of(error: BaseException, scene: Scene) -> list[Finding]:
    """What stopped an export. More than one where it says several dimensions at once.

    Args:
        error: what torch.export.export raised.
        scene: what had been assumed before, and the user's call, whose line stands in where the
            export never came to a user line.
    """
    evidence = evidence_of(error, scene.places, scene.call.stack)
    finding = finding_of(evidence, scene)
    if finding.category == "dynamic_shape_violation":
        outside = {(frame.path, frame.line) for frame in scene.call.stack}
        guards = violated(str(error), scene.guards.recorded, outside)
        return [_of_guard(evidence, guard, scene) for guard in guards] or [finding]
    return [finding]


def finding_of(evidence: Evidence, scene: Scene) -> Finding:
    """What an exception says by itself."""
    error = evidence.error
    refusal = refusal_of(error, evidence.frames) if scene.places.sealed else ""
    category = "sandbox" if refusal else category_of(error, evidence.below)
    asked = next((link.cond for link in chain_of(error) if hasattr(link, "cond")), None)
    module = evidence.module_path(scene.call.model)
    return Finding(
        evidence,
        category,
        evidence.culprit,
        refusal or hint_for(category),
        module,
        class_at(scene.call.model, module),
        "" if asked is None else readable(asked, scene.guards.names),
        scene.births.of(getattr(asked, "free_symbols", ())),
    )


def script_failure(
    error: BaseException, places: Places, category: str, hint: str = ""
) -> dict[str, Any]:
    """What stopped the script or its eager run; `category` is one of these two.

    A MemoryError is out_of_memory, never the script's error; what the sandbox refused is sandbox.
    """
    evidence = evidence_of(error, places)
    if is_out_of_memory(error):
        category = "out_of_memory"
    elif places.sealed and (refusal := refusal_of(error, evidence.frames)):
        category, hint = "sandbox", refusal
    culprit = _syntax_frame(error, places) or evidence.culprit
    return report(Finding(evidence, category, culprit, hint or hint_for(category)), places)


def _of_guard(evidence: Evidence, guard: Recorded, scene: Scene) -> Finding:
    module = guard.module_path(scene.call.model)
    return Finding(
        evidence,
        "dynamic_shape_violation",
        guard.frame,
        hint_for("dynamic_shape_violation"),
        module,
        class_at(scene.call.model, module),
        guard.meaning or guard.text,
        guard=scene.guards.recorded.index(guard),
    )


def report(finding: Finding, places: Places) -> dict[str, Any]:
    """A finding as workers/events.py has it."""
    error, culprit = finding.evidence.error, finding.culprit
    name = type(error).__name__
    home = type(error).__module__
    is_plain = home in ("builtins", "__main__") or isinstance(error, ScriptError)
    return {
        "category": finding.category,
        "exception": cap(name if is_plain else f"{home}.{name}", SHORT),
        "message": cap(places.shortened(str(error).strip()) or name, MESSAGE),
        "hint": cap(finding.hint, TEXT),
        "culprit": culprit.as_event() if culprit else None,
        "upload": finding.upload.as_event() if finding.upload else None,
        "frames": [frame.as_event() for frame in _shown(finding.evidence.frames)],
        "source": source_around(culprit) if culprit else None,
        "module": None if finding.module is None else cap(finding.module, SHORT),
        "module_class": finding.module_class,
        "expression": cap(finding.expression, TEXT) or None,
        "births": [birth.as_event() for birth in finding.births[:MOST_BIRTHS]],
        "value": cap(finding.value, TEXT),
        "stack": cap(_stack_text(error, places), LONG),
    }


def _stack_text(error: BaseException, places: Places) -> str:
    """The traceback as Python prints it, without the probe's own frames, file names shortened."""
    told = traceback.TracebackException.from_exception(error)
    links = [told]
    for link in links:
        kept = [item for item in link.stack if places.place(item.filename)[0] != "probe"]
        link.stack = traceback.StackSummary.from_list(kept)
        links += [other for other in (link.__cause__, link.__context__) if other is not None]
    return places.shortened("".join(told.format()).strip())


def _shown(frames: Sequence[Frame]) -> list[Frame]:
    """All frames but the probe's own; of very deep stacks the ends."""
    kept = [frame for frame in frames if frame.where != "probe"]
    if len(kept) <= MOST_FRAMES:
        return kept
    return kept[: MOST_FRAMES // 4] + kept[-(MOST_FRAMES - MOST_FRAMES // 4) :]


def _syntax_frame(error: BaseException, places: Places) -> Frame | None:
    if not isinstance(error, SyntaxError) or not error.filename:
        return None
    return places.frame(error.filename, error.lineno or 1, "<module>")

"""The upload form and the re-run form: text fields on one side, RunOptions on the other."""

import json
import shlex

from pydantic import BaseModel, ConfigDict, JsonValue

from app.models import Role
from app.services.options import OptionsError, RunOptions, make_options
from app.services.views import ComponentView, RunView

# What may be tried after the verdict, by the name of its option, in words.
AFTERWARDS: dict[str, str] = {
    "remedies": "Try fixes of what stops it",
    "dynamic": "Find out what each dimension can be",
    "onnx": "Export to ONNX",
    "draft": "Run draft_export, which proves nothing",
}

_STRICT: dict[str, bool | None] = {"": None, "true": True, "false": False}

_DEFAULTS = tuple(name for name in AFTERWARDS if getattr(RunOptions(), name))


class RunForm(BaseModel):
    """What a person entered, kept word for word so that an error can show it again."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    title: str = ""
    entry: str = ""
    runtime: str = ""
    argv: str = ""  # as in a shell
    call: str = "1"
    device: str = "auto"
    strict: str = ""
    plan: str = "manual"  # auto: `stages` does not count
    stages: str = ""  # one a line: a module path, or `role: path, path`
    dynamic_shapes: str = ""  # JSON
    after: tuple[str, ...] | None = None  # keys of AFTERWARDS; None: what is done by default
    pasted: str = ""

    @classmethod
    def of_run(cls, run: RunView) -> "RunForm":
        """The form that would make this run again, its plan ready to be edited."""
        options = RunOptions.model_validate(run.options)
        by_hand = options.stages is not None
        return cls(
            title=run.title,
            entry=run.script.entry,
            runtime=run.runtime,
            argv=shlex.join(options.argv),
            call=str(options.call),
            device=options.device,
            strict="" if options.strict is None else str(options.strict).lower(),
            plan="manual" if by_hand else "auto",
            stages=_write_stages(options.stages) if by_hand else _write_plan(run.plan),
            dynamic_shapes=_write_json(options.dynamic_shapes),
            after=tuple(name for name in AFTERWARDS if getattr(options, name)),
        )

    @property
    def choices(self) -> tuple[tuple[str, str, bool], ...]:
        """What may be tried after the verdict: its name, its words, and whether it is chosen."""
        chosen = _DEFAULTS if self.after is None else self.after
        return tuple((name, words, name in chosen) for name, words in AFTERWARDS.items())

    def options(self) -> RunOptions:
        """What was entered, as options; OptionsError says which field is wrong."""
        return make_options(
            {
                "argv": _read_argv(self.argv),
                "call": self.call.strip() or 1,
                "device": self.device,
                "strict": _read_strict(self.strict),
                "stages": _read_stages(self.stages) if self.plan == "manual" else None,
                "dynamic_shapes": _read_json(self.dynamic_shapes),
                **{name: chosen for name, _, chosen in self.choices},
            }
        )


def _read_argv(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise OptionsError(
            f"The arguments cannot be read: {error}.", "Write them as in a shell, quotes closed."
        ) from None


def _read_strict(text: str) -> bool | None:
    if text not in _STRICT:
        raise OptionsError(f"Strict cannot be {text[:40]!r}.", "Choose one of the offered values.")
    return _STRICT[text]


def _read_stages(text: str) -> list[str] | dict[str, list[str]] | None:
    """Lines of paths, or of `role: path, path`; not both, for a plan has one form."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return None
    named = [line for line in lines if ":" in line]
    if not named:
        return lines
    if len(named) < len(lines):
        raise OptionsError(
            "The stages mix lines with a role and lines without.",
            "Write either module paths alone, or `role: path` on every line.",
        )
    roles: dict[str, list[str]] = {}
    for line in named:
        role, _, paths = line.partition(":")
        roles.setdefault(role.strip(), []).extend(p.strip() for p in paths.split(",") if p.strip())
    return roles


def _read_json(text: str) -> JsonValue:
    if not text.strip():
        return None
    try:
        value: JsonValue = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise OptionsError(
            f"The dynamic shapes are not JSON: {error}.",
            'Write e.g. {"video": {"0": "batch", "2": {"name": "time", "min": 4, "max": 64}}}.',
        ) from None
    return value


def _write_stages(stages: list[str] | dict[Role, str | list[str]] | None) -> str:
    if not isinstance(stages, dict):
        return "\n".join(stages or [])
    return "\n".join(
        f"{role.value}: {paths if isinstance(paths, str) else ', '.join(paths)}"
        for role, paths in stages.items()
    )


def _write_plan(plan: list[ComponentView]) -> str:
    return "\n".join(f"{component.role.value}: {component.path}" for component in plan)


def _write_json(value: JsonValue) -> str:
    return "" if value is None else json.dumps(value, indent=2, ensure_ascii=False)

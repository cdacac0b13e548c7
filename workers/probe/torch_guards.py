"""Guards with the user's line, caught while torch's shape environment logs them.

Private interface: `ShapeEnv._log_guard(prefix, expression, forcing_spec)` and the environment's
`var_to_sources`. torch keeps no user line for a guard in non-strict export, and its structured
trace makes an export 8 to 10 times slower, so the stack is walked at the moment of the guard.
Where the method is missing no guard is recorded and the stage says so by listing none.
"""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.fx.experimental.symbolic_shapes import ShapeEnv

from .emit import TEXT, cap
from .expressions import in_words
from .frames import Frame, Places, frame_of, outwards
from .owners import owner_of, path_of

_SIZE = re.compile(r"\.size\(\)\[(\d+)\]")
_LOCAL = re.compile(r"L\['(\w+)'\]")


@dataclass
class Recorded:
    """One guard or runtime assertion, as it was logged."""

    kind: str
    expression: Any  # sympy
    sources: dict[str, str]  # symbol → what it is in the inputs
    frame: Frame | None
    framework: str
    owner: int | None = None  # identity of the state of the module whose code asked

    def module_path(self, root: nn.Module) -> str | None:
        """The path of the module whose code asked."""
        return path_of(root, self.owner)

    @property
    def text(self) -> str:
        """The expression in torch's symbols."""
        return str(self.expression)

    @property
    def meaning(self) -> str:
        """The expression in terms of the inputs; empty where a symbol is none of theirs."""
        return in_words(self.expression, self.sources)

    @property
    def fixes(self) -> tuple[str, int] | None:
        """The source and the value of a dimension that this guard fixes, if it does."""
        expression = self.expression
        if type(expression).__name__ != "Equality" or len(expression.free_symbols) != 1:
            return None
        (symbol,) = expression.free_symbols
        left, right = expression.args
        if not {left, right} - {symbol} or str(symbol) not in self.sources:
            return None
        number = right if left == symbol else left
        return (self.sources[str(symbol)], int(number)) if number.is_Integer else None


@dataclass
class GuardLog:
    """What one export assumed, in order."""

    places: Places
    recorded: list[Recorded] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)  # symbol → source, of all seen

    def add(self, env: ShapeEnv, prefix: str, expression: Any) -> None:
        """Take one guard with the line that asked for it."""
        frame, framework, owner = _who_asked(self.places)
        sources = {str(symbol): _source(env, symbol) for symbol in expression.free_symbols}
        sources = {symbol: source for symbol, source in sources.items() if source}
        self.names |= sources
        kind = "runtime_assert" if prefix.startswith("runtime_assert") else "guard"
        self.recorded.append(Recorded(kind, expression, sources, frame, framework, owner))

    @property
    def fixed(self) -> set[str]:
        """The inputs' dimensions that some guard fixes, `x.shape[0]`."""
        return {guard.fixes[0] for guard in self.recorded if guard.fixes}

    def as_events(self, asked: set[str]) -> list[dict[str, Any]]:
        """Guards as workers/events.py has them, each once.

        Args:
            asked: the inputs' dimensions that were asked to be AUTO, `x.shape[0]`.
        """
        events: dict[tuple[str, str, int], dict[str, Any]] = {}
        for guard in self.recorded:
            fixes = guard.fixes
            key = (guard.kind, guard.text, guard.frame.line if guard.frame else 0)
            events.setdefault(
                key,
                {
                    "kind": "specialisation" if fixes else guard.kind,
                    "expression": cap(guard.text, TEXT),
                    "meaning": cap(guard.meaning, TEXT),
                    "frame": guard.frame.as_event() if guard.frame else None,
                    "framework": cap(guard.framework, TEXT),
                    "silent": fixes is not None and fixes[0] in asked,
                },
            )
        return list(events.values())


@contextmanager
def recorded_guards(places: Places) -> Iterator[GuardLog]:
    """Record every guard of the exports in the block."""
    log = GuardLog(places)
    original = getattr(ShapeEnv, "_log_guard", None)
    if original is None:
        yield log
        return

    def log_guard(self: ShapeEnv, prefix: str, g: Any, *args: Any, **kwargs: Any) -> Any:
        log.add(self, prefix, g)
        return original(self, prefix, g, *args, **kwargs)

    ShapeEnv._log_guard = log_guard  # type: ignore[method-assign]
    try:
        yield log
    finally:
        ShapeEnv._log_guard = original  # type: ignore[method-assign]


def symbol_meanings(program: torch.export.ExportedProgram) -> dict[str, str]:
    """Symbol → the input's dimension that it stands for, read from the placeholders."""
    meanings: dict[str, str] = {}
    inputs = set(program.graph_signature.user_inputs)
    for node in program.graph.nodes:
        value = node.meta.get("val")
        if node.op != "placeholder" or node.name not in inputs or not hasattr(value, "shape"):
            continue
        for index, size in enumerate(value.shape):
            if not isinstance(size, int):
                meanings.setdefault(str(size), f"{node.name}.shape[{index}]")
    return meanings


def source_name(raw: str) -> str:
    """`L['x'].size()[0]` as a person writes it: `x.shape[0]`."""
    return _LOCAL.sub(r"\1", _SIZE.sub(r".shape[\1]", raw))


def _source(env: ShapeEnv, symbol: Any) -> str:
    sources = getattr(env, "var_to_sources", {}).get(symbol) or []
    if not sources:
        return ""
    name = sources[0].name
    return source_name(name() if callable(name) else name)


def _who_asked(places: Places) -> tuple[Frame | None, str, int | None]:
    """The innermost user frame of the running stack, the torch frame it called, its module."""
    if traced := _traced(places):
        return traced, "", None
    inner = ""
    for running in outwards(sys._getframe(3)):
        code = running.f_code
        where, file = places.place(code.co_filename)
        if where in ("upload", "library"):
            return frame_of(running, running.f_lineno, places), inner, owner_of(running)
        if where == "torch":
            inner = f"{file}:{running.f_lineno} in {code.co_name}"
    return None, inner, None


def _traced(places: Places) -> Frame | None:
    """The user's line that dynamo is at in strict export, where none of the user's frames runs."""
    context = getattr(torch._guards, "TracingContext", None)
    if context is None or context.try_get() is None:
        return None
    for item in reversed(context.extract_stack()):
        if places.is_user(item.filename):
            return places.frame(item.filename, item.lineno or 0, item.name)
    return None

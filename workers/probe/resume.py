"""Goes past what stops an export, inside the export: one export then meets every blocker.

While the model is traced, each call of a torch function is compared with the same call of a
recorded eager run. A question on data that the user's code asks is answered with the value that
it had there; a call that fails is replaced by an opaque operator with the outputs that it gave.
What was met on the way are the findings. Values are the eager run's own, so that the export goes
on where eager went; a question on the size of a stand-in is ours, and is no finding.
"""

import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from types import CodeType, FrameType
from typing import Any

import torch
from torch.fx.experimental.symbolic_shapes import ShapeEnv
from torch.overrides import TorchFunctionMode

from .boundary import Around, can_be_wrapped, wrapped
from .categories import chain_of
from .diagnose import Finding, Scene, finding_of
from .evidence import evidence_within
from .frames import frame_of
from .handlers import is_handled
from .hints import hint_for
from .loops import REPEATS, Loop, Loops
from .met import Path
from .opaque import Opaque, is_custom
from .outputs import Output, tensor_leaves
from .owners import owner_of, owner_of_call, path_of
from .recorder import is_iterator, user_frame
from .recording import Cursor, Key, Recorded, key_of, key_of_code
from .torch_answers import environment_of, fresh_symbols_forgotten, hints
from .values import Values

# An address is no number to go on with: what it points to is not there.
_NOT_ANSWERED = frozenset({"data_ptr", "untyped_storage", "storage", "_storage"})
# Calls that give Python a number or a truth value.
_TO_PYTHON = frozenset({"__bool__", "__int__", "__float__", "__index__", "item"})
# What must end the export: it says nothing of the model.
_FATAL = (MemoryError, RecursionError)


class Resume(TorchFunctionMode):
    """The mode that the model runs under. `top` is the file whose frame calls the model."""

    def __init__(
        self,
        scene: Scene,
        cursor: Cursor,
        opaque: Opaque,
        values: Values,
        path: Path,
        top: str,
        stack: ExitStack,
    ) -> None:
        super().__init__()
        self._stack = stack  # of what ends with the export
        self.path = path
        self._scene = scene
        self._cursor = cursor
        self._opaque = opaque
        self._values = values
        self._top = top
        self._inside = 0  # calls of torch functions that are running
        self._on = False
        self._loops = Loops()
        self._cuts: set[CodeType] = set()  # functions whose calls in a loop are not made any more
        self._wrong = ""  # a custom operator whose fake kernel is not like its real one

    def __enter__(self) -> "Resume":
        self._on = True
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *exc: Any) -> None:
        super().__exit__(*exc)  # type: ignore[no-untyped-call]
        self._on = False

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Make the call; where it fails, give what it gave in eager."""
        given = kwargs or {}
        frame = user_frame(self._scene.places, sys._getframe(1))
        if frame is None or torch.compiler.is_dynamo_compiling():
            return func(*args, **given)
        key = key_of(frame, func)
        recorded = self._cursor.next(key)
        if (loop := self._loops.known(key, frame)) and (gave := recorded()):
            return self._again(loop, gave, (args, given))
        if (repeated := self._loops.repeated(key, frame, recorded)) is not None:
            return repeated
        self._inside += 1
        try:
            result = func(*args, **given)
        except Exception as error:
            if key[2] in _NOT_ANSWERED or self.must_raise(error, sys._getframe(1)):
                raise
            if (gave := recorded()) is None:
                raise
            loop = self._loops.count(key, frame, failed=True)
            return self._instead(error, gave, (args, given), loop)
        finally:
            self._inside -= 1
        if not is_iterator(result) and self._values.learn(result, recorded):
            self._loops.count(key, frame)
        self._watch(func, frame, result, recorded)
        self._loops.keep(key, recorded, result)
        return result

    def answer(self, env: ShapeEnv, expression: Any, error: BaseException) -> Any:
        """What an undecidable expression was in eager, where the user's own code asks."""
        live = sys._getframe(1)
        if not self._on or self._inside or self.must_raise(error, live):
            return None
        value = self._values.of(expression, hints(env))
        if value is None:
            return None
        if not self._values.is_invented(expression):
            finding = self.find(error, live)
            finding.value = str(value)
            met = self.path.add(finding, _answered(finding.value))
            if self._loops.last is not None and self._loops.last.is_at(finding):
                self._loops.last.met = met
        return value

    def must_raise(self, error: BaseException, live: FrameType) -> bool:
        """Whether an exception is not ours to stop."""
        if isinstance(error, _FATAL):
            return True
        return is_handled(error, live, self._scene.places, self._top)

    def find(self, error: BaseException, live: FrameType) -> Finding:
        """The finding of an exception that was caught below this running frame."""
        scene = self._scene
        before = scene.call.stack
        found = finding_of(evidence_within(error, scene.places, before, live, self._top), scene)
        if found.category == "unknown" and self._wrong:
            found.category = "mismatched_fake_kernel"
            found.hint = f"{hint_for(found.category)} {self._wrong}"
        return found

    def recorded(self, key: Key) -> Recorded:
        """What the call of this key that comes now gave in the eager run."""
        return self._cursor.next(key)

    def stand_in(self, recorded: Output, inputs: Any) -> Any:
        """A value like the recorded one, after a call that failed."""
        env = environment_of(inputs)
        if env is not None:
            fresh_symbols_forgotten(env)
        is_number = all(isinstance(leaf, bool | int | float) for leaf in recorded.leaves)
        if self.path.sound_guards is None and not is_number:
            self.path.sound_guards = len(self._scene.guards.recorded)
        return self._opaque.stand_in(recorded, inputs)

    def _instead(self, error: BaseException, recorded: Output, inputs: Any, loop: Loop) -> Any:
        asked = [link.cond for link in chain_of(error) if hasattr(link, "cond")]
        if not any(self._values.is_invented(expression) for expression in asked) and not (
            asked and self._loops.is_trusted(loop.key)
        ):
            finding = self.find(error, sys._getframe(2))
            finding.value = self._value_of(asked, recorded, inputs)
            name = loop.key[2]
            how = _answered(finding.value) if name in _TO_PYTHON else _gave(name)
            loop.met = self.path.add(finding, how)
        return self.stand_in(recorded, inputs)

    def _watch(
        self, func: Callable[..., Any], frame: FrameType, result: Any, recorded: Recorded
    ) -> None:
        """Remember what explains an error that comes later, at a line that is not to blame."""
        if getattr(func, "__name__", "") == "__set__":
            module = path_of(self._scene.call.model, owner_of(frame))
            self.path.assigned = frame_of(frame, frame.f_lineno, self._scene.places), module
        if self._wrong or not is_custom(func) or (gave := recorded()) is None:
            return
        sizes = [tuple(one.shape) for one in tensor_leaves(result)]
        real = [one.shape for one in gave.tensors]
        if self._values.contradict(sizes, real):
            at = frame_of(frame, frame.f_lineno, self._scene.places)
            self._wrong = (
                f"{func} at {at.file}:{at.line} gives {_shapes(sizes)} by its fake kernel, "
                f"and gave {_shapes(real)} in the eager run."
            )

    def _again(self, loop: Loop, recorded: Output, inputs: Any) -> Any:
        """What a call gave that has come often enough: what it meets is known by now."""
        if loop.met is not None:
            loop.met.again += 1
        self._cut(loop)
        return self._opaque.stand_in(recorded, inputs, constant=True)

    def _cut(self, loop: Loop) -> None:
        """Let the function around a known loop's call, if it always gives the same, give that.

        Then which of its calls is meant makes no difference.
        """
        if loop.code in self._cuts or loop.calls <= REPEATS or not can_be_wrapped(loop.code):
            return
        self._cuts.add(loop.code)
        outputs = self._cursor.all(key_of_code(loop.code))
        first = next(outputs, None)
        if first and first.is_constant and all(one.is_like(first) for one in outputs):
            around = self._stand_in_for(loop.code, loop.owner, first)
            self._stack.enter_context(wrapped(loop.code, around))

    def _stand_in_for(self, code: CodeType, owner: int | None, output: Output) -> Around:
        def around(real: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            if owner_of_call(args, sys._getframe(1)) != owner:
                return real(*args, **kwargs)
            for loop in self._loops.of(code, owner):
                if loop.met is not None:
                    loop.met.again += 1
            return self._opaque.stand_in(output, (args, kwargs), constant=True)

        return around

    def _value_of(self, asked: list[Any], recorded: Output, inputs: Any) -> str:
        """What was asked for, in the eager run; empty where it is not known."""
        if len(recorded.leaves) == 1 and isinstance(recorded.leaves[0], bool | int | float):
            return str(recorded.leaves[0])
        env = environment_of(inputs)
        for expression in asked:
            value = self._values.of(expression, hints(env) if env else {})
            if value is not None:
                return str(value)
        return ""


def _answered(value: str) -> str:
    return f"it was answered as in the eager run: {value}"


def _gave(name: str) -> str:
    return f"the call of {name} gave what it gave in the eager run"


def _shapes(sizes: Sequence[tuple[Any, ...]]) -> str:
    return " and ".join(str(list(shape)) for shape in sizes)

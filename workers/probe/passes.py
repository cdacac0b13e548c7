"""One export of the whole model that goes past its blockers, and the eager run that it repeats."""

import functools
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import CodeType
from typing import Any

import torch

from .boundary import wrapped
from .call import Call
from .calls import past
from .diagnose import Scene
from .frames import Places
from .inputs import Hidden, hidden
from .met import Path
from .opaque import opaque_operators
from .patching import replaced
from .prefix import tensors_in
from .recorder import recorded
from .recording import Cursor, Recording
from .resume import Resume
from .snapshot import Snapshot, clone_tensors
from .torch_answers import answered
from .torch_trace import unwound_module_stack
from .values import Values

FILE = __file__  # of the frame that calls the model under a Resume mode


@dataclass(frozen=True)
class Widened:
    """What an export may bypass beyond questions and calls of torch functions."""

    functions: tuple[CodeType, ...] = ()  # the user's functions and forwards
    plain_inputs: bool = False  # what export does not take stays out of its sight
    plain_outputs: bool = False  # what is no pytree of tensors is given back as its tensors
    static: bool = False  # no dimension is dynamic
    without_grad: bool = False  # the export runs under no_grad
    as_made: bool = False  # attributes are put back before export looks at them


@dataclass
class Pass:
    """One export under a Resume mode."""

    call: Call
    snapshot: Snapshot
    recording: Recording
    widened: Widened
    path: Path = field(default_factory=Path)
    after_forward: Callable[[Path], None] = lambda path: None  # all that forward meets was met

    def export(self) -> torch.export.ExportedProgram:
        """Make the call, within `around`."""
        call = replace(self.call, dynamic_shapes=None) if self.widened.static else self.call
        if self.widened.plain_inputs:
            args, kwargs = self._inputs.shown
            call = replace(call, args=args, kwargs=kwargs)
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.widened.without_grad):
            return call.export()

    @cached_property
    def _inputs(self) -> Hidden:
        return hidden(self.call.args, self.call.kwargs)

    @contextmanager
    def around(self, scene: Scene) -> Iterator[None]:
        """Within the block an export goes past what it can."""
        model, values, path = self.call.model, Values(), self.path
        original = model.forward
        with ExitStack() as stack:
            opaque = stack.enter_context(opaque_operators(values))
            resume = Resume(scene, Cursor(self.recording), opaque, values, path, FILE, stack)

            @functools.wraps(original)  # export reads the signature of forward
            def forward(*args: Any, **kwargs: Any) -> Any:
                if self.widened.plain_inputs:
                    args, kwargs = self._inputs.put_back(args, kwargs)
                with resume:
                    result = original(*args, **kwargs)
                self.after_forward(path)
                if self.widened.as_made:
                    self.snapshot.restore_attributes()
                return tensors_in(result) if self.widened.plain_outputs else result

            stack.enter_context(replaced(model, "forward", forward))
            stack.enter_context(answered(resume.answer))
            stack.enter_context(unwound_module_stack())
            for code in self.widened.functions:
                stack.enter_context(wrapped(code, past(resume, self.call.model)))
            yield


def record(call: Call, places: Places, snapshot: Snapshot) -> Recording:
    """Run the model once in eager, with every call of torch's and the user's functions recorded.

    Raises:
        BaseException: whatever the model raises.
    """
    recording = Recording()
    args, kwargs = clone_tensors((call.args, call.kwargs))
    snapshot.restore()
    with torch.no_grad(), recorded(places, recording):
        call.model(*args, **kwargs)
    snapshot.restore()
    return recording

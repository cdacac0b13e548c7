"""The eager run: one real forward, every module's calls in order, what each component got."""

import resource
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from .emit import SHORT, cap
from .plan import Called
from .snapshot import clone_tensors
from .specs import count_elements, specs_of

MOST_MODULES = 20_000


@dataclass
class Recorded:
    """One submodule of the run."""

    called: int = 0
    inputs: tuple[tuple[Any, ...], dict[str, Any]] | None = None  # of its first call


@dataclass
class EagerRun:
    """What the run gave."""

    seconds: float
    outputs: Any
    modules: list[Called]
    own: dict[str, int]  # path → elements that it owns and no module before it does
    inputs: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = field(default_factory=dict)

    def as_event(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        """The run as workers/events.py has it."""
        return {
            "seconds": self.seconds,
            "peak_rss_bytes": peak_rss_bytes(),
            "inputs": inputs,
            "outputs": specs_of(self.outputs),
            "modules": [
                {
                    "path": cap(module.path, SHORT),
                    "class_name": cap(module.class_name, SHORT),
                    "calls": module.calls,
                    "parameters": module.parameters,
                    "own": self.own[module.path],
                }
                for module in self.modules[:MOST_MODULES]
            ],
        }


def run_eager(
    model: nn.Module,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    keep: Callable[[str], bool],
) -> EagerRun:
    """Run the model once under no_grad, with hooks on its submodules.

    Args:
        model: the model as the script made it.
        args: its positional inputs; the run gets copies.
        kwargs: its keyword inputs.
        keep: whether the inputs of the module with this path are kept, for its export alone.

    Raises:
        BaseException: whatever the model raises.
    """
    args, kwargs = clone_tensors((args, kwargs))
    recorded: dict[str, Recorded] = {}
    handles = [
        module.register_forward_pre_hook(
            _recorder(recorded, path, keep(path)), with_kwargs=True, prepend=True
        )
        for path, module in model.named_modules()
        if path
    ]
    started = time.perf_counter()
    try:
        with torch.no_grad():
            outputs = model(*args, **kwargs)
    finally:
        for handle in handles:
            handle.remove()
    seconds = time.perf_counter() - started
    return EagerRun(
        seconds,
        outputs,
        [_called(model, path, record.called) for path, record in recorded.items()],
        _own_parameters(model, recorded),
        {path: record.inputs for path, record in recorded.items() if record.inputs is not None},
    )


def modules_of(model: nn.Module) -> list[Called]:
    """Every submodule as though it were called once, in the order in which they were made."""
    return [_called(model, path, 1) for path, _ in model.named_modules() if path]


def peak_rss_bytes() -> int:
    """The most memory this process has held."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _recorder(recorded: dict[str, Recorded], path: str, keeps: bool) -> Callable[..., None]:
    def hook(_module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        record = recorded.setdefault(path, Recorded())
        record.called += 1
        if keeps and record.inputs is None:
            record.inputs = clone_tensors((args, kwargs))

    return hook


def _own_parameters(model: nn.Module, paths: Iterable[str]) -> dict[str, int]:
    seen: set[int] = set()
    own: dict[str, int] = {}
    for path in paths:
        found = {id(one): one for one in model.get_submodule(path).parameters(recurse=False)}
        own[path] = count_elements(found[key] for key in found.keys() - seen)
        seen |= found.keys()
    return own


def _called(model: nn.Module, path: str, calls: int) -> Called:
    module = model.get_submodule(path)
    return Called(path, type(module).__name__, count_elements(module.parameters()), calls)

"""Coverage: how much of what the eager run called was exported in some stage."""

from collections.abc import Sequence

from torch import nn

from .plan import Called
from .stages import Program


class Coverage:
    """Collects the modules whose calls some passed stage has exported."""

    def __init__(self, model: nn.Module, called: Sequence[Called]) -> None:
        self._model = model
        self._called = called
        self._exported: set[str] = set()

    def add_component(self, path: str) -> None:
        """A component that passed covers all that was called below it."""
        self._exported |= {
            module.path
            for module in self._called
            if module.path == path or module.path.startswith(f"{path}.")
        }

    def add_program(self, program: Program) -> None:
        """A prefix covers the modules that its nodes come from."""
        for node in program.graph.nodes:
            for path, _cls in (node.meta.get("nn_module_stack") or {}).values():
                self._exported.add(path)

    def as_event(self) -> dict[str, int]:
        """The sums, as workers/events.py has them."""
        done = [module for module in self._called if module.path in self._exported]
        return {
            "modules": len(self._called),
            "modules_exported": len(done),
            "parameters": self._parameters([module.path for module in self._called]),
            "parameters_exported": self._parameters([module.path for module in done]),
            "calls": sum(module.calls for module in self._called),
            "calls_exported": sum(module.calls for module in done),
        }

    def _parameters(self, paths: Sequence[str]) -> int:
        """The parameters these modules own, each counted once."""
        owned = {
            id(parameter): parameter.numel()
            for path in paths
            for parameter in self._model.get_submodule(path).parameters(recurse=False)
        }
        return sum(owned.values())

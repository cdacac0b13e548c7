"""Coverage: what of the model was exported in some stage, and each module's fate. Pure."""

from collections.abc import Iterable
from typing import Any

from app.graphs.document import GraphDocument
from app.models import Fate, StageKind, StageStatus
from app.paths import ancestors
from workers.events import BlockerReport, ModuleCall


class Coverage:
    """Collects the fates of the modules that the eager run called."""

    def __init__(self, modules: Iterable[ModuleCall] = ()) -> None:
        self._modules = list(modules)
        self._exported: set[str] = set()
        self._failed: set[str] = set()  # as stages of their own
        self._stops: set[str] = set()  # modules whose own code stops the whole
        self._jumped: set[str] = set()
        self._everything = False

    def called(self, modules: Iterable[ModuleCall]) -> None:
        """Take what the eager run called. Stages of the whole child may have ended before."""
        self._modules = list(modules)

    def add_stage(
        self,
        kind: StageKind,
        component: str | None,
        status: StageStatus,
        graph: GraphDocument | None,
    ) -> None:
        """Take a stage that ended. What is decomposed was exported by another one."""
        if kind is StageKind.DECOMPOSED:
            return
        alone = kind in (StageKind.COMPONENT, StageKind.PART)
        if status == StageStatus.PASSED:
            if kind is StageKind.WHOLE:
                self._everything = True
            elif alone and component is not None:
                self._exported |= {component, *self._below(component)}
            elif graph is not None:
                # What a prefix was cut out of has not run to its end.
                self._exported |= _paths_in(graph) - set(ancestors(component or ""))
        elif status == StageStatus.FAILED and alone and component is not None:
            self._failed.add(component)

    def add_blockers(self, blockers: Iterable[BlockerReport]) -> None:
        """Take all that stops the whole model, in place of what was known of it before."""
        found = list(blockers)
        self._stops = {
            one.module for blocker in found for one in blocker.occurrences if one.module is not None
        }
        self._jumped = {blocker.jumped for blocker in found if blocker.jumped is not None}

    def fates(self) -> list[Fate]:
        """The fate of each module, in the eager run's order."""
        stopped = {path for stop in self._stops for path in (stop, *ancestors(stop))}
        failed = stopped | self._failed
        return [self._fate(module.path, failed, stopped) for module in self._modules]

    def as_data(self) -> dict[str, Any]:
        """Sums and fates, as a run keeps them."""
        fates = self.fates()
        done = [
            module
            for module, fate in zip(self._modules, fates, strict=True)
            if fate is Fate.EXPORTED
        ]
        return {
            "modules": len(self._modules),
            "modules_exported": len(done),
            "parameters": sum(module.own for module in self._modules),
            "parameters_exported": sum(module.own for module in done),
            "calls": sum(module.calls for module in self._modules),
            "calls_exported": sum(module.calls for module in done),
            "fates": [fate.value for fate in fates],
        }

    def _fate(self, path: str, failed: set[str], stopped: set[str]) -> Fate:
        if self._everything:
            return Fate.EXPORTED
        if path in self._exported and path not in stopped:
            return Fate.EXPORTED
        if path in failed:
            return Fate.FAILED
        if any(_is_below(path, jumped) for jumped in self._jumped):
            return Fate.BYPASSED
        return Fate.NOT_REACHED

    def _below(self, path: str) -> set[str]:
        return {module.path for module in self._modules if _is_below(module.path, path)}


def _is_below(path: str, ancestor: str) -> bool:
    return not ancestor or path.startswith(f"{ancestor}.")


def _paths_in(graph: GraphDocument) -> set[str]:
    return {path for node in graph.nodes for path, _class, _call in node.modules if path}

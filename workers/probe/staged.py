"""The staged child: eager, plan, each component alone, then prefixes up to the whole."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, NoReturn

import torch
from torch import nn

from .call import Call
from .diagnose import Finding, script_failure
from .eager import EagerRun, modules_of, run_eager
from .emit import SHORT, TEXT, Emitter, cap
from .errors import ScriptError
from .frames import Places
from .handover import give
from .job import Job
from .plan import Called, Plan, PlannedStage, make_plan
from .prefix import Prefix
from .recorder import recorded
from .snapshot import Snapshot
from .specs import input_specs
from .stages import Attempt, Bench

MOST_PARTS = 12  # children of failed components that are exported alone


def run_staged(
    job: Job, places: Places, emitter: Emitter, call: Call, script_stages: Any
) -> NoReturn:
    """Do the staged child's work and end the process.

    Raises:
        ScriptError: the wanted stages name nothing.
    """
    wanted = job.stages or script_stages
    bench = Bench(call, places, emitter, Snapshot(call.model))
    likely = _likely_components(call.model, wanted)
    try:
        eager = _first_run(job, bench, likely)
    except BaseException as error:  # sys.exit() in a forward is a result as well
        emitter.emit("failed", failure=script_failure(error, places, "eager_error"))
        emitter.finish()
    emitter.emit("eager", **eager.as_event(input_specs(call.args, call.kwargs)))
    plan = make_plan(eager.modules, wanted)
    emitter.emit("planned", **_as_event(plan))
    Staged(bench, eager).run(plan)
    emitter.finish()


def _first_run(job: Job, bench: Bench, likely: set[str]) -> EagerRun:
    """The eager run, recorded for the whole child: it may need it, and so need not make its own.

    Raises:
        BaseException: whatever the model raises.
    """
    call = bench.call
    run = partial(run_eager, call.model, call.args, call.kwargs, likely.__contains__)
    giver = give(job.handover, call, bench.places.root)
    if giver is None:
        return run()
    try:
        with recorded(bench.places, giver):
            eager = run()
    except BaseException:  # perhaps for the recorder
        giver.abandon()
        bench.snapshot.restore()
        return run()
    giver.close()
    return eager


def _likely_components(model: nn.Module, wanted: Any) -> set[str]:
    """Whose inputs are worth their copies in the first eager run, before its plan is known.

    Components, and children of those that may fail: a backbone's are large, and seldom wanted.
    """
    modules = modules_of(model)
    try:
        components = make_plan(modules, wanted).components
    except ScriptError:  # what is wanted is told apart from what was called after the run
        return set()
    likely = {component.path for component in components}
    for component in components:
        children = _right_below(component.path, modules)
        if component.role != "backbone" and len(children) <= MOST_PARTS:
            likely |= {child.path for child in children}
    return likely


def _right_below(path: str, modules: Sequence[Called]) -> list[Called]:
    """The nearest of these modules below this path."""
    below = [module for module in modules if module.path.startswith(f"{path}.")]
    paths = {module.path for module in below}
    return [module for module in below if not paths & set(ancestors(module.path))]


class Staged:
    """The stages of one plan, and the parts of what failed among them."""

    def __init__(self, bench: Bench, eager: EagerRun) -> None:
        self._bench = bench
        self._eager = eager

    def run(self, plan: Plan) -> None:
        """Try every stage in order, then the children of the modules that stopped a component."""
        self._keep_inputs([component.path for component in plan.components])
        stopped: dict[str, None] = {}
        for stage in plan.stages:
            if stage.kind != "component":
                self._assembled(stage)
                continue
            findings = self._alone(stage.key, stage.component)
            stopped |= dict.fromkeys(one.module for one in findings if one.module is not None)
        self._parts(stopped, {component.path for component in plan.components})

    def _parts(self, stopped: Iterable[str], known: set[str]) -> None:
        """Export the children of these modules alone: is it their own code, or a child's?"""
        parts = [
            child
            for path in stopped
            for child in _right_below(path, self._eager.modules)
            if child.path not in known
        ][:MOST_PARTS]
        self._keep_inputs([part.path for part in parts])
        for part in parts:
            key = f"part:{part.path}"
            stage = {
                "key": cap(key, SHORT),
                "kind": "part",
                "name": cap(part.path, SHORT),
                "component": cap(part.path, SHORT),
            }
            self._alone(cap(key, SHORT), part.path, stage)

    def _alone(self, key: str, path: str, stage: dict[str, Any] | None = None) -> list[Finding]:
        bench, module = self._bench, self._bench.call.model.get_submodule(path)
        args, kwargs = self._eager.inputs[path]
        export = _exporter(module, args, kwargs, bench.call.strict)
        return bench.run(Attempt(key, export, module, module, args, kwargs), stage).findings

    def _assembled(self, stage: PlannedStage) -> None:
        bench, call = self._bench, self._bench.call
        if call.strict:
            bench.skip(stage.key, "A prefix can only be cut in non-strict export.")
            return
        calls = next(one.calls for one in self._eager.modules if one.path == stage.component)
        prefix = Prefix(call.model, stage.component, calls)

        def export() -> torch.export.ExportedProgram:
            with prefix.installed():
                return call.export()

        bench.run(Attempt(stage.key, export, prefix, call.model, call.args, call.kwargs))

    def _keep_inputs(self, paths: Sequence[str]) -> None:
        """Have the inputs of these modules; where some were not kept, by another eager run."""
        missing = set(paths) - self._eager.inputs.keys()
        if missing:
            call = self._bench.call
            self._bench.snapshot.restore()
            again = run_eager(call.model, call.args, call.kwargs, missing.__contains__)
            self._eager.inputs.update(again.inputs)


def ancestors(path: str) -> Iterator[str]:
    """`a.b` and `a` of `a.b.c`."""
    while "." in path:
        path = path.rpartition(".")[0]
        yield path


def _exporter(
    module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], strict: bool
) -> Callable[[], torch.export.ExportedProgram]:
    return lambda: torch.export.export(module, args, kwargs, strict=strict)


def _as_event(plan: Plan) -> dict[str, Any]:
    return {
        "components": [
            {
                "path": cap(item.path, 400),
                "class_name": cap(item.class_name, 400),
                "role": item.role,
                "why": cap(item.why, TEXT),
                "parameters": item.parameters,
                "calls": item.calls,
            }
            for item in plan.components
        ],
        "stages": [
            {
                "key": cap(stage.key, 400),
                "kind": stage.kind,
                "name": cap(stage.name, 400),
                "component": cap(stage.component, 400),
                "role": stage.role,
            }
            for stage in plan.stages
        ],
    }

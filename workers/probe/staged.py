"""The staged child: eager, plan, each component alone, then prefixes up to the whole."""

from collections.abc import Callable
from typing import Any, NoReturn

import torch
from torch import nn

from .call import Call
from .coverage import Coverage
from .diagnose import script_failure
from .eager import EagerRun, run_eager
from .emit import TEXT, Emitter, cap
from .frames import Places
from .job import Job
from .plan import Plan, PlannedStage, make_plan
from .prefix import Prefix
from .snapshot import Snapshot
from .specs import input_specs
from .stages import Attempt, Bench

DEEPEST_FOUND = 4  # components that the plan finds by itself lie no deeper


def run_staged(
    job: Job, places: Places, emitter: Emitter, call: Call, script_stages: Any
) -> NoReturn:
    """Do the staged child's work and end the process.

    Raises:
        ScriptError: the wanted stages name nothing.
    """
    wanted = job.stages or script_stages
    bench = Bench(call, places, emitter, Snapshot(call.model))
    try:
        eager = run_eager(call.model, call.args, call.kwargs, _keeper(wanted))
    except BaseException as error:  # sys.exit() in a forward is a result as well
        emitter.emit("failed", failure=script_failure(error, places, "eager_error"))
        emitter.finish()
    emitter.emit("eager", **eager.as_event(input_specs(call.args, call.kwargs)))
    plan = make_plan(eager.modules, wanted)
    emitter.emit("planned", **_as_event(plan))
    coverage = Coverage(call.model, eager.modules)
    for stage in plan.stages:
        _run_stage(bench, stage, eager, coverage)
    emitter.finish(coverage=coverage.as_event())


def _keeper(wanted: Any) -> Callable[[str], bool]:
    if wanted:
        return lambda _path: True
    return lambda path: path.count(".") < DEEPEST_FOUND


def _run_stage(bench: Bench, stage: PlannedStage, eager: EagerRun, coverage: Coverage) -> None:
    call = bench.call
    if stage.kind == "component":
        if stage.component not in eager.inputs:
            bench.skip(stage.key, "It lies too deep for its inputs to be kept: name it in stages.")
            return
        module = call.model.get_submodule(stage.component)
        args, kwargs = eager.inputs[stage.component]
        attempt = Attempt(
            stage.key, _exporter(module, args, kwargs, call.strict), module, module, args, kwargs
        )
        if bench.run(attempt).program is not None:
            coverage.add_component(stage.component)
        return
    if call.strict:
        bench.skip(stage.key, "A prefix can only be cut in non-strict export.")
        return
    calls = next(module.calls for module in eager.modules if module.path == stage.component)
    prefix = Prefix(call.model, stage.component, calls)

    def export() -> torch.export.ExportedProgram:
        with prefix.installed():
            return call.export()

    attempt = Attempt(stage.key, export, prefix, call.model, call.args, call.kwargs)
    program = bench.run(attempt).program
    if program is not None:
        coverage.add_program(program)


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

"""From a script to the call that exports its model: the three ways a script may be written."""

import inspect
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from .call import Call, Form
from .catch import Catcher
from .dynamic import shapes_from_json
from .errors import ScriptError
from .job import Job
from .listing import list_calls
from .placeholder import Placeholder
from .script import run_as_main

INPUT_NAMES = ("inputs", "example_inputs", "get_inputs")

THREE_WAYS = """\
Write it in one of these three ways.

1. It exports itself:
    import torch
    model = Net().eval()
    x = torch.randn(1, 3, 64, 64)
    torch.export.export(model, (x,))

2. It has a model and inputs by name:
    def get_model():
        return Net().eval()
    def get_inputs():
        return (torch.randn(1, 3, 64, 64),)

3. It has one class that needs no arguments, with its inputs:
    class Net(torch.nn.Module):
        example_inputs = (torch.randn(1, 3, 64, 64),)
        def forward(self, x):
            return torch.relu(x)
"""


def load_call(job: Job, catcher: Catcher) -> tuple[Call, Any]:
    """Run the script and put the call together from its names.

    Does not return when the script exports by itself: the catcher takes over then.

    Returns:
        the call, and `stages` as the script has it (None: it has none).

    Raises:
        ScriptError: there is no model or no inputs, with what to do.
        BaseException: whatever the script raises.
    """
    catcher.install()
    names = run_as_main(job)
    catcher.restore()
    if catcher.calls_made:
        raise ScriptError(
            f"The option call picks export call {job.call}; the script made {catcher.calls_made}.",
            "Pick a call between 1 and that number.",
        )
    call = _from_names(names) or _from_class(names)
    if call is None:
        raise ScriptError("The script has nothing to export that could be found.", THREE_WAYS)
    call.listed = list_calls(job.root, job.script, [])
    return call, names.get("stages")


def apply_options(call: Call, job: Job) -> Call:
    """The call with what the run's options change.

    Raises:
        ScriptError: there is no nn.Module in it, or the options do not fit its inputs.
    """
    if isinstance(call.model, Placeholder):
        raise ScriptError(
            f"The model itself is missing: {call.model!r}.",
            "Build the model in the script, or put the file into a .zip.",
        )
    if not isinstance(call.model, nn.Module):
        raise ScriptError(
            f"What the script exports is a {type(call.model).__name__}, not an nn.Module.",
            "torch.export takes an nn.Module: put the code into the forward of one.",
        )
    if job.strict is not None:
        call.strict = job.strict
    if job.dynamic_shapes is not None:
        call.dynamic_shapes = shapes_from_json(job.dynamic_shapes)
    return call


def _from_names(names: dict[str, Any]) -> Call | None:
    if "Model" in names and "get_inputs" in names and "model" not in names:
        build, arguments = names["Model"], names.get("get_init_inputs", tuple)()
        model = build(**arguments) if isinstance(arguments, dict) else build(*arguments)
    elif "model" in names:
        model = names["model"]
    elif callable(names.get("get_model")):
        model = names["get_model"]()
    else:
        return None
    given = next((name for name in INPUT_NAMES if name in names), None)
    if given is None:
        raise ScriptError(
            "The script has a model and no inputs.",
            "Name the example inputs `inputs`, `example_inputs` or `get_inputs()`: "
            "a tuple for positional arguments, a dict for keyword arguments.",
        )
    if isinstance(model, type):
        raise ScriptError(
            f"`model` is the class {model.__name__}, not an instance of it.",
            f"Write model = {model.__name__}(…).",
        )
    inputs, others = _first_of(model, _made(names[given]))
    call = _call(model, inputs, names, "names")
    call.others = others
    return call


def _made(inputs: Any) -> Any:
    return inputs() if callable(inputs) else inputs


def _first_of(model: Any, inputs: Any) -> tuple[Any, list[Any]]:
    """Of a list of several example inputs the first and the rest; else the inputs themselves.

    A list is several where each item is a tuple or a dict and forward does not take so many.
    """
    if not isinstance(inputs, list) or len(inputs) < 2 or not isinstance(model, nn.Module):
        return inputs, []
    if len({type(one) for one in inputs}) != 1 or type(inputs[0]) not in (tuple, dict):
        return inputs, []
    try:
        inspect.signature(model.forward).bind(*inputs)
    except TypeError:
        return inputs[0], inputs[1:]
    return inputs, []


def _from_class(names: dict[str, Any]) -> Call | None:
    classes = [value for value in names.values() if _is_own_module(value)]
    usable = [cls for cls in dict.fromkeys(classes) if hasattr(cls, "example_inputs")]
    if len(usable) != 1 or not _needs_no_arguments(usable[0]):
        return None
    model = usable[0]()
    inputs = model.example_inputs
    return _call(model, inputs() if callable(inputs) else inputs, names, "class")


def _is_own_module(value: object) -> bool:
    return (
        isinstance(value, type) and issubclass(value, nn.Module) and value.__module__ == "__main__"
    )


def _needs_no_arguments(cls: type) -> bool:
    parameters = inspect.signature(cls).parameters.values()
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return all(p.default is not p.empty or p.kind in variadic for p in parameters)


def _call(model: Any, inputs: Any, names: dict[str, Any], form: Form) -> Call:
    if isinstance(inputs, Mapping):
        args: tuple[Any, ...] = ()
        kwargs = dict(inputs)
    elif isinstance(inputs, torch.Tensor):
        args, kwargs = (inputs,), {}
    elif isinstance(inputs, tuple | list):
        args, kwargs = tuple(inputs), {}
    else:
        raise ScriptError(
            f"The inputs are a {type(inputs).__name__}.",
            "Give a tuple for positional arguments or a dict for keyword arguments.",
        )
    return Call(model, args, kwargs, names.get("dynamic_shapes"), strict=False, form=form)

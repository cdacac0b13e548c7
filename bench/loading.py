"""Loads an upload script as a person would, in a Python that need have torch alone."""

import runpy
from pathlib import Path
from typing import Any

import torch

Loaded = tuple[Any, tuple[Any, ...], dict[str, Any]]


class _Caught(BaseException):
    """The script has made its export call: what it would do with the program is left out."""

    def __init__(self, call: Loaded) -> None:
        super().__init__()
        self.call = call


def model_and_inputs(script: Path) -> Loaded:
    """The model of a script, with its args and kwargs: what it names, or what it exports itself."""
    export = torch.export.export
    torch.export.export = _catch  # type: ignore[assignment]
    try:
        names = runpy.run_path(str(script), run_name="__main__")
    except _Caught as caught:
        return caught.call
    finally:
        torch.export.export = export
    inputs = names["inputs"] if "inputs" in names else names["get_inputs"]()
    model = names["model"] if "model" in names else names["get_model"]()
    args, kwargs = ((), inputs) if isinstance(inputs, dict) else (tuple(inputs), {})
    return model, args, kwargs


def _catch(mod: Any, args: tuple[Any, ...], kwargs: Any = None, **_options: Any) -> None:
    raise _Caught((mod, args, kwargs or {}))

"""Loads an upload script as a person would, in a Python that need have torch alone."""

import runpy
from pathlib import Path
from typing import Any


def model_and_inputs(script: Path) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
    """The model of a script that names `model` and `inputs`, with its args and kwargs."""
    names = runpy.run_path(str(script), run_name="__main__")
    inputs = names["inputs"]
    args, kwargs = ((), inputs) if isinstance(inputs, dict) else (tuple(inputs), {})
    return names["model"], args, kwargs

"""Loads an upload script as a person would, in a Python that need have torch alone."""

import runpy
from pathlib import Path
from typing import Any

import torch

Loaded = tuple[Any, tuple[Any, ...], dict[str, Any]]


def model_and_inputs(script: Path) -> Loaded:
    """The model of a script, with its args and kwargs: what it names, or what it exports itself."""
    caught: list[Loaded] = []

    def catch(mod: Any, args: tuple[Any, ...], kwargs: Any = None, **_options: Any) -> None:
        caught.append((mod, args, kwargs or {}))

    export = torch.export.export
    torch.export.export = catch  # type: ignore[assignment]
    try:
        names = runpy.run_path(str(script), run_name="__main__")
    finally:
        torch.export.export = export
    if caught:
        return caught[0]
    inputs = names["inputs"] if "inputs" in names else names["get_inputs"]()
    model = names["model"] if "model" in names else names["get_model"]()
    args, kwargs = ((), inputs) if isinstance(inputs, dict) else (tuple(inputs), {})
    return model, args, kwargs

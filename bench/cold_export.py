"""What a person does today: `python bench/cold_export.py script.py` only exports its model.

A script that exports itself simply runs; for the others its names are exported once.
"""

import runpy
import sys
from typing import Any

import torch


def main(path: str) -> None:
    """Export the script's model, and say in a word what came of it."""
    try:
        names = runpy.run_path(path, run_name="__main__")
        if "model" in names or "get_model" in names:
            _export(names)
        print("exported")
    except Exception as error:  # whatever stops it is what the person would see
        print(f"failed: {type(error).__name__}")


def _export(names: dict[str, Any]) -> None:
    model = names["model"] if "model" in names else names["get_model"]()
    given = next(names[key] for key in ("inputs", "get_inputs") if key in names)
    inputs = given() if callable(given) else given
    args, kwargs = ((), inputs) if isinstance(inputs, dict) else (tuple(inputs), {})
    torch.export.export(model, args, kwargs, dynamic_shapes=names.get("dynamic_shapes"))


if __name__ == "__main__":
    main(sys.argv[1])

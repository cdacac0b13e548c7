"""Runs pytest in the vision runtime's Python: tests that call the probe meet that torch.

    .venv-vision/bin/python -m scripts.vision_tests .venv/lib/python3.11/site-packages …

What the runtime does not have (pytest itself, pydantic) comes from the other environment, last on
the path: a package that both have is the runtime's.
"""

import importlib
import sys
from pathlib import Path


def main(packages: str, *arguments: str) -> int:
    """Run it; its exit status."""
    sys.path.append(str(Path(packages).resolve()))
    status: int = importlib.import_module("pytest").main(list(arguments))
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

"""The probe's program: loads the package under a private name, warms it up, runs its jobs.

A zygote calls `warm` once and, in each child that it forks, `run`. The name keeps `import main` or
`import events` in an upload from finding the probe's files. A checkout that is installed into the
runtime itself is taken off the import path for the same end.
"""

import importlib
import importlib.util
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import Any

NAME = "_stagelight_probe"


def load_package() -> None:
    """Put the package that this file lies in into sys.modules as NAME."""
    here = Path(__file__).resolve().parent
    checkout = here.parent.parent
    if str(checkout) not in sysconfig.get_paths().values():  # a wheel shares its folder with torch
        sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != checkout]
    spec = importlib.util.spec_from_file_location(
        NAME, here / "__init__.py", submodule_search_locations=[str(here)]
    )
    assert spec is not None
    assert spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules[NAME] = package
    spec.loader.exec_module(package)


def warm(preload: Sequence[str]) -> list[str]:
    """Import torch and the modules of `preload` that are here; returns those."""
    load_package()
    found: list[str] = importlib.import_module(f"{NAME}.warm").warm_up(preload)
    return found


def run(job: dict[str, Any], events: int) -> None:
    """Do one job, with its events written to the descriptor `events`, and end the process."""
    importlib.import_module(f"{NAME}.main").main(job, events)

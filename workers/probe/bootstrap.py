"""The probe's program: loads the package under a private name and starts it.

The name keeps `import main` or `import events` in an upload from finding the probe's files. A
checkout that is installed into the runtime itself is taken off the import path for the same end.
"""

import importlib
import importlib.util
import sys
from pathlib import Path

NAME = "_stagelight_probe"


def load_package() -> None:
    """Put the package that this file lies in into sys.modules as NAME."""
    here = Path(__file__).resolve().parent
    checkout = here.parent.parent
    if (checkout / "pyproject.toml").exists():  # an installed wheel shares its folder with torch
        sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != checkout]
    spec = importlib.util.spec_from_file_location(
        NAME, here / "__init__.py", submodule_search_locations=[str(here)]
    )
    assert spec is not None
    assert spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules[NAME] = package
    spec.loader.exec_module(package)


if __name__ == "__main__":
    load_package()
    importlib.import_module(f"{NAME}.main").main(sys.argv[1:])

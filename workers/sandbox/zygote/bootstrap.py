"""The zygote's program: loads this package under a private name and serves the worker.

Started by enter.py as `python -I bootstrap.py FD`, FD being its control socket. The name keeps
an upload's `import loop` or `import seal` from finding these files.
"""

import importlib
import importlib.util
import socket
import sys
from pathlib import Path
from types import ModuleType

NAME = "_stagelight_zygote"
PROGRAM = "_stagelight_program"


def load(path: str, name: str, *, package: bool) -> ModuleType:
    """The module or package in this file, as sys.modules[name]."""
    folders = [str(Path(path).parent)] if package else None
    spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=folders)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def main(control: int) -> None:
    """Serve the worker at the other end of `control`."""
    load(str(Path(__file__).with_name("__init__.py")), NAME, package=True)
    loop = importlib.import_module(f"{NAME}.loop")
    with socket.socket(fileno=control) as connection:
        loop.Zygote(connection, lambda path: load(path, PROGRAM, package=False)).serve()


if __name__ == "__main__":
    main(int(sys.argv[1]))

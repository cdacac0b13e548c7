"""Runs the script as Python would: as `__main__`, with its arguments and its folder."""

import ast
import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from .errors import ScriptError
from .job import Job

ARGV_HINT = "If the script wants command-line arguments, give them in the option argv."


def run_as_main(job: Job) -> dict[str, Any]:
    """Run the entry file as `__main__` and return its names once it has ended by itself.

    Raises:
        ScriptError: it ended itself with an exit status.
        BaseException: whatever the script raises.
    """
    script = job.script
    source = script.read_bytes()
    code = compile(source, str(script), "exec", dont_inherit=True)
    module = ModuleType("__main__")
    module.__dict__.update(__file__=str(script), __builtins__=__builtins__, __cached__=None)
    sys.modules["__main__"] = module
    sys.argv = [str(script), *job.argv]
    sys.path[:0] = _import_path(job)
    if package := _package_of(job, source):
        module.__package__ = package
        importlib.import_module(package)
    try:
        exec(code, module.__dict__)  # noqa: S102 - running the upload is what this process is for
    except SystemExit as end:
        if end.code not in (None, 0):
            raise ScriptError(
                f"The script ended itself with exit status {end.code}.", ARGV_HINT
            ) from end
    return module.__dict__


def _import_path(job: Job) -> list[str]:
    """The script's own folder first, as Python has it, then the root of the upload."""
    return list(dict.fromkeys([str(job.script.parent), str(job.root)]))


def _package_of(job: Job, source: bytes) -> str:
    """The package that relative imports of the entry file start from; empty: it has none."""
    imports = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom))
    if not any(node.level for node in imports):
        return ""
    folder = job.script.parent
    if folder == job.root:
        # Files at the top of a zip: the folder of the upload stands for the package.
        sys.path.append(str(job.root.parent))
        return job.root.name
    return ".".join(folder.relative_to(job.root).parts)


def top_level_packages() -> list[str]:
    """What a script can import here beside the standard library, by name."""
    names = set()
    for folder in sys.path:
        for path in Path(folder).glob("*/__init__.py"):
            names.add(path.parent.name)
    return sorted(name for name in names if not name.startswith("_"))

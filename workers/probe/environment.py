"""What this process runs on: versions a person needs to repeat the result."""

import platform
import sys
from importlib import metadata
from typing import Any

import torch

from .emit import SHORT, cap


def environment() -> dict[str, Any]:
    """Python, torch, the platform, and every package the script has imported, with versions."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "platform": cap(platform.platform(), SHORT),
        "threads": torch.get_num_threads(),
        "packages": _packages_seen(),
    }


def _packages_seen() -> dict[str, str]:
    names = {name.partition(".")[0] for name in list(sys.modules)} - sys.stdlib_module_names
    versions = {}
    for name in sorted(names):
        if not name.startswith("_"):
            try:
                versions[cap(name, SHORT)] = cap(metadata.version(name), SHORT)
            except metadata.PackageNotFoundError:
                continue
    return versions

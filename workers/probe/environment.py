"""What this process runs on: versions a person needs to repeat the result."""

import ast
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

from .emit import SHORT, cap
from .preloaded import brought_in_vain, packages_loaded


def environment(root: Path) -> dict[str, Any]:
    """Python, torch, the platform, and every package the script has imported, with versions.

    Args:
        root: the upload's folder. A package that was there before the script counts only where
            the upload imports it.
    """
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "platform": cap(platform.platform(), SHORT),
        "threads": torch.get_num_threads(),
        "packages": _packages_seen(root),
    }


def _packages_seen(root: Path) -> dict[str, str]:
    names = packages_loaded() - brought_in_vain(_imported_by(root))
    versions = {}
    for name in sorted(names):
        if not name.startswith("_"):
            try:
                versions[cap(name, SHORT)] = cap(metadata.version(name), SHORT)
            except metadata.PackageNotFoundError:
                continue
    return versions


def _imported_by(root: Path) -> set[str]:
    """The packages that the upload's own files name in an import."""
    names: set[str] = set()
    for path in root.rglob("*.py"):
        try:
            tree = ast.parse(path.read_bytes())
        except (OSError, SyntaxError, ValueError, RecursionError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names |= {name.name.partition(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.partition(".")[0])
    return names

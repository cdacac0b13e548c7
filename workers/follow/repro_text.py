"""What stands over a repro, in comments: what fails and how, on which versions. Pure."""

import ast
from collections.abc import Mapping
from typing import Any

from app.models import Blocker
from app.text import visible

MOST_LINE = 96  # characters of a comment


def heading(blocker: Blocker, environment: Mapping[str, Any], script: str) -> str:
    """The comments over a script. It names no file, path or module of the upload."""
    kind = blocker.exception.rpartition(".")[2]
    what = blocker.message.partition("\n")[0]
    lines = [
        f"torch.export.export fails ({blocker.category.value.replace('_', ' ')}):",
        f"{kind}: {what}" if what else kind,
        "",
        f"{versions(environment, script)}.",
        "Inputs are random, of the recorded shapes and dtypes; weights are as constructed.",
    ]
    return "\n".join(_comment(line) for line in lines)


def versions(environment: Mapping[str, Any], script: str) -> str:
    """Python, torch and the packages that the script imports, with their versions."""
    packages = environment.get("packages", {})
    used = [f"{name} {packages[name]}" for name in imported(script) if name in packages]
    known = [name for name in used if not name.startswith("torch ")]
    return ", ".join(
        [
            f"torch {environment.get('torch', '')}",
            *known,
            f"Python {environment.get('python', '')}",
            str(environment.get("platform", "")),
        ]
    )


def imported(script: str) -> list[str]:
    """The top-level packages that a script imports, in order; none of one that cannot be read."""
    try:
        nodes = [*ast.walk(ast.parse(script))]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    names: dict[str, None] = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= dict.fromkeys(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names[node.module.partition(".")[0]] = None
    return [*names]


def _comment(line: str) -> str:
    text = " ".join(visible(line).split())
    if len(text) > MOST_LINE:
        text = f"{text[:MOST_LINE]}…"
    return f"# {text}".rstrip()

"""Lists the export calls that stand in the source, beside those that were made."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .emit import SHORT, cap

FUNCTIONS = (
    "torch.export.export",
    "torch.export.draft_export",
    "torch.onnx.export",
    "torch.jit.trace",
)
MOST = 200


def list_calls(root: Path, script: Path, made: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every call that was made, then those in the entry file that were not reached."""
    reached = {(call["file"], call["line"]) for call in made}
    file = script.relative_to(root).as_posix()
    unreached = [
        {"function": name, "file": cap(file, SHORT), "line": line, "index": None, "chosen": False}
        for name, line in _calls_in(script.read_text(encoding="utf-8"))
        if (file, line) not in reached
    ]
    return [*made, *unreached][:MOST]


def _calls_in(source: str) -> Iterator[tuple[str, int]]:
    tree = ast.parse(source)
    aliases = {"torch": "torch"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            aliases |= {name.asname: name.name for name in node.names if name.asname}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            aliases |= {n.asname or n.name: f"{node.module}.{n.name}" for n in node.names}
    found = (
        (_dotted(node.func, aliases), node.lineno)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    )
    yield from sorted(
        ((name, line) for name, line in found if name in FUNCTIONS), key=lambda call: call[1]
    )


def _dotted(node: ast.expr, aliases: dict[str, str]) -> str:
    if isinstance(node, ast.Name):
        return aliases.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value, aliases)}.{node.attr}"
    return ""

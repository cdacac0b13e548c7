"""The gallery: scripts that ship with Stagelight, each with the verdict it promises."""

import ast
import re
from functools import lru_cache
from pathlib import Path

from app.errors import NotFoundError
from app.models import Category, Verdict
from app.services.views import ExampleView
from app.settings import ROOT

FOLDER = ROOT / "examples"

_PROMISE = re.compile(r"^(Verdict|Category): *(\w+)$", re.MULTILINE)


@lru_cache
def list_examples(folder: Path = FOLDER) -> tuple[ExampleView, ...]:
    """All examples by name. What each is about stands in its docstring."""
    return tuple(_describe(path) for path in sorted(folder.glob("*.py")))


def read_example(name: str, folder: Path = FOLDER) -> tuple[ExampleView, bytes]:
    """One example with its source; NotFoundError lists what there is."""
    for example in list_examples(folder):
        if example.name == name:
            return example, (folder / f"{name}.py").read_bytes()
    names = ", ".join(example.name for example in list_examples(folder))
    raise NotFoundError(f"There is no example {name[:80]!r}.", f"Choose one of: {names}.")


def _describe(path: Path) -> ExampleView:
    source = path.read_text(encoding="utf-8")
    docstring = ast.get_docstring(ast.parse(source)) or ""
    promise = dict(_PROMISE.findall(docstring))
    first, _, rest = _PROMISE.sub("", docstring).strip().partition("\n\n")
    return ExampleView(
        name=path.stem,
        title=" ".join(first.split()).rstrip("."),
        description=" ".join(rest.split()),
        verdict=Verdict(promise["Verdict"]) if "Verdict" in promise else None,
        category=Category(promise["Category"]) if "Category" in promise else None,
        size=len(source.encode()),
        url=f"/api/examples/{path.stem}",
    )

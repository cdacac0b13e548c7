"""The pages of docs/: which there are, and each as HTML, read anew once its file has changed."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from app.docs import Document, Outline, outline, render
from app.errors import NotFoundError
from app.models import Category
from app.settings import ROOT

FOLDER = ROOT / "docs"
CATEGORIES = FOLDER / "categories"
PICTURES = FOLDER / "pictures"

# Every category once, by what a person can do about it.
GROUPS: tuple[tuple[str, tuple[Category, ...]], ...] = (
    (
        "What torch.export cannot follow",
        (
            Category.DATA_DEPENDENT_BRANCH,
            Category.DATA_DEPENDENT_SHAPE,
            Category.TENSOR_TO_PYTHON,
            Category.DYNAMIC_SHAPE_VIOLATION,
            Category.UNSUPPORTED_INPUT,
            Category.UNSUPPORTED_OUTPUT,
            Category.UNSUPPORTED_PYTHON,
            Category.NUMPY_CONVERSION,
        ),
    ),
    (
        "Operators of your own",
        (
            Category.MISSING_FAKE_KERNEL,
            Category.MISMATCHED_FAKE_KERNEL,
            Category.CUSTOM_OP,
        ),
    ),
    (
        "It exports, and something is lost",
        (Category.MUTATION, Category.NUMERIC_MISMATCH, Category.SERIALIZATION),
    ),
    (
        "The script, before any export",
        (Category.EAGER_ERROR, Category.SCRIPT_ERROR, Category.SANDBOX),
    ),
    (
        "Limits and ends",
        (
            Category.TIMEOUT,
            Category.OUT_OF_MEMORY,
            Category.OUTPUT_LIMIT,
            Category.CRASH,
            Category.INTERNAL,
            Category.UNKNOWN,
        ),
    ),
)


@dataclass(frozen=True)
class DocLink:
    """A page in an index."""

    name: str
    address: str
    outline: Outline


def list_docs(folder: Path = FOLDER) -> tuple[DocLink, ...]:
    """The pages that lie in the folder itself, by name."""
    paths = sorted(folder.glob("*.md"))
    return tuple(DocLink(path.stem, f"/docs/{path.stem}", _outline_of(path)) for path in paths)


def list_categories() -> tuple[tuple[str, tuple[DocLink, ...]], ...]:
    """The pages of all categories, in groups that have a title."""
    return tuple((title, tuple(map(_category_link, group))) for title, group in GROUPS)


def read_doc(name: str, folder: Path = FOLDER) -> Document:
    """A page by its name; NotFoundError where there is none."""
    # Looked up among the names that there are: what was asked for becomes no path.
    path = {path.stem: path for path in folder.glob("*.md")}.get(name)
    if path is None:
        raise NotFoundError(f"There is no page {name[:80]!r}.", "The index, /docs, lists all.")
    return _render(path, path.stat().st_mtime_ns)


def read_picture(name: str) -> Path:
    """The file of a picture by its name; NotFoundError where there is none."""
    path = {path.name: path for path in PICTURES.iterdir()}.get(name)
    if path is None:
        raise NotFoundError(f"There is no picture {name[:80]!r}.", "The index, /docs, lists all.")
    return path


def _category_link(category: Category) -> DocLink:
    path = CATEGORIES / f"{category.value}.md"
    return DocLink(category.value, f"/docs/categories/{category.value}", _outline_of(path))


def _outline_of(path: Path) -> Outline:
    return _outline(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=128)
def _outline(path: Path, _changed: int) -> Outline:
    return outline(path.read_text(encoding="utf-8"))


@lru_cache(maxsize=64)
def _render(path: Path, _changed: int) -> Document:
    text = path.read_text(encoding="utf-8")
    return render(text, path.relative_to(FOLDER).as_posix())

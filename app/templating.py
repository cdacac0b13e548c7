"""Jinja2 with everything escaped, and the page contexts' way to HTML."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import ClassVar

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from app.services.asker import Asker
from app.settings import ROOT
from app.text import terminal, visible

TEMPLATES = ROOT / "templates"
STATIC = ROOT / "static"

ICONS = "vendor/icons.svg"  # drawn by <use>, from here or from the document itself
NOTHING = "\u2013"  # shown where there is no value
SPELLINGS = (("data_dependent", "data-dependent"), ("python", "Python"), ("numpy", "NumPy"))


@dataclass(frozen=True)
class Page:
    """What one template needs; a template knows it as `page`."""

    template: ClassVar[str]


class Strict(StrictUndefined):
    """A name that nobody gave is an error; `x if y` without else is nothing."""

    def __str__(self) -> str:  # type: ignore[override]  # the parent's never returns
        if self._undefined_name is None:
            return ""
        return super().__str__()


def render(
    page: Page, status: int = 200, *, asker: Asker | None, unsandboxed_site: bool
) -> HTMLResponse:
    """The page as an answer to `asker`; None: it was turned away before it was known who asks.

    `unsandboxed_site`: no script that is uploaded gets a sandbox.
    """
    template = environment().get_template(page.template)
    given = {"page": page, "asker": asker, "unsandboxed_site": unsandboxed_site}
    return HTMLResponse(template.render(given), status)


@lru_cache
def environment(*, offline: bool = False) -> Environment:
    """The one environment, which keeps the templates it compiled; `offline`: that of a file that
    has all it needs in itself.
    """
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=Strict,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["asset"] = enclosed if offline else asset
    made.filters.update(
        ago=ago,
        moment=moment,
        seconds=seconds,
        size=size,
        number=number,
        count=count,
        thousands=thousands,
        words=words,
        terminal=terminal,
        tojson_plain=tojson_plain,
    )
    return made


def _finalize(value: object) -> object:
    """Every text that a template writes is made visible; markup was already."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return visible(value)
    return value


@lru_cache
def asset(path: str) -> str:
    """The address of a static file, with its content's hash so that browsers may keep it."""
    file = STATIC / path
    if not file.is_file():  # vendored files are not there before `make` ran
        return f"/static/{path}"
    return f"/static/{path}?v={hashlib.sha256(file.read_bytes()).hexdigest()[:12]}"


def enclosed(path: str) -> str:
    """The address of the icons in a document that holds them itself. It may have no other asset."""
    if path != ICONS:
        raise ValueError(f"{path} is not in the document")
    return ""


def ago(then: datetime) -> str:
    """How long ago, in one unit."""
    passed = int((datetime.now(UTC) - then).total_seconds())
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if passed >= length:
            return f"{passed // length} {unit} ago"
    return "just now"


def moment(then: datetime) -> str:
    """A time in full."""
    return then.strftime("%Y-%m-%d %H:%M:%S UTC")


def seconds(value: float | None) -> str:
    """A duration with three digits at most."""
    if value is None:
        return NOTHING
    if value < 1:
        return f"{value * 1000:.0f} ms"
    if value < 60:
        return f"{value:.1f} s"
    return f"{int(value // 60)} min {int(value % 60):02} s"


def size(value: float) -> str:
    """Bytes in the unit that fits."""
    for unit in ("B", "KiB", "MiB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} GiB"


def number(value: float | str | None) -> str:
    """A difference: few digits; text (`inf`, `nan`) as it is."""
    if value is None:
        return NOTHING
    return value if isinstance(value, str) else f"{value:.3g}"


def count(value: int) -> str:
    """A count: thousands apart, millions in short."""
    if value < 1_000_000:
        return f"{value:,}"
    if value < 10_000_000:
        return f"{value / 1e6:.2f} M"
    return f"{value / 1e6:.0f} M" if value < 1_000_000_000 else f"{value / 1e9:.2f} G"


def thousands(value: float) -> str:
    """A number to its last digit, thousands apart."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,}"


def words(value: str) -> str:
    """A word of an enum as people write it."""
    for word, written in SPELLINGS:
        value = value.replace(word, written)
    return value.replace("_", " ")


def tojson_plain(value: object) -> str:
    """A value as JSON text, to be read and escaped like any text."""
    return json.dumps(value, ensure_ascii=False)

"""A report as one HTML file that opens offline: nothing in it is asked for, nothing in it runs."""

import base64
import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from markupsafe import Markup

from app.reports.report import Report
from app.reports.sheet import ReportSheet
from app.templating import ICONS, STATIC, Page, environment

SHEETS = (
    *("tokens", "base", "layout", "badge", "table", "code", "buttons", "form"),
    *("report", "blockers", "remedies", "shapes", "share"),
)


@dataclass(frozen=True)
class ReportFile(Page):
    """The file. Its style is allowed by its hash, and nothing else is."""

    template: ClassVar[str] = "report.html"
    sheet: ReportSheet
    policy: str
    style: Markup
    icons: Markup


def html_report(report: Report) -> str:
    """The file's text."""
    style = _style()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    page = ReportFile(
        sheet=ReportSheet.of(report),
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; "
        "form-action 'none'",
        style=style,
        icons=_icons(),
    )
    return environment(offline=True).get_template(page.template).render(page=page)


@lru_cache
def _style() -> Markup:
    """All sheets in one, in their order. They are our own files, and hold no end of a style."""
    texts = (STATIC / "css" / f"{name}.css" for name in SHEETS)
    return Markup("\n".join(path.read_text(encoding="utf-8") for path in texts))  # noqa: S704


@lru_cache
def _icons() -> Markup:
    """The symbols of all icons; none in a checkout that was not made yet."""
    path = STATIC / ICONS
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    return Markup("".join(re.findall(r"<symbol.*?</symbol>", text, re.DOTALL)))  # noqa: S704

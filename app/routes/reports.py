"""Reports as files, taken without a link: for pages and, the same, for programs."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response

from app.db import read_scope
from app.errors import NotFoundError
from app.models import ShareKind
from app.reports.html import html_report
from app.reports.markdown import markdown_report
from app.reports.report import Report
from app.routes.files import PYTHON, file
from app.services.reports import read_report
from app.subjects import find_subject
from app.web import Here

Format = Literal["html", "json", "md", "py"]
What = Annotated[str, Path(max_length=80, examples=["12", "12.3", "11:12"])]

_MEDIA: dict[Format, str] = {
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "md": "text/markdown; charset=utf-8",
    "py": PYTHON,
}

_TEXTS = {
    media.partition(";")[0]: {"schema": {"type": "string"}}
    for form, media in _MEDIA.items()
    if form != "json"
}

router = APIRouter(include_in_schema=False)
api = APIRouter(prefix="/api", tags=["shares"])


@router.get("/reports/{kind}/{what}.{form}")
@api.get(
    "/reports/{kind}/{what}.{form}",
    response_class=Response,
    responses={200: {"model": Report, "content": _TEXTS}},
)
def report(
    web: Here,
    kind: ShareKind,
    what: What,
    form: Format,
    source: Annotated[bool, Query(description="Whether lines of code may be in it.")] = False,
) -> Response:
    """A report as a file: `12`, `12.3` (stage or blocker), `11:12` (base and head)."""
    with read_scope(web.engine) as session:
        made = read_report(
            session, web.store, find_subject(session, kind, what), with_source=source
        )
    return report_file(made, form)


def report_file(made: Report, form: Format) -> Response:
    """A report in one of its forms. Never shown in place: it is a document of its own."""
    name = made.subject.lower().replace(" ", "-")
    match form:
        case "html":
            content = html_report(made)
        case "json":
            content = made.model_dump_json(indent=2)
        case "md":
            content = markdown_report(made)
        case "py":
            content, name = _repro(made), f"repro-{name}"
    return file(content, f"{name}.{form}", _MEDIA[form])


def _repro(made: Report) -> str:
    """The small script; NotFoundError where there is none, or none may be shown."""
    blocker = made.reproducible
    if blocker is None or blocker.repro is None:
        raise NotFoundError(
            "This report has no repro script.",
            "Only a blocker has one, where a smaller script failed alike; it is source, too.",
        )
    return blocker.repro.text

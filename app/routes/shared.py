"""What a link opens: one report, to be read. No account, no way on, no difference between ends."""

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import APIRouter, Request, Response

from app.db import read_scope, session_scope
from app.errors import NotFoundError
from app.models import Share
from app.reports.report import Report
from app.reports.sheet import ReportSheet
from app.routes.reports import Format, report_file
from app.services.asker import Asker
from app.services.reports import read_report
from app.services.shares import ShareGoneError, count_view, open_share
from app.share_pages import SharedPage
from app.subjects import subject_of
from app.web import Here, Web, Who

METHODS = ["GET", "HEAD"]
NOT_TOLD = "User-agent: *\nDisallow: /s/\n"

router = APIRouter(include_in_schema=False)


@router.get("/robots.txt")
def robots() -> Response:
    """Tell crawlers to leave links alone; that a page is not to be indexed, each says itself."""
    return Response(NOT_TOLD, media_type="text/plain")


@router.api_route("/s/{token}", methods=METHODS)
def page(request: Request, web: Here, asker: Who, token: str) -> Response:
    """The report as a page."""
    share, report = _open(web, asker, token)
    response = web.render(SharedPage(f"/s/{token}", ReportSheet.of(report)))
    return _seen(request, web, share, response)


@router.api_route("/s/{token}/report.{form}", methods=METHODS)
def report_as(request: Request, web: Here, asker: Who, token: str, form: str) -> Response:
    """The report as a file."""
    known: dict[str, Format] = {"html": "html", "json": "json", "md": "md"}
    share, report = _open(web, asker, token)
    if form not in known:
        raise ShareGoneError
    return _seen(request, web, share, report_file(report, known[form]))


@router.api_route("/s/{token}/repro.py", methods=METHODS)
def repro(request: Request, web: Here, asker: Who, token: str) -> Response:
    """The small script that fails alike, where the link shows source and there is one."""
    share, report = _open(web, asker, token)
    if report.reproducible is None:
        raise ShareGoneError
    return _seen(request, web, share, report_file(report, "py"))


@router.api_route("/s/{rest:path}", methods=METHODS)
def nothing(web: Here, asker: Who) -> Response:
    """Every other address below answers as a link that does not open."""
    with _guesses_counted(web, asker):
        raise ShareGoneError


def _open(web: Web, asker: Asker, token: str) -> tuple[Share, Report]:
    """The link and its report, as it is now."""
    with _guesses_counted(web, asker), read_scope(web.engine) as session:
        share = open_share(session, token)
        subject = subject_of(session, share)
        return share, read_report(session, web.store, subject, with_source=share.with_source)


@contextmanager
def _guesses_counted(web: Web, asker: Asker) -> Iterator[None]:
    """Count what does not open, and let nobody try who had too many of those."""
    with web.rates.guess(asker.address):
        try:
            yield
        except NotFoundError:  # it would say what is gone
            raise ShareGoneError from None


def _seen(request: Request, web: Web, share: Share, response: Response) -> Response:
    """Count the view of an answer that is ready, unless nobody gets to see it."""
    if request.method == "GET":
        assert share.id is not None
        with session_scope(web.engine) as session:
            count_view(session, share.id)
    return response

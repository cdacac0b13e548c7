"""The documentation: its index, its pages, and one page for each category of failures."""

from fastapi import APIRouter
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse

from app.pages import DocPage, DocsPage
from app.services.docs import CATEGORIES, list_categories, list_docs, read_doc, read_picture
from app.web import Here

router = APIRouter(prefix="/docs", include_in_schema=False)


@router.get("")
def index(web: Here) -> HTMLResponse:
    """What pages there are."""
    return web.render(DocsPage(list_docs(), list_categories()))


@router.get("/categories")
def to_categories() -> RedirectResponse:
    """Where files link to the folder."""
    return RedirectResponse("/docs#categories", status_code=308)


@router.get("/pictures/{name}")
def show_picture(name: str) -> FileResponse:
    """A picture of a page."""
    return FileResponse(read_picture(name))


@router.get("/{name}")
def show(web: Here, name: str) -> HTMLResponse:
    """A page of docs/."""
    return web.render(DocPage(name, read_doc(name), category=False))


@router.get("/categories/{name}")
def show_category(web: Here, name: str) -> HTMLResponse:
    """What a category means, and the ways out."""
    return web.render(DocPage(name, read_doc(name, CATEGORIES), category=True))

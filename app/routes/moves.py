"""How a page sends the browser elsewhere after a form was taken."""

from fastapi import Request, Response
from fastapi.responses import RedirectResponse


def go(request: Request, url: str) -> Response:
    """A redirect that works for a plain form and for htmx, which would follow a 303 itself."""
    if request.headers.get("HX-Request"):
        return Response(status_code=204, headers={"HX-Redirect": url})
    return RedirectResponse(url, status_code=303)

"""How a route lets somebody in: what it knows of their browser, and the cookie that it gives it."""

from fastapi import Request, Response

from app.cookies import cookie_in, cookie_name, set_cookie
from app.routes.moves import go
from app.services.asker import Asker
from app.services.entry import Visit
from app.web import Web


def visit_of(request: Request, web: Web, asker: Asker) -> Visit:
    """What a new login is made from."""
    return Visit(
        address=asker.address,
        agent=request.headers.get("user-agent", ""),
        cookie=cookie_in(request, cookie_name(web.settings)),
        days=web.settings.session_days,
    )


def let_in(request: Request, web: Web, token: str, url: str) -> Response:
    """Go to `url`, with the cookie of a new login."""
    response = go(request, url)
    set_cookie(response, web.settings, token)
    return response

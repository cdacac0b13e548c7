"""Finds out who asks, and lets through who may. It reads nothing of a request but its head."""

import time
from urllib.parse import SplitResult, quote, urlsplit

from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.bodies import BodyError
from app.cookies import cookie_in, cookie_name
from app.errors import LoginNeededError, NotFoundError, StagelightError
from app.login_pages import LoginNeededPage
from app.middleware import bearer_of, host_of
from app.models import PersonRole
from app.pages import Problem
from app.problems import answer, wants_json
from app.rights import LOGIN, LOGOUT, SAFE_METHODS, right_of
from app.services.asker import Asker, Right, Via
from app.services.identity import identify, local_asker, nobody
from app.settings import Settings
from app.web import Web, asking

FRESH_SECONDS = 1.0  # that it is good to know who sent a request


class OnlyHereError(StagelightError):
    """There are no accounts, and the request came by a name that others know too."""

    code = "only_here"
    status = 403

    def __init__(self) -> None:
        super().__init__(
            "At this address only shared links open: there are no accounts.",
            "Set STAGELIGHT_ACCOUNTS=true, or use 127.0.0.1 on the machine itself.",
        )


class Gate:
    """Every request passes here once: who it is from, and whether they may ask for this at all.

    Nobody gets the login page, or 401; somebody without the right gets the 404 of what is not
    there. Whether an object is their own is for app/access.py.
    """

    def __init__(self, app: ASGIApp, settings: Settings, engine: Engine) -> None:
        self.app = app
        self.settings = settings
        self.engine = engine

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on as its asker's, or answer it with why not."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        right = right_of(request.method, scope["path"])
        try:
            asker = await self._find(request, right)
            self._check(asker, right)
        except StagelightError as error:
            await _refuse(request, error)(scope, receive, send)
            return
        if request.method not in SAFE_METHODS and right is not Right.PUBLIC:
            receive = self._again(request, right, asker, receive)
        mark = asking.set(asker)
        try:
            await self.app(scope, receive, send)
        finally:
            asking.reset(mark)

    def _again(self, request: Request, right: Right, asker: Asker, receive: Receive) -> Receive:
        """The body, at whose end it is asked again who sent it, where it took its time: else who
        begins a request before they are shut out could do with it what they want, minutes later.
        """
        began = time.monotonic()

        async def receive_and_ask() -> Message:
            message = await receive()
            ended = message["type"] == "http.request" and not message.get("more_body")
            if ended and time.monotonic() - began > FRESH_SECONDS:
                try:
                    if await self._find(request, right) != asker:
                        raise LoginNeededError
                except StagelightError as error:
                    raise BodyError(error) from None
            return message

        return receive_and_ask

    async def _find(self, request: Request, right: Right) -> Asker:
        address = request.client.host if request.client else ""
        if not self.settings.accounts:
            here = host_of(request.headers) in self.settings.local_hosts
            return local_asker(address) if here else nobody(address)
        if right is Right.PUBLIC and not request.scope["path"].startswith(LOGIN):
            return nobody(address)
        return await run_in_threadpool(
            identify,
            self.engine,
            # What anybody may see is refused to no one whose token does not hold.
            token=None if right is Right.PUBLIC else bearer_of(request.headers),
            cookie=cookie_in(request, cookie_name(self.settings)),
            address=address,
        )

    def _check(self, asker: Asker, right: Right) -> None:
        if asker.may(right):
            return
        if asker.role is None:
            raise LoginNeededError if self.settings.accounts else OnlyHereError
        raise NotFoundError(
            "There is nothing at this address, or not for your account.", _why(asker, asker.role)
        )


def _why(asker: Asker, role: PersonRole) -> str:
    """By which of the ways to be somebody they may not do it, and what would change that."""
    if asker.via is Via.LOCAL:
        return "There are no accounts here: STAGELIGHT_ACCOUNTS=true makes people log in."
    if asker.scope is not None:
        whose = f"{asker.name}'s ({role.value}), for {asker.scope.value}"
        return f"The API token is {whose}. Another is made at /account, by a login."
    return f"You are logged in as {asker.name}, {role.value}; an admin can change what you may do."


def _refuse(request: Request, error: StagelightError) -> Response:
    """The error; or the login page, where that loses nothing that somebody wrote in a form."""
    if not isinstance(error, LoginNeededError) or wants_json(request):
        return answer(request, error)
    if request.scope["path"] == LOGOUT:  # in another tab they did so already
        return RedirectResponse(LOGIN, 303)
    is_part = "hx-request" in request.headers
    is_page = request.method in SAFE_METHODS and not (is_part or _is_fetched(request))
    back = _seen(request) if is_page else _shown(request)
    login = f"{LOGIN}?next={quote(back)}" if back != "/" else LOGIN
    if is_page:
        return RedirectResponse(login, 303)
    web: Web = request.app.state.web
    page = LoginNeededPage(Problem.of(error), login, back if is_part else "")
    response = web.render(page, error.status)
    response.headers.update(error.headers)
    return response


def _is_fetched(request: Request) -> bool:
    """Whether a script asks, that would take the login page for its answer."""
    return request.headers.get("sec-fetch-dest") == "empty"


def _seen(request: Request) -> str:
    """The address of the page that is asked for."""
    return _own(quote(request.scope["path"], safe="/:"), request.url.query)


def _shown(request: Request) -> str:
    """The address of the page that the browser shows, and asks from for a part or by a form."""
    headers = request.headers
    shown = _split(headers.get("hx-current-url", headers.get("referer", "")))
    return _own(quote(shown.path, safe="/:%"), shown.query)


def _own(path: str, query: str) -> str:
    """An address that no browser takes for another site's."""
    return "/" + path.lstrip("/") + (f"?{query}" if query else "")


def _split(address: str) -> SplitResult:
    """Its parts; none of what is no address, which no browser sends."""
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit("")

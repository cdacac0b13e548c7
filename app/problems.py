"""Every error in one shape: JSON for programs, a page for people."""

from http import HTTPStatus

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from app.bodies import BodyError
from app.errors import NotFoundError, StagelightError
from app.pages import ErrorPage, Problem
from app.services.invites import INVITE
from app.services.views import ErrorBody, ErrorInfo
from app.share_pages import SHARED, GonePage
from app.web import Web

JSON_PATHS = ("/api", "/healthz", "/readyz", "/metrics", "/openapi.json")

_HINTS = {
    404: "The address is wrong, or what it named was deleted.",
    405: "See /openapi.json for what this address takes.",
    413: "Leave out data and weights: initial values do for an export.",
}

INTERNAL = Problem(
    500, "internal", "Stagelight failed at this request.", "The server's log says why; try again."
)


async def handle(request: Request, error: Exception) -> Response:
    """The handler of every exception that a route raises."""
    return answer(request, error)


def answer(request: Request, error: Exception) -> Response:
    """The response that tells of `error`."""
    problem = describe(error)
    headers = getattr(error, "headers", None)
    if wants_json(request):
        info = ErrorInfo(code=problem.code, message=problem.message, hint=problem.hint)
        body = ErrorBody(error=info).model_dump(mode="json")
        return JSONResponse(body, problem.status, headers=headers)
    web: Web = request.app.state.web
    by_link = request.url.path.startswith((SHARED, INVITE))
    response = web.render((GonePage if by_link else ErrorPage)(problem), problem.status)
    response.headers.update(headers or {})
    return response


def describe(error: Exception) -> Problem:
    """What to say of an exception. Of an unexpected one: nothing that it knows."""
    if isinstance(error, StagelightError):
        return Problem.of(error)
    if isinstance(error, BodyError):
        return Problem.of(error.reason)
    if isinstance(error, RequestValidationError):
        return _invalid(error)
    if isinstance(error, HTTPException):
        return _http(error)
    return INTERNAL


def _invalid(error: RequestValidationError) -> Problem:
    """The first thing that is wrong with a request, named by its field."""
    first = error.errors()[0]
    where, *path = [str(part) for part in first["loc"]]
    if where == "path":
        return Problem.of(NotFoundError("There is nothing at this address.", _HINTS[404]))
    field = ".".join(path)
    if first["type"] == "missing":
        return Problem(422, "invalid_request", f"{where.capitalize()}: {field} is missing.", "")
    message = first["msg"].removeprefix("Value error, ").rstrip(".")
    hint = "See /openapi.json for what this address takes."
    return Problem(422, "invalid_request", f"{where.capitalize()} {field}: {message}.", hint)


def _http(error: HTTPException) -> Problem:
    """Errors of the framework: no such address, no such method, a body that cannot be read."""
    status = error.status_code
    if status == 400 and error.detail.startswith("Part exceeded maximum size"):
        status = 413
    phrase = HTTPStatus(status).phrase
    message = {
        400: error.detail,
        404: "There is nothing at this address.",
        413: "The upload is too large.",
    }.get(status, f"{phrase}.")
    code = "too_large" if status == 413 else phrase.lower().replace(" ", "_")
    return Problem(status, code, message, _HINTS.get(status, ""))


def wants_json(request: Request) -> bool:
    """Whether an error is told as JSON, by the address alone."""
    path = request.url.path
    return any(path == prefix or path.startswith(f"{prefix}/") for prefix in JSON_PATHS)

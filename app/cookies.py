"""The cookies of a login, and of one that is under way: no script reads them."""

from starlette.requests import Request
from starlette.responses import Response

from app.settings import Settings

_SECONDS_OF_A_DAY = 86_400


def cookie_name(settings: Settings) -> str:
    """Over https the browser holds it to this very host by its name."""
    return _held("stagelight", settings)


def flow_cookie_name(settings: Settings) -> str:
    """The same of a login that is under way at the OpenID Connect provider."""
    return _held("stagelight-oidc", settings)


def cookie_in(request: Request, name: str) -> str:
    """What the browser sends under exactly this name; empty where that is nothing, or several.

    Starlette takes off a name all that Unicode holds for white space. Browsers do not: what begins
    with such a character and then `__Host-` they take from any site of the domain.
    """
    lines = request.headers.getlist("cookie")
    pairs = [one.strip(" \t").partition("=") for line in lines for one in line.split(";")]
    found = [value for key, _, value in pairs if key == name]
    return found[0] if len(found) == 1 else ""


def set_cookie(response: Response, settings: Settings, token: str) -> None:
    """Give the browser a login's token."""
    seconds = int(settings.session_days * _SECONDS_OF_A_DAY)
    _set(response, settings, cookie_name(settings), token, seconds)


def set_flow_cookie(response: Response, settings: Settings, token: str, seconds: int) -> None:
    """Give the browser the token by which it is known when it comes back."""
    _set(response, settings, flow_cookie_name(settings), token, seconds)


def drop_cookie(response: Response, settings: Settings) -> None:
    """Take the login's away."""
    _drop(response, settings, cookie_name(settings))


def drop_flow_cookie(response: Response, settings: Settings) -> None:
    """Take the other one away."""
    _drop(response, settings, flow_cookie_name(settings))


def _held(name: str, settings: Settings) -> str:
    return f"__Host-{name}" if settings.is_https else name


def _set(response: Response, settings: Settings, name: str, token: str, seconds: int) -> None:
    # Lax, not Strict: a link to a run that somebody opens from a chat must find them logged in,
    # and the way back from the provider is one from another site. Requests that change something
    # are held to this site by the doorkeeper.
    response.set_cookie(
        name,
        token,
        max_age=seconds,
        path="/",
        secure=settings.is_https,
        httponly=True,
        samesite="lax",
    )


def _drop(response: Response, settings: Settings, name: str) -> None:
    response.delete_cookie(name, path="/", secure=settings.is_https, httponly=True, samesite="lax")

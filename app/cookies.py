"""The cookie of a login. Strict: no script reads it, no other site's form or frame sends it."""

from starlette.responses import Response

from app.settings import Settings

_SECONDS_OF_A_DAY = 86_400


def cookie_name(settings: Settings) -> str:
    """Over https the browser holds it to this very host by its name."""
    return "__Host-stagelight" if settings.is_https else "stagelight"


def set_cookie(response: Response, settings: Settings, token: str) -> None:
    """Give the browser a login's token.

    Lax, not Strict: a link to a run that somebody opens from a chat must find them logged in.
    Requests that change something are held to this site by the doorkeeper.
    """
    response.set_cookie(
        cookie_name(settings),
        token,
        max_age=int(settings.session_days * _SECONDS_OF_A_DAY),
        path="/",
        secure=settings.is_https,
        httponly=True,
        samesite="lax",
    )


def drop_cookie(response: Response, settings: Settings) -> None:
    """Take it away."""
    response.delete_cookie(
        cookie_name(settings), path="/", secure=settings.is_https, httponly=True, samesite="lax"
    )

"""Errors a person can act on: what happened and what to do next."""

from collections.abc import Mapping
from types import MappingProxyType


class StagelightError(Exception):
    """Something the caller can mend. Shown as {"error": {"code", "message", "hint"}}.

    `code` is stable and for programs, `message` says what happened, `hint` what to do next.
    """

    code = "error"
    status = 400
    headers: Mapping[str, str] = MappingProxyType({})  # of the answer that tells it

    def __init__(self, message: str, hint: str = "", *, code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code or type(self).code


class NotFoundError(StagelightError):
    """There is no such object, or not for the one who asks."""

    code = "not_found"
    status = 404


class LoginNeededError(StagelightError):
    """Nobody is logged in, or not with what this needs."""

    code = "login_needed"
    status = 401
    headers = MappingProxyType({"WWW-Authenticate": "Bearer"})

    def __init__(self, message: str = "You are not logged in.") -> None:
        super().__init__(
            message,
            "Log in at /login. A program sends an API token: Authorization: Bearer stl_…",
        )


class NoAccountsError(NotFoundError):
    """Nobody needs an account here, so there are no people."""

    code = "no_accounts"

    def __init__(self) -> None:
        super().__init__(
            "There are no accounts here.",
            "Start the server with STAGELIGHT_ACCOUNTS=true to have people log in.",
        )


class UploadError(StagelightError):
    """The upload cannot be taken as a script. Nothing of it was kept."""

    code = "bad_upload"
    status = 422


class TooLargeError(UploadError):
    """The upload is larger than the settings allow. Nothing of it was kept."""

    code = "too_large"
    status = 413


class ConflictError(StagelightError):
    """The object is in a state that does not allow this."""

    code = "conflict"
    status = 409

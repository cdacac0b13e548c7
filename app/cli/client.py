"""A server over HTTP: its answers as views, its errors as ours."""

import json
import os
from collections.abc import Iterable
from datetime import datetime
from http import HTTPStatus
from typing import Any, Self, TypeVar

import httpx
from pydantic import ValidationError

from app.cli.exits import BusyError, CommandError, RefusedError, UnreachableError
from app.cli.token import TOKEN, headers_of
from app.cli.wishes import Wishes
from app.services.compare_views import CompareView
from app.services.remedies import RemedyDetail, RemedyList
from app.services.view import View
from app.services.views import ErrorBody, ErrorInfo, RunAccepted, RunList, RunView

SECONDS = 30.0  # for one answer

Answer = TypeVar("Answer", bound=View)
Query = Iterable[tuple[str, str | int]]


class LinkView(View):
    """A link that was made."""

    id: int
    url: str
    expires_at: datetime | None


class Client:
    """One server. All calls raise RefusedError where it refuses, and UnreachableError where it
    does not answer, or not as Stagelight does."""

    def __init__(self, server: str) -> None:
        self._server = server.rstrip("/")
        try:
            url = httpx.URL(self._server)
        except httpx.InvalidURL:
            url = httpx.URL("")
        if url.scheme not in ("http", "https") or not url.host:
            raise CommandError(
                f"{server!r} is no address of a server.",
                "Give --server, or set STAGELIGHT_SERVER, as in http://127.0.0.1:8000",
            )
        headers = headers_of(os.environ.get(TOKEN, ""), url)
        self._http = httpx.Client(base_url=url, timeout=SECONDS, headers=headers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def address(self, path: str) -> str:
        """The whole address of something that the server named by its path."""
        return f"{self._server}{path}"

    def submit(self, wishes: Wishes) -> RunAccepted:
        """Upload a script and queue a run of it."""
        fields = {
            "title": wishes.title,
            "entry": wishes.entry,
            "runtime": wishes.runtime,
            "options": json.dumps(wishes.options),
            "tag": list(wishes.tags),
        }
        script = (wishes.upload.filename, wishes.upload.data)
        given = {name: value for name, value in fields.items() if value}
        return self._ask(RunAccepted, "POST", "/api/runs", files={"script": script}, data=given)

    def run(self, run_id: int) -> RunView:
        """A run with its plan, stages and failures."""
        return self._ask(RunView, "GET", f"/api/runs/{run_id}")

    def remedies(self, run_id: int) -> list[RemedyDetail]:
        """What was tried to mend a run, with diffs."""
        return self._ask(RemedyList, "GET", f"/api/runs/{run_id}/remedies").remedies

    def runs(self, query: Query) -> RunList:
        """A page of the history."""
        return self._ask(RunList, "GET", "/api/runs", params=list(query))

    def share(self, what: dict[str, Any]) -> LinkView:
        """Make a link."""
        return self._ask(LinkView, "POST", "/api/shares", json=what)

    def compare(self, base: int, head: int) -> CompareView:
        """Two runs compared."""
        return self._ask(CompareView, "GET", "/api/compare", params={"base": base, "head": head})

    def _ask(self, form: type[Answer], method: str, path: str, **content: Any) -> Answer:
        response = self._send(method, path, **content)
        try:
            return form.model_validate_json(response.content)
        except ValidationError:
            raise self._not_ours("this version cannot read its answer") from None

    def _send(self, method: str, path: str, **content: Any) -> httpx.Response:
        try:
            response = self._http.request(method, path, **content)
        except httpx.TransportError as error:
            why = str(error) or type(error).__name__
            raise UnreachableError(
                f"The server {self._server} cannot be reached: {why}.",
                "Start it with: stagelight serve. Or name another with --server.",
            ) from None
        if response.is_success:
            return response
        info = _error_of(response)
        if info is None or response.is_server_error:
            said = f": {info.message}" if info else ""
            raise self._not_ours(f"it answers {response.status_code}{said}")
        seconds = response.headers.get("Retry-After", "")
        if response.status_code == HTTPStatus.TOO_MANY_REQUESTS and seconds.isdecimal():
            raise BusyError(info.message, info.hint, code=info.code, seconds=int(seconds))
        hint = self._wanted if response.status_code == HTTPStatus.UNAUTHORIZED else info.hint
        raise RefusedError(info.message, hint, code=info.code)

    @property
    def _wanted(self) -> str:
        """What to do where it is not known who asks, or no longer."""
        return f"Set {TOKEN} to an API token, which {self.address('/account')} makes."

    def _not_ours(self, why: str) -> UnreachableError:
        return UnreachableError(
            f"The server {self._server} does not answer as Stagelight does: {why.rstrip('.')}.",
            "Check its address, and that it is the same version as this command.",
        )


def _error_of(response: httpx.Response) -> ErrorInfo | None:
    """What Stagelight says of an error; None where somebody else answered."""
    try:
        return ErrorBody.model_validate_json(response.content).error
    except ValidationError:
        return None

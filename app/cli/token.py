"""The API token that the command shows a server.

It comes from the environment alone: everybody on the machine can read a command line.
"""

import re

import httpx
import typer

from app.cli.exits import CommandError
from app.public import is_loopback

TOKEN = "STAGELIGHT_TOKEN"  # noqa: S105 - the variable's name

_FORM = re.compile(r"stl_[A-Za-z0-9_-]{32}")


def headers_of(token: str, server: httpx.URL) -> dict[str, str]:
    """What to send with each request; CommandError if the token cannot be one.

    A token that others on the way can read is warned of. It is never printed: an error of HTTP
    would quote it where it does not fit in a header.
    """
    token = token.strip()
    if not token:
        return {}
    if not _FORM.fullmatch(token):
        raise CommandError(
            f"{TOKEN} is no API token.",
            "One begins with stl_; the page /account of the server makes them.",
        )
    if server.scheme == "http" and not is_loopback(server.host):
        typer.echo(
            f"The API token goes to {server.host} unencrypted: use https, or ssh -L.", err=True
        )
    return {"Authorization": f"Bearer {token}"}

"""What every request stands on: settings, engine and store, made once."""

import getpass
import os
from dataclasses import dataclass, field
from functools import cache
from threading import Event
from typing import Annotated

from fastapi import Depends, Path, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Engine

from app.services.storage import BlobStore
from app.settings import Settings
from app.templating import Page, render

NAME_CHARACTERS = 80  # of a person


@dataclass(frozen=True)
class Web:
    """The web process, as routes see it."""

    settings: Settings
    engine: Engine
    store: BlobStore  # of uploads
    programs: BlobStore  # of saved programs
    stopping: Event = field(default_factory=Event)  # set when the server ends: streams close

    def render(self, page: Page, status: int = 200) -> HTMLResponse:
        """The page as an answer, with what every page of this process says."""
        return render(page, status, unsandboxed_site=self.settings.sandbox == "off")


async def get_web(request: Request) -> Web:
    """The one that create_app made."""
    web = request.app.state.web
    assert isinstance(web, Web)
    return web


async def get_person() -> str:
    """The name of who asks. Without accounts that is whoever runs the server."""
    return local_person()


@cache
def local_person() -> str:
    """The system user that this process runs as."""
    try:
        return getpass.getuser()[:NAME_CHARACTERS]
    except (KeyError, OSError):  # a container's user needs no name
        return f"user {os.getuid()}"


Who = Annotated[str, Depends(get_person)]
Here = Annotated[Web, Depends(get_web)]

# As large as a row id can be; anything else is no id, and answered with 404.
Id = Annotated[int, Path(ge=1, le=2**63 - 1)]

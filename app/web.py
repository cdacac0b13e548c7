"""What every request stands on: settings, engine and store, made once; and who asks."""

from contextvars import ContextVar
from dataclasses import dataclass, field
from threading import Event
from typing import Annotated

from fastapi import Depends, Path, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Engine

from app.errors import NoAccountsError
from app.rates import Rate, Rates
from app.services.asker import Asker, Via
from app.services.oidc import Provider
from app.services.storage import BlobStore
from app.settings import Settings
from app.templating import Page, render

# Set by the gate for each request. Pages are rendered in many places; each says who is logged in.
asking: ContextVar[Asker] = ContextVar("asking")


@dataclass(frozen=True)
class Web:
    """The web process, as routes see it."""

    settings: Settings
    engine: Engine
    store: BlobStore  # of uploads
    programs: BlobStore  # of saved programs
    rates: Rates
    oidc: Provider | None  # that people can log in with
    stopping: Event = field(default_factory=Event)  # set when the server ends: streams close

    def render(self, page: Page, status: int = 200) -> HTMLResponse:
        """The page as an answer, with what every page of this process says."""
        unsandboxed = self.settings.sandbox == "off"
        return render(page, status, asker=asking.get(None), unsandboxed_site=unsandboxed)


async def get_web(request: Request) -> Web:
    """The one that create_app made."""
    web = request.app.state.web
    assert isinstance(web, Web)
    return web


async def get_asker() -> Asker:
    """Who asks."""
    return asking.get()


async def need_accounts(web: Annotated[Web, Depends(get_web)]) -> None:
    """NoAccountsError where nobody needs an account."""
    if not web.settings.accounts:
        raise NoAccountsError


Who = Annotated[Asker, Depends(get_asker)]
Here = Annotated[Web, Depends(get_web)]


async def get_uploader(web: Here, asker: Who) -> Asker:
    """Who asks for a new run; TooOftenError where they did too often."""
    return _counted(web, Rate.UPLOAD, asker)


async def get_sharer(web: Here, asker: Who) -> Asker:
    """Who asks for a link; TooOftenError where they did too often."""
    return _counted(web, Rate.SHARE, asker)


def _counted(web: Web, rate: Rate, asker: Asker) -> Asker:
    if asker.via is not Via.LOCAL:  # there is nobody to be protected from
        web.rates.take(rate, asker.name)
    return asker


Uploader = Annotated[Asker, Depends(get_uploader)]
Sharer = Annotated[Asker, Depends(get_sharer)]

# As large as a row id can be; anything else is no id, and answered with 404.
Id = Annotated[int, Path(ge=1, le=2**63 - 1)]

"""The application: settings, middleware, routers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from app.bodies import BODY_BYTES, PATIENCE, Bodies, Patience
from app.db import make_engine
from app.errors import StagelightError
from app.gate import Gate
from app.middleware import CatchAll, Doorkeeper, SecurityHeaders
from app.problems import handle
from app.rates import Rates
from app.routers import all_routes
from app.services.oidc import Provider
from app.services.programs import program_store
from app.services.storage import BlobStore
from app.settings import Settings
from app.version import installed_version
from app.web import Web

FORM_FIELDS = 40


def create_app(settings: Settings | None = None, patience: Patience = PATIENCE) -> FastAPI:
    """The web application; uvicorn's factory is `app.main:create_app`."""
    settings = settings or Settings()
    web = Web(
        settings=settings,
        engine=make_engine(settings.url),
        store=BlobStore(settings.data / "scripts"),
        programs=program_store(settings),
        rates=Rates(settings),
        oidc=Provider(settings) if settings.oidc_issuer else None,
    )
    app = FastAPI(
        title="Stagelight",
        version=installed_version(),
        description="A web dashboard for torch.export diagnostics.",
        docs_url=None,  # its pages load scripts from elsewhere, which the policy forbids
        redoc_url=None,
        lifespan=_lifespan,
        routes=list(all_routes()),
        form_limits={
            "max_files": 1,
            "max_fields": FORM_FIELDS,
            "max_part_size": max(settings.script_bytes, BODY_BYTES),
        },
        middleware=[
            Middleware(SecurityHeaders, settings),
            Middleware(Bodies, settings, patience),
            Middleware(CatchAll),
            Middleware(Doorkeeper, settings),
            Middleware(Gate, settings, web.engine),
        ],
    )
    app.state.web = web
    for known in (StagelightError, RequestValidationError, HTTPException):
        app.add_exception_handler(known, handle)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    app.state.web.stopping.set()
    app.state.web.engine.dispose()

"""The application: settings, middleware, routers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from app.bodies import BODY_BYTES, PATIENCE, Bodies, Patience
from app.db import make_engine
from app.errors import StagelightError
from app.gate import Gate
from app.middleware import CatchAll, Doorkeeper, SecurityHeaders
from app.problems import handle
from app.rates import Rates
from app.routes import (
    account,
    admin,
    admin_invites,
    admin_people,
    annotations,
    api_account,
    api_admin,
    api_boxes,
    api_catalog,
    api_comments,
    api_compare,
    api_contracts,
    api_events,
    api_exports,
    api_failures,
    api_filters,
    api_graphs,
    api_people,
    api_remedies,
    api_runs,
    api_shares,
    api_usage,
    api_webhooks,
    api_workers,
    comments,
    compare,
    contracts,
    docs,
    failures,
    filters,
    graphs,
    health,
    home,
    invite,
    login,
    oidc,
    pairs,
    remedies,
    reports,
    reruns,
    runs,
    scripts,
    shared,
    shares,
    stages,
    webhooks,
    workers,
)
from app.services.oidc import Provider
from app.services.programs import program_store
from app.services.storage import BlobStore
from app.services.views import ErrorBody
from app.settings import Settings
from app.templating import STATIC
from app.version import installed_version
from app.web import Web

FORM_FIELDS = 40

_PAGES: tuple[APIRouter, ...] = (
    home.router,
    annotations.router,
    filters.router,
    reruns.router,
    scripts.router,
    runs.router,
    comments.router,
    remedies.router,
    contracts.router,
    stages.router,
    pairs.router,
    graphs.router,
    compare.router,
    failures.router,
    workers.router,
    shares.router,
    webhooks.router,
    reports.router,
    shared.router,
    account.router,
    docs.router,
    admin_people.listing,
    admin_people.router,
    admin_invites.router,
    admin.router,
)
_ENTRY: tuple[APIRouter, ...] = (login.router, oidc.router, invite.router)
_API: tuple[APIRouter, ...] = (
    api_runs.router,
    api_runs.trends_router,
    api_filters.router,
    scripts.api_router,
    api_comments.router,
    api_remedies.router,
    api_contracts.router,
    api_graphs.router,
    api_boxes.router,
    api_exports.router,
    api_compare.router,
    api_failures.router,
    api_catalog.router,
    api_workers.router,
    api_shares.router,
    api_account.router,
    api_webhooks.router,
    api_usage.router,
    reports.api,
    api_people.router,
    api_admin.router,
    health.router,
)
_ERRORS: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": ErrorBody, "description": "What is wrong with the request."},
    "5XX": {"model": ErrorBody, "description": "What is wrong with the server."},
}


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
        form_limits={
            "max_files": 1,
            "max_fields": FORM_FIELDS,
            "max_part_size": max(settings.script_bytes, BODY_BYTES),
        },
        middleware=[
            Middleware(SecurityHeaders, settings),
            Middleware(Bodies, settings, patience),
            Middleware(Doorkeeper, settings),
            Middleware(Gate, settings, web.engine),
            Middleware(CatchAll),
        ],
    )
    app.state.web = web
    for known in (StagelightError, RequestValidationError, HTTPException):
        app.add_exception_handler(known, handle)
    for router in _ENTRY:
        app.include_router(router)
    for router in _PAGES:
        app.include_router(router)
    for router in _API:
        app.include_router(router, responses=_ERRORS)
    app.include_router(api_events.router, responses=_errors_of_a_stream())
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    app.state.web.stopping.set()
    app.state.web.engine.dispose()


def _errors_of_a_stream() -> dict[int | str, dict[str, Any]]:
    """The same errors, for a route whose own answers are no JSON."""
    schema = {"schema": {"$ref": "#/components/schemas/ErrorBody"}}
    return {
        status: {
            "description": known["description"],
            "content": {"application/json": schema},
        }
        for status, known in _ERRORS.items()
    }

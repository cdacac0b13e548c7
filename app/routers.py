"""All routes of the application. They know no settings, so a process makes them once."""

from functools import cache
from typing import Any

from fastapi import APIRouter
from fastapi.staticfiles import StaticFiles
from starlette.routing import BaseRoute

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
from app.services.views import ErrorBody
from app.templating import STATIC

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


@cache
def all_routes() -> tuple[BaseRoute, ...]:
    """Pages, JSON and files.

    FastAPI works out what each route takes when it is first asked for it, a tenth of a second for
    all: applications of one process, as tests make them, share that.
    """
    every = APIRouter()
    for router in (*_ENTRY, *_PAGES):
        every.include_router(router)
    for router in _API:
        every.include_router(router, responses=_ERRORS)
    every.include_router(api_events.router, responses=_errors_of_a_stream())
    every.mount("/static", StaticFiles(directory=STATIC), name="static")
    return tuple(every.routes)


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

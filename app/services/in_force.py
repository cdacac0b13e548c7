"""The settings as they are in force in this process, as one may show them to anybody."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy.engine import URL, make_url

from app.services.view import View
from app.settings import Settings

PREFIX = "STAGELIGHT_"
NOT_SET = "not set"
SET = "set"  # all that is told of a secret

# Every field with its unit, in the order and the sections of docs/settings.md.
UNITS: Mapping[str, Mapping[str, str]] = {
    "Where it runs": {
        "host": "address",
        "port": "port",
        "behind_loopback_proxy": "true or false",
        "data": "folder",
        "database_url": "SQLAlchemy URL",
        "accounts": "true or false",
        "session_days": "days",
        "audit_days": "days",
        "workers": "processes",
        "runtimes": "name=path, …",
    },
    "How often": {
        "login_rate": "number/time",
        "upload_rate": "number/time",
        "share_rate": "number/time",
        "guess_rate": "number/time",
    },
    "How much": {
        "quota_runs": "runs",
        "quota_minutes": "minutes",
        "quota_storage_mb": "MiB",
    },
    "Single sign-on": {
        "oidc_issuer": "URL",
        "oidc_client_id": "text",
        "oidc_client_secret": "secret",
        "oidc_name": "text",
        "oidc_role": "role",
    },
    "Uploads": {
        "upload_bytes": "bytes",
        "script_bytes": "bytes",
        "unpacked_bytes": "bytes",
        "unpacked_files": "files",
    },
    "One run": {
        "wall_seconds": "seconds",
        "memory_mb": "MiB",
        "cpu_seconds": "seconds",
        "threads": "threads",
        "thread_limit": "threads",
        "output_bytes": "bytes",
        "log_bytes": "bytes",
        "event_bytes": "bytes",
        "events_bytes": "bytes",
        "graph_nodes": "nodes",
        "artefact_bytes": "bytes",
        "torch_home": "folder",
        "hf_home": "folder",
    },
    "The history": {
        "undo_hours": "hours",
    },
    "After the verdict": {
        "follow_ups": "true or false",
        "follow_seconds": "seconds",
        "remedy_seconds": "seconds",
        "program_mb": "MiB",
    },
    "The sandbox": {
        "sandbox": "tier",
        "sandbox_uid": "user id",
        "scratch": "folder",
        "scratch_mb": "MiB",
        "scratch_files": "files",
        "preload": "name=module+module, …",
        "zygote_jobs": "jobs",
        "zygote_growth_mb": "MiB",
    },
    "The queue": {
        "lease_seconds": "seconds",
        "poll_seconds": "seconds",
        "attempts": "attempts",
    },
    "Sharing": {
        "public_url": "URL",
        "share_forever": "true or false",
    },
    "Webhooks": {
        "webhook_networks": "CIDR, …",
    },
}


class SettingView(View):
    """One setting. `value` is as one would write it; text where there is no number for it."""

    variable: str
    section: str
    value: int | float | str
    unit: str


class Warned(View):
    """A setting whose value puts somebody at risk, and what to do."""

    variable: str
    message: str
    hint: str


class SettingList(View):
    """All settings, in the order of docs/settings.md, and what is unwise in them."""

    settings: list[SettingView]
    warnings: list[Warned]


@dataclass(frozen=True)
class Section:
    """The settings of one section."""

    title: str
    settings: tuple[SettingView, ...]


def list_settings(settings: Settings) -> list[SettingView]:
    """Every setting with the value that counts, no secret in it."""
    return [
        SettingView(
            variable=f"{PREFIX}{field.upper()}",
            section=section,
            value=_shown(field, settings),
            unit=unit,
        )
        for section, units in UNITS.items()
        for field, unit in units.items()
    ]


def sections(settings: Settings) -> tuple[Section, ...]:
    """The same by section."""
    shown = list_settings(settings)
    return tuple(
        Section(title, tuple(one for one in shown if one.section == title)) for title in UNITS
    )


def _shown(field: str, settings: Settings) -> int | float | str:
    match field:
        case "database_url":
            return _address(make_url(settings.url))
        case "data":
            return str(settings.data.resolve())
        case "runtimes":
            return _pairs({name: str(path) for name, path in settings.pythons.items()})
        case "preload":
            return _pairs({name: "+".join(m) for name, m in settings.preload.items()}) or NOT_SET
    value = getattr(settings, field)
    if isinstance(value, SecretStr):
        return SET
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float | str):
        return NOT_SET if value == "" else value
    return str(value) if isinstance(value, Path) else NOT_SET


def _pairs(values: Mapping[str, str]) -> str:
    return ",".join(f"{name}={value}" for name, value in values.items())


def _address(url: URL) -> str:
    """Where the database is. Of a URL's other parts each may hold a password, `query` too."""
    return URL.create(
        url.drivername, host=url.host, port=url.port, database=url.database
    ).render_as_string()

"""The commands that make up a server: serve, worker, migrate, admin-link."""

import os
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from app.settings import Settings


def serve() -> None:
    """Serve the web pages and run workers, until Ctrl-C."""
    settings = read_settings()
    from app.cli import server

    server.serve(settings)


def worker() -> None:
    """Run one worker, until Ctrl-C. Many can share a database, on one machine or several."""
    from app.supervisor import WORKER

    os.execv(WORKER[0], WORKER)  # noqa: S606 - our own program


def migrate() -> None:
    """Bring the database to this version's schema."""
    settings = read_settings()
    from app.services.migrate import migrate

    migrate(settings.url)


def admin_link(
    reset: Annotated[
        str,
        typer.Option(metavar="NAME", help="One that sets a new password for this person, instead."),
    ] = "",
) -> None:
    """Print a link that makes an account of an admin, for who lost access."""
    settings = read_settings()
    from app.cli import admin_links

    typer.echo(admin_links.admin_link(settings, reset))


def read_settings(**given: object) -> "Settings":
    """The settings of the environment; CommandError names the one that makes no sense."""
    from pydantic import ValidationError
    from pydantic_settings import SettingsError

    from app.cli.exits import CommandError
    from app.settings import Settings

    hint = "docs/settings.md says what each setting takes."
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = "_".join(("STAGELIGHT", *map(str, first["loc"]))).upper()
        name = where if first["loc"] else "The environment"
        message = first["msg"].removeprefix("Value error, ").rstrip(".")
        raise CommandError(f"{name} makes no sense: {message}.", hint) from None
    except SettingsError as error:
        raise CommandError(f"{error}.", hint) from None

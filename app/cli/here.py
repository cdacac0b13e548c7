"""The command that needs no server: run."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli import asked
from app.cli.exits import CommandError, Exit

if TYPE_CHECKING:
    from app.services.views import RunView


def run(
    script: asked.Script,
    arguments: asked.Arguments = None,
    *,
    title: asked.Title = "",
    entry: asked.Entry = "",
    runtime: asked.Runtime = "",
    option: asked.Option = None,
    strict: asked.Strict = None,
    fixes: Annotated[
        bool, typer.Option("--fixes", help="After the verdict, try fixes, and all else there is.")
    ] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the run in STAGELIGHT_DATA, where serve shows it.")
    ] = False,
    baseline: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            metavar="FILE",
            help="An earlier run's --json: exit with 1 only where this one is worse.",
            show_default=False,
        ),
    ] = None,
    json: asked.Json = "",
    junit: asked.Junit = "",
    sarif: asked.Sarif = "",
    patch: asked.Patch = "",
    quiet: asked.Quiet = False,
) -> None:
    """Diagnose a script here, without a server, and exit by its verdict."""
    from app.cli.embedded import diagnose
    from app.cli.regression import regression
    from app.cli.reports import Reports
    from app.cli.screen import Screen
    from app.cli.upload import read_upload
    from app.cli.verdicts import exit_of
    from app.cli.wishes import Wishes, read_options

    reports = Reports(json, junit, sarif, patch)
    reports.check(fixes=fixes)
    before = None if baseline is None else read_baseline(baseline)
    upload = read_upload(script)
    options = read_options(option or (), strict, arguments or ())
    wishes = Wishes(upload, title=title, entry=entry, runtime=runtime, options=options)
    screen = Screen(quiet=quiet, to_stderr=reports.to_stdout)
    try:
        with screen.progress("Starting a worker: torch is imported once.") as progress:
            outcome = diagnose(wishes, follow=fixes, keep=keep, show=progress.show)
    except KeyboardInterrupt:
        raise typer.Exit(Exit.NO_VERDICT) from None
    reports.write(outcome, upload)
    screen.outcome(outcome, upload.locate)
    status = exit_of(outcome.run)
    if before is not None and status is not Exit.NO_VERDICT:
        status = screen.judge(regression(before, outcome.run))
    raise typer.Exit(status)


def read_baseline(path: Path) -> "RunView":
    """An earlier run from its JSON; CommandError where that is something else."""
    from pydantic import ValidationError

    from app.services.views import RunView

    try:
        return RunView.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        raise CommandError(
            f"{path} is no run that this version can read.",
            "Make it with: stagelight run SCRIPT --json FILE",
        ) from None

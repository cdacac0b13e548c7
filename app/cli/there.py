"""The commands that talk to a server: submit, show, list, compare, share."""

from typing import Annotated

import typer

from app.cli import asked
from app.cli.exits import CommandError

FILTERS = "Filters"


def submit(
    script: asked.Script,
    arguments: asked.Arguments = None,
    *,
    title: asked.Title = "",
    tag: Annotated[
        list[str] | None, typer.Option(help="A tag; may be given again.", show_default=False)
    ] = None,
    entry: asked.Entry = "",
    runtime: asked.Runtime = "",
    option: asked.Option = None,
    strict: asked.Strict = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Follow the run to its verdict, and exit by it.")
    ] = False,
    fixes: Annotated[
        bool, typer.Option("--fixes", help="With --wait: wait for all that follows the verdict.")
    ] = False,
    json: asked.Json = "",
    junit: asked.Junit = "",
    sarif: asked.Sarif = "",
    patch: asked.Patch = "",
    quiet: asked.Quiet = False,
    server: asked.Server = asked.DEFAULT_SERVER,
) -> None:
    """Send a script to a server and queue a run of it."""
    from app.cli.client import Client
    from app.cli.reports import Reports
    from app.cli.screen import Screen
    from app.cli.upload import read_upload
    from app.cli.verdicts import exit_of
    from app.cli.waiting import submit_patiently, wait_for
    from app.cli.wishes import Wishes, read_options

    if (junit or sarif or fixes) and not wait:
        raise CommandError("--junit, --sarif and --fixes need --wait.", "Add --wait.")
    reports = Reports(json, junit, sarif, patch)
    reports.check(fixes=fixes)
    upload = read_upload(script)
    options = read_options(option or (), strict, arguments or ())
    wishes = Wishes(upload, title, entry, runtime, tuple(tag or ()), options)
    screen = Screen(quiet=quiet, to_stderr=reports.to_stdout)
    with Client(server) as client:
        accepted = submit_patiently(client, screen, wishes)
        screen.say(f"Run {accepted.id} is {accepted.status.value}: {client.address(accepted.url)}")
        if not wait:
            reports.write_json(accepted)
            return
        outcome = wait_for(client, screen, accepted.id, follow=fixes)
    reports.write(outcome, upload)
    screen.outcome(outcome, upload.locate)
    raise typer.Exit(exit_of(outcome.run))


def show(
    run: asked.RunId,
    *,
    json: asked.AsJson = False,
    server: asked.Server = asked.DEFAULT_SERVER,
) -> None:
    """Show a run of a server: its stages, its verdict, what stops it."""
    from app.cli.client import Client
    from app.cli.outcome import Outcome
    from app.cli.screen import Screen

    screen = Screen()
    with Client(server) as client:
        found = client.run(run)
        if json:
            screen.json(found)
            return
        screen.whole(Outcome(found, client.remedies(run)))
        screen.note(client.address(found.url))


def listing(
    *,
    status: Annotated[
        str, typer.Option(help="queued, running, finished, …", rich_help_panel=FILTERS)
    ] = "",
    verdict: Annotated[
        str, typer.Option(help="exported, partly, blocked, …", rich_help_panel=FILTERS)
    ] = "",
    script: Annotated[
        str, typer.Option(help="By its file name or SHA-256.", rich_help_panel=FILTERS)
    ] = "",
    runtime: Annotated[str, typer.Option(help="By its name.", rich_help_panel=FILTERS)] = "",
    filter_: Annotated[
        list[str] | None,
        typer.Option(
            "--filter",
            "-f",
            metavar="KEY=VALUE",
            help="Any other filter of GET /api/runs; may be given again.",
            rich_help_panel=FILTERS,
            show_default=False,
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="So many at most.")] = 30,
    json: asked.AsJson = False,
    server: asked.Server = asked.DEFAULT_SERVER,
) -> None:
    """List the runs of a server, newest first."""
    from app.cli.client import Client
    from app.cli.screen import Screen
    from app.cli.wishes import split_pairs

    named = {"status": status, "verdict": verdict, "script": script, "runtime": runtime}
    query: list[tuple[str, str | int]] = [
        *((name, value) for name, value in named.items() if value),
        *split_pairs(filter_ or (), "--filter"),
        ("limit", limit),
    ]
    with Client(server) as client:
        runs = client.runs(query)
    screen = Screen()
    if json:
        screen.json(runs)
        return
    screen.table(runs)


def compare(
    base: asked.BaseId,
    head: asked.HeadId,
    *,
    fail_on_regression: Annotated[
        bool,
        typer.Option(
            "--fail-on-regression",
            help="Exit with 1 where the head is worse than the base, 4 where one has no verdict.",
        ),
    ] = False,
    json: asked.AsJson = False,
    server: asked.Server = asked.DEFAULT_SERVER,
) -> None:
    """Compare two runs of a server: what is new, gone, or differs."""
    from app.cli.client import Client
    from app.cli.comparison import compared_regression, describe_comparison
    from app.cli.screen import Screen

    screen = Screen(to_stderr=json)
    with Client(server) as client:
        compared = client.compare(base, head)
    if json:
        screen.json(compared)
    else:
        screen.lines(describe_comparison(compared))
    if fail_on_regression:
        raise typer.Exit(screen.judge(compared_regression(compared)))


def share(
    run: Annotated[
        int | None,
        typer.Argument(min=1, metavar="RUN", help="The number of a run.", show_default=False),
    ] = None,
    *,
    stage: Annotated[str, typer.Option(metavar="RUN.N", help="A stage: 12.3")] = "",
    failure: Annotated[str, typer.Option(metavar="RUN.N", help="A cause: 12.2")] = "",
    compare: Annotated[str, typer.Option(metavar="BASE:HEAD", help="Two runs: 11:12")] = "",
    days: Annotated[
        str, typer.Option(metavar="DAYS", help="How long the link works; never, where allowed.")
    ] = "7",
    source: Annotated[bool, typer.Option("--source", help="Show lines of code.")] = False,
    json: asked.AsJson = False,
    server: asked.Server = asked.DEFAULT_SERVER,
) -> None:
    """Make a link to a run, a stage, a cause or a comparison, for people without access."""
    from app.cli.client import Client
    from app.cli.screen import Screen

    wanted = {"run": run, "stage": stage, "failure": failure, "compare": compare}
    given = {name: value for name, value in wanted.items() if value}
    if len(given) != 1:
        raise CommandError(
            "One thing is shared at a time.", "Give a run, or --stage, --failure or --compare."
        )
    with Client(server) as client:
        link = client.share({**given, "days": _days(days), "source": source})
    screen = Screen()
    if json:
        screen.json(link)
        return
    screen.say(link.url)
    until = f"until {link.expires_at:%Y-%m-%d %H:%M} UTC" if link.expires_at else "until revoked"
    screen.note(f"It works {until}, and is shown this once.")


def _days(text: str) -> int | str:
    """As the server takes them."""
    return int(text) if text.isdecimal() and text.isascii() else text

"""The stagelight command. What is heavy is imported inside of commands: help comes at once."""

import io
import sys
import traceback
from typing import Annotated

import typer

from app.cli import here, host, there
from app.cli.exits import MEANINGS, CommandError, Exit
from app.errors import StagelightError
from app.text import terminal

EXITS = "Exit status: " + "; ".join(f"{exit_.value} {words}" for exit_, words in MEANINGS.items())

app = typer.Typer(
    help="Diagnostics for torch.export: which lines stop a model, stage by stage.",
    epilog="Settings come from STAGELIGHT_* variables.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)

app.command(epilog=EXITS)(here.run)
app.command(epilog=EXITS)(there.submit)
app.command()(there.show)
app.command("list")(there.listing)
app.command()(there.compare)
app.command()(there.share)
app.command()(host.serve)
app.command()(host.worker)
app.command()(host.migrate)
app.command("admin-link")(host.admin_link)


@app.callback(invoke_without_command=True)
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Say which version this is, and end.")
    ] = False,
) -> None:
    """Options that stand before any command."""
    if version:
        from app.version import installed_version

        typer.echo(f"stagelight {installed_version()}")
        raise typer.Exit


def main() -> None:
    """The entry point of the installed command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot write a letter
    try:
        app(prog_name="stagelight")
    except StagelightError as error:
        typer.echo(
            "\n".join(terminal(text) for text in (error.message, error.hint) if text), err=True
        )
        sys.exit(error.exit if isinstance(error, CommandError) else Exit.USAGE)
    except Exception:
        traceback.print_exc()
        sys.exit(Exit.NO_VERDICT)  # our fault: 1, which Python would give, is a verdict

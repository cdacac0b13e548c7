"""The options that several commands share, as typer reads them."""

from pathlib import Path
from typing import Annotated

import typer

REPORTS = "Reports"
DEFAULT_SERVER = "http://127.0.0.1:8000"

Script = Annotated[
    Path,
    typer.Argument(
        exists=True,
        readable=True,
        metavar="SCRIPT",
        help="A .py, a .zip, or a folder, which is sent as a zip.",
        show_default=False,
    ),
]
Arguments = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="ARGUMENT", help="The script's own arguments, after --.", show_default=False
    ),
]
Title = Annotated[str, typer.Option(help="Shown in the history.", show_default="the file's name")]
Entry = Annotated[
    str, typer.Option(help="The file of a .zip or folder that is run.", show_default="main.py")
]
Runtime = Annotated[
    str, typer.Option(help="The environment to run it in.", show_default="the first there is")
]
Option = Annotated[
    list[str] | None,
    typer.Option(
        "--option",
        "-o",
        metavar="KEY=VALUE",
        help='An option of the run, its value as JSON or a word: -o call=2, -o stages=["encoder"].',
        show_default=False,
    ),
]
Strict = Annotated[
    bool | None,
    typer.Option(
        "--strict/--no-strict", help="For torch.export.export.", show_default="as the script has it"
    ),
]
Json = Annotated[
    str,
    typer.Option(
        "--json",
        metavar="FILE",
        help="Write the run as JSON; - is stdout.",
        rich_help_panel=REPORTS,
        show_default=False,
    ),
]
Junit = Annotated[
    str,
    typer.Option(
        metavar="FILE",
        help="Write JUnit XML, one test case a stage; - is stdout.",
        rich_help_panel=REPORTS,
        show_default=False,
    ),
]
Sarif = Annotated[
    str,
    typer.Option(
        metavar="FILE",
        help="Write SARIF 2.1.0, one result for each cause; - is stdout.",
        rich_help_panel=REPORTS,
        show_default=False,
    ),
]
Patch = Annotated[
    str,
    typer.Option(
        metavar="FILE",
        help="With --fixes: write the fix of the whole model as a diff; - is stdout.",
        rich_help_panel=REPORTS,
        show_default=False,
    ),
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Say nothing but errors; reports are written.")
]
Server = Annotated[
    str,
    typer.Option(envvar="STAGELIGHT_SERVER", metavar="URL", help="Where Stagelight answers."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the server's JSON.")]
RunId = Annotated[
    int, typer.Argument(min=1, metavar="RUN", help="The number of a run.", show_default=False)
]
BaseId = Annotated[
    int, typer.Argument(min=1, metavar="BASE", help="The run that was.", show_default=False)
]
HeadId = Annotated[
    int, typer.Argument(min=1, metavar="HEAD", help="The run that is.", show_default=False)
]

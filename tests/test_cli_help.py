"""Help, completion, and that the documentation and the CI example name what there is."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from app.cli import app
from app.cli.exits import Exit
from app.settings import ROOT
from app.version import installed_version
from tests.cli_support import finish, start

HEAVY = {"fastapi", "sqlmodel", "sqlalchemy", "httpx", "torch"}
GROUP: Any = typer.main.get_command(app)
EVERYWHERE = {"--help", "-h"}


def options_of(name: str) -> set[str]:
    """All spellings of a command's options."""
    given = (parameter for parameter in GROUP.commands[name].params if parameter.opts)
    options = (word for one in given for word in (*one.opts, *one.secondary_opts))
    return {word for word in options if word.startswith("-")}


def test_help_comes_without_what_is_heavy() -> None:
    code = (
        "import sys; sys.argv = ['stagelight', 'run', '--help']\n"
        "from app.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert "Exit status: 0 the model exports" in re.sub(r"\s+", " ", done.stdout)
    assert set(done.stdout.splitlines()[-1].split()) & HEAVY == set()


def test_it_says_its_version(tmp_path: Path) -> None:
    done = finish(start(tmp_path, "--version"))
    assert (done.status, done.out) == (0, f"stagelight {installed_version()}\n")


@pytest.mark.parametrize(
    ("typed", "offered"),
    [("stagelight s", {"serve", "share", "show", "submit"}), ("stagelight run --sa", {"--sarif"})],
)
def test_the_shell_completes_commands_and_options(
    typed: str, offered: set[str], tmp_path: Path
) -> None:
    asked = {
        "_STAGELIGHT_COMPLETE": "complete_bash",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(typed.split()) - 1),
    }
    assert set(finish(start(tmp_path, **asked)).out.split()) == offered


def test_the_completion_is_shown(tmp_path: Path) -> None:
    done = finish(
        start(
            tmp_path,
            *("--show-completion", "bash"),
            _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1",
        )
    )
    assert done.status == 0
    assert "_STAGELIGHT_COMPLETE=complete_bash" in done.out


def page() -> str:
    return (ROOT / "docs" / "cli.md").read_text()


def test_every_option_is_documented_and_nothing_else() -> None:
    cells = re.findall(r"^\| (`-.+?) \|", page(), flags=re.MULTILINE)
    documented = {word for cell in cells for word in re.findall(r"`(-[\w-]+)`", cell)}
    existing = set().union(*map(options_of, GROUP.commands))
    assert documented | EVERYWHERE == existing | EVERYWHERE


def test_every_exit_status_is_documented_and_nothing_else() -> None:
    documented = re.findall(r"^\| `(\d)` \|", page(), flags=re.MULTILINE)
    assert documented == [str(int(one)) for one in Exit]


def commands_in(text: str) -> list[list[str]]:
    """The calls of the command in a shell script, as words."""
    lines = text.replace("\\\n", " ").splitlines()
    calls = [part for line in lines for part in re.split(r"&&|\|\|", line)]
    words = [shlex.split(call, comments=True) for call in calls if "stagelight " in call]
    return [call[1:] for call in words if call[:1] == ["stagelight"]]


def check(calls: list[list[str]]) -> None:
    """Each command and each of its options exists."""
    for name, *rest in calls:
        if name.startswith("-"):
            continue
        mine = rest[: rest.index("--")] if "--" in rest else rest
        used = {word for word in mine if re.match(r"--?[a-z]", word)}
        assert used <= options_of(name) | EVERYWHERE, (name, used)


def test_the_page_calls_what_there_is() -> None:
    calls = commands_in("\n".join(re.findall(r"```sh\n(.+?)```", page(), flags=re.DOTALL)))
    assert len(calls) > 10
    check(calls)


def test_the_workflow_calls_what_there_is_and_fails_by_the_baseline() -> None:
    workflow = yaml.safe_load((ROOT / "examples" / "ci" / "github-actions.yml").read_text())
    assert workflow[True] == {"pull_request": None}, "YAML reads the key `on` as true"
    (job,) = workflow["jobs"].values()
    scripts = [step["run"] for step in job["steps"] if "run" in step]
    calls = commands_in("\n".join(scripts))
    assert [call[0] for call in calls] == ["submit", "run", "run"]
    check(calls)
    assert "--baseline" in scripts[-1]
    assert "--baseline" in options_of("run")
    for script in scripts:
        subprocess.run(["bash", "-n"], input=script, text=True, check=True, timeout=10)
    reports = next(step["with"] for step in job["steps"] if "upload-sarif" in step.get("uses", ""))
    assert f"--sarif {reports['sarif_file']}" in scripts[-1]
    (sent,) = [step for step in job["steps"] if "STAGELIGHT_TOKEN" in step.get("env", {})]
    assert "submit" in sent["run"], "no step that runs code of a pull request has the token"
    assert sent["env"]["STAGELIGHT_TOKEN"] == "${{ secrets.STAGELIGHT_TOKEN }}"
    assert os.fspath(ROOT) not in str(workflow)

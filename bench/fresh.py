"""What a runtime's own Python says, asked in a fresh process; the vision runtime and its models."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
VISION_PYTHON = ROOT / ".venv-vision" / "bin" / "python"
VISION_MODELS = sorted((ROOT / "bench" / "models" / "vision").glob("*.py"))
MASK_RCNN = ROOT / "bench" / "models" / "vision" / "mask_rcnn.py"
SECONDS = 900


@dataclass(frozen=True)
class Answer:
    """A tool's time and what it said."""

    seconds: float
    said: str


def vision_settings() -> dict[str, str]:
    """The setting of a server whose one runtime is the vision one.

    Raises:
        FileNotFoundError: it is not installed.
    """
    if not VISION_PYTHON.exists():
        raise FileNotFoundError("there is no .venv-vision: make runtime-vision")
    return {"STAGELIGHT_RUNTIMES": f"vision={VISION_PYTHON}"}


def ask(module: str, *arguments: str, given: str = "") -> Any:
    """The JSON that a module prints last, run by the vision runtime's Python."""
    return json.loads(_printed(module, *arguments, given=given)[-1])


def ask_each(module: str, *arguments: str) -> list[Any]:
    """The JSON of every line that a module prints, run by the vision runtime's Python."""
    return [json.loads(line) for line in _printed(module, *arguments)]


def _printed(module: str, *arguments: str, given: str = "") -> list[str]:
    done = subprocess.run(
        [str(VISION_PYTHON), "-m", module, *arguments],
        cwd=ROOT,
        input=given,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        timeout=SECONDS,
    )
    return done.stdout.splitlines()


def ask_tool(tool: str, script: Path, *, warm: bool) -> Answer:
    """A torch tool's answer on a script's model, in a process that exported before or did not."""
    options = ["--warm"] if warm else []
    return Answer(**ask("bench.torch_tools", *options, tool, str(script.resolve())))

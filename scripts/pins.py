"""Prints constraints.txt anew: what pip would install today, within what pyproject.toml allows.

Torch keeps its pin; `python scripts/pins.py 2.14.1` moves it. pip resolves and downloads next to
nothing. Run it where pip finds the public torch, so that the CUDA packages it needs are pinned
too (they are not installed beside a CPU build). Wants pip 23 or newer.
"""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PINS = ROOT / "constraints.txt"
BUILD = ["editables", "hatchling"]  # what `make` builds the package with, without isolation


def wanted(torch: str) -> list[str]:
    """Every requirement of the default environment."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    lists = [project["dependencies"], extras["runtime"], extras["dev"], BUILD]
    return [*(item for items in lists for item in items), f"torch=={torch}"]


def resolve(requirements: list[str]) -> dict[str, str]:
    """Name → version of all that pip would install into an empty environment."""
    options = ["--dry-run", "--ignore-installed", "--quiet", "--report", "-"]
    command = [sys.executable, "-m", "pip", "install", *options, *requirements]
    report = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout  # noqa: S603
    packages = [item["metadata"] for item in json.loads(report)["install"]]
    return {item["name"]: item["version"].partition("+")[0] for item in packages}


def main() -> None:
    """Write the head of the present file and the new pins to stdout."""
    text = PINS.read_text()
    head = "".join(re.findall(r"^#.*\n", text, flags=re.MULTILINE))
    present = re.search(r"^torch==(.+)$", text, flags=re.MULTILINE)
    assert present is not None
    pins = resolve(wanted(sys.argv[1] if sys.argv[1:] else present[1]))
    lines = (f"{name}=={pins[name]}\n" for name in sorted(pins, key=str.lower))
    sys.stdout.write(head + "".join(lines))


if __name__ == "__main__":
    main()

"""Takes the pictures of docs/graphs.md anew: real runs, a real server, Chromium.

    python -m scripts.graph_pictures

Needs the vision runtime (make runtime-vision) and STAGELIGHT_CHROMIUM, as `make test` sets it.
"""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import sync_playwright

from bench.fresh import VISION_PYTHON
from bench.server import VERDICT_ONLY, running_server, submit, wait_for

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
BROKEN = ROOT / "examples" / "pose_hrnet_broken.py"
FIXED = ROOT / "examples" / "pose_hrnet_fixed.py"
MODEL = ROOT / "bench" / "models" / "architectures" / "gpt_oss.py"
SETTLED = 1500  # ms: fragments are loaded, the picture is laid out


@dataclass(frozen=True)
class Shot:
    """One picture: an address, and how it is looked at."""

    name: str
    address: str
    scheme: str = "light"
    height: int = 900


def main() -> None:
    """Run, look, write docs/pictures."""
    runtimes = f"default={sys.executable},vision={VISION_PYTHON}"
    with running_server(STAGELIGHT_RUNTIMES=runtimes, **VERDICT_ONLY) as client:
        fixed, broken = run(client, FIXED), run(client, BROKEN)
        old, new = run(client, MODEL), run(client, MODEL, runtime="vision")
        take(str(client.base_url).rstrip("/"), shots(fixed, broken, old, new))


def run(client: httpx.Client, script: Path, **fields: str) -> dict[str, Any]:
    """One run, at its end."""
    return wait_for(client, submit(client, script, **fields))


def shots(
    fixed: dict[str, Any], broken: dict[str, Any], old: dict[str, Any], new: dict[str, Any]
) -> list[Shot]:
    """What is looked at."""
    whole, decomposed = graph_of(fixed, "whole"), graph_of(fixed, "decomposed")
    neck = graph_of(fixed, "assembled", "backbone + neck")
    head = graph_of(fixed, "assembled", "backbone + neck + head")
    torches = f"/graphs/{graph_of(new, 'whole')}?base={graph_of(old, 'whole')}"
    return [
        Shot("graph-outline.png", f"/graphs/{whole}"),
        Shot("graph-table.png", f"/graphs/{whole}?view=table&op=conv"),
        Shot("graph-code-side.png", f"/graphs/{head}?base={neck}&view=code&side=1"),
        Shot("graph-picture.png", f"/graphs/{whole}?view=graph&open=neck", height=1250),
        Shot("graph-picture-dark.png", f"/graphs/{head}?base={neck}&view=graph", "dark", 1250),
        Shot("graph-partial.png", f"/graphs/{graph_of(broken, 'whole')}?view=graph", height=1250),
        Shot("graph-node.png", f"/graphs/{whole}?view=table&node=conv2d_3"),
        Shot("graph-decomposed.png", f"/graphs/{decomposed}?base={whole}&view=code"),
        Shot("graph-decomposed-dark.png", f"/graphs/{decomposed}?base={whole}", "dark"),
        Shot("graph-torches.png", torches),
        Shot("graph-torches-code.png", f"{torches}&view=code"),
    ]


def graph_of(told: dict[str, Any], kind: str, name: str = "") -> int:
    """The graph of the first stage of this kind and name."""
    stages = [one for one in told["stages"] if one["kind"] == kind and name in ("", one["name"])]
    graph: int = stages[0]["graph"]
    return graph


def take(base: str, wanted: list[Shot]) -> None:
    """Look at each address, and keep what is seen."""
    PICTURES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ["STAGELIGHT_CHROMIUM"], args=["--no-sandbox"]
        )
        for shot in wanted:
            page = browser.new_page(
                viewport={"width": 1280, "height": shot.height},
                color_scheme="dark" if shot.scheme == "dark" else "light",
            )
            page.goto(base + shot.address)
            page.wait_for_timeout(SETTLED)
            page.screenshot(path=PICTURES / shot.name)
            page.close()
        browser.close()


if __name__ == "__main__":
    main()

"""Every page, with the worst that a script can say on it, in a real browser."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine

from app.models import StageKind, StageStatus
from app.services.storage import BlobStore
from app.settings import Settings
from tests.evil_support import PAGES, seed_evil
from tests.web_support import EAGER, make_worker, seeding

pytestmark = pytest.mark.browser

ALL_TONES = (
    *("/", "/settings", "/runs/1", "/runs/1/blockers/1", "/runs/1/modules", "/graphs/1"),
    *("/graphs/3", "/runs/1/rerun"),
)

LONG = ("/runs/2", "/runs/2/stages/3", "/runs/2/stages/1", "/runs/4", "/runs/4/modules")


def _modules(name: str) -> list[dict[str, Any]]:
    """Modules with long names, deep below each other."""
    paths = [".".join([name] * depth) for depth in range(1, 30)]
    return [{"path": path, "class_name": name, "calls": 1, "parameters": 9} for path in paths]


@pytest.fixture(autouse=True)
def evil(engine: Engine, store: BlobStore, settings: Settings) -> None:
    """A run whose every text is hostile, and long where it can be."""
    with seeding(engine, store, settings) as seed:
        seed_evil(seed)
        long = "backbone.stages.3.fuse_layers." + "very_long_module_name." * 8
        run = seed.partly("t" * 190, filename=f"{'f' * 100}.py")
        run.reason = long
        seed.stage(run, 4, name=f"{long} + {long}", component=long)
        seed.component(run, 4, long)
        seed.log(seed.run("log"), "x" * 5_000)
        blocked = seed.searched(20, title="twenty", eager=EAGER | {"modules": _modules(long)})
        seed.blocker(blocked, 21, module=long, occurrences=[{"module": long, "file": long}])
        seed.failure(blocked, seed.stage(blocked, 5, StageStatus.FAILED, StageKind.PART))
        for tier in ("full", "filters", "reduced", "off", ""):
            seed.session.add(make_worker(f"{tier}-{long}"[:120], tier=tier, reason=long, host=long))


@pytest.mark.parametrize("width", [400, 1400])
def test_no_page_runs_it_or_grows_wider_than_the_screen(page: Page, width: int) -> None:
    # The fixture fails on any dialog's script, any other script, any violation of the policy.
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    page.set_viewport_size({"width": width, "height": 900})
    whole = [path for path in PAGES if "/_" not in path]
    more = ("", "/blockers/1", "/blockers/21", "/modules", "/modules?fate=failed", "/stages/4")
    for path in [
        *whole,
        *("/runs/2", "/runs/2/stages/4", "/runs/2/stages/3", "/runs/3", "/runs/99"),
        *(f"/runs/4{path}" for path in more),
    ]:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_what_is_behind_it(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
    for path in (*ALL_TONES, *LONG):
        page.goto(path)
        worst = page.evaluate(CONTRAST)
        assert worst["ratio"] >= 4.5, (path, worst)


def test_icons_are_drawn(page: Page) -> None:
    page.goto("/runs/2")
    icon = page.locator(".verdict > .icon use")
    expect(icon).to_have_count(1)
    assert icon.evaluate("element => element.getBBox().width") > 10


def test_motion_stops_where_a_person_asks_for_it(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto("/runs/3")
    names = page.evaluate(
        "[...document.querySelectorAll('*')].map(e => getComputedStyle(e).animationName)"
    )
    assert set(names) == {"none"}


# The lowest contrast of a text to its background, as WCAG counts it. Canvas reads any colour.
CONTRAST = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const background = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgba(getComputedStyle(at).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255, 255];
  };
  const light = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((part) => {
      const value = part / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  let worst = { ratio: 21 };
  for (const element of document.querySelectorAll("main *, header *, .site-alarm *")) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    const quiet = element.closest(":disabled, .no, .sr, .skip");
    if (!own || quiet || !element.checkVisibility()) continue;
    const [a, b] = [light(rgba(getComputedStyle(element).color)), light(background(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < worst.ratio) {
      worst = { ratio, text: element.textContent.slice(0, 60), class: element.className };
    }
  }
  return worst;
}"""

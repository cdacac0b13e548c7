"""The main job by hand: choose a script, run it, watch its stages, read the verdict."""

import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import LiveServer
from tests.promises import EXAMPLES, promise_of

pytestmark = pytest.mark.browser

SECONDS = 120
DONE = "tr[id^=stage-] :is(.tone-good, .tone-bad)"
SENTENCES = {
    "exported": re.compile(r"The whole model exports"),
    "partly": re.compile(r"The whole model does not export, stopped by .+ at .+; \d of \d"),
}


def stages_seen(page: Page) -> list[int]:
    """How many stages had ended, each time that number changed, until the run's end."""
    seen = [page.locator(DONE).count()]
    deadline = time.monotonic() + SECONDS
    while page.get_by_role("button", name="Cancel").is_visible():
        assert time.monotonic() < deadline, "the run has no end"
        count = page.locator(DONE).count()
        if count != seen[-1]:
            seen.append(count)
        page.wait_for_timeout(50)
    return seen


# The long suite does all six; the short one a script that stops. The gallery's exports.
SHORT = ("pose_hrnet_broken",)
BY_HAND = [
    pytest.param(script, id=script.stem, marks=() if script.stem in SHORT else (pytest.mark.full,))
    for script in EXAMPLES
]


@pytest.mark.parametrize("script", BY_HAND)
def test_an_example_is_uploaded_and_its_stages_appear_one_by_one(
    page: Page, live_server: LiveServer, script: Path
) -> None:
    live_server.start_worker()
    page.goto("/")
    page.locator("input[type=file]").set_input_files(script)
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_url(re.compile(r"/runs/\d+$"))
    seen = stages_seen(page)
    assert seen == sorted(seen)
    assert len(seen) > 3, f"the stages came in lumps: {seen}"
    promise = promise_of(script)
    sentence = page.locator(".verdict .sentence")
    expect(sentence).to_contain_text(SENTENCES[promise.verdict])
    expect(page.locator(".stages tbody:first-of-type tr").last).to_contain_text("whole model")
    if promise.line is not None:
        expect(sentence).to_contain_text(f"{script.name}:{promise.line}")
        expect(page.locator(".blocker[open] .lit")).to_contain_text("# export stops here")


def test_an_example_from_the_gallery_is_one_click(page: Page, live_server: LiveServer) -> None:
    live_server.start_worker()
    page.goto("/")
    page.get_by_role("button", name=re.compile("pose_hrnet_fixed")).click()
    page.wait_for_url(re.compile(r"/runs/\d+$"))
    expect(page.locator(".verdict .sentence")).to_contain_text(
        SENTENCES["exported"], timeout=SECONDS * 1000
    )

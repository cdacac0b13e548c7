"""Uploading by hand, in a real browser: chosen, dropped, pasted, and refused."""

import re
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Page, expect

from tests.conftest import LiveServer
from tests.web_support import SCRIPT
from tests.zip_support import make_zip

pytestmark = pytest.mark.browser

RUN = re.compile(r"/runs/\d+$")


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """A script on the person's disk."""
    path = tmp_path / "my model.py"
    path.write_bytes(SCRIPT)
    return path


def stored(live_server: LiveServer, run: int = 1) -> dict[str, object]:
    """What the API says of the run's script."""
    answer: dict[str, dict[str, object]] = httpx2.get(f"{live_server.url}/api/runs/{run}").json()
    return {"title": answer["title"]} | answer["script"]


def runs(live_server: LiveServer) -> int:
    """How many runs there are."""
    return len(httpx2.get(f"{live_server.url}/api/runs").json()["runs"])


def drop(page: Page, name: str, text: str) -> None:
    """Drop a file on the form, as the file manager does."""
    transfer = page.evaluate_handle(
        """([name, text]) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([text], name));
            return transfer;
        }""",
        [name, text],
    )
    for event in ("dragenter", "dragover", "drop"):
        page.dispatch_event("[data-drop]", event, {"dataTransfer": transfer})


def test_choosing_a_file(page: Page, live_server: LiveServer, script: Path) -> None:
    page.goto("/")
    page.set_input_files("input[type=file]", script)
    expect(page.get_by_text("my model.py")).to_be_visible()
    page.get_by_label("Title").fill("chosen by hand")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page).to_have_url(RUN)
    expect(page.get_by_role("heading", name="chosen by hand")).to_be_visible()
    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    assert stored(live_server)["filename"] == "my model.py"


def test_the_file_dialog_opens_from_the_drop_zone(page: Page, script: Path) -> None:
    page.goto("/")
    with page.expect_file_chooser() as chooser:
        page.get_by_text("Choose a .py or .zip").click()
    chooser.value.set_files(script)
    expect(page.get_by_text("my model.py")).to_be_visible()


def test_dropping_a_file(page: Page, live_server: LiveServer) -> None:
    page.goto("/")
    drop(page, "dropped.py", SCRIPT.decode())
    expect(page.locator("[data-file-name]")).to_have_text("dropped.py")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page).to_have_url(RUN)
    assert stored(live_server)["filename"] == "dropped.py"


def test_pasting_text(page: Page, live_server: LiveServer) -> None:
    page.goto("/")
    page.get_by_text("Paste instead").click()
    page.get_by_role("textbox", name="Script").fill("import torch\nx = 1\n")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page).to_have_url(RUN)
    assert stored(live_server)["title"] == "pasted.py"


def test_an_error_is_shown_at_the_form_and_nothing_is_lost(
    page: Page, live_server: LiveServer, tmp_path: Path
) -> None:
    archive = tmp_path / "two.zip"
    archive.write_bytes(make_zip({"a.py": "x = 1", "b.py": "y = 2"}))
    page.goto("/")
    page.set_input_files("input[type=file]", archive)
    page.get_by_label("Title").fill("keep me")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("It is not clear which file")
    expect(page.get_by_role("alert")).to_contain_text("a.py, b.py")
    assert runs(live_server) == 0
    # The file is still chosen: name the entry, and go on.
    expect(page.locator("[data-file-name]")).to_have_text("two.zip")
    expect(page.get_by_label("Title")).to_have_value("keep me")
    page.get_by_text("Options").click()
    page.get_by_label("Entry file of a .zip").fill("b.py")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page).to_have_url(RUN)
    assert stored(live_server)["entry"] == "b.py"


def test_a_file_that_is_too_large_is_not_even_sent(page: Page, tmp_path: Path) -> None:
    large = tmp_path / "large.py"
    large.write_bytes(b"x" * (2**21 + 1))
    page.goto("/")
    page.set_input_files("input[type=file]", large)
    said = page.locator("input[type=file]").evaluate("element => element.validationMessage")
    assert said == "large.py has 2097153 bytes; 2097152 are allowed."
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page).to_have_url(re.compile(r"/$"))


def test_an_example_is_one_click(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="pose_hrnet_broken.py").click()
    expect(page).to_have_url(RUN)
    expect(page.get_by_text("Waiting for a worker")).to_be_visible()


def test_the_form_works_without_scripts(
    plain_page: Page, live_server: LiveServer, script: Path
) -> None:
    plain_page.goto("/")
    plain_page.set_input_files("input[type=file]", script)
    plain_page.get_by_role("button", name="Run", exact=True).click()
    expect(plain_page).to_have_url(RUN)
    expect(plain_page.get_by_text("Waiting for a worker")).to_be_visible()
    assert stored(live_server)["entry"] == "my model.py"


def test_an_error_without_scripts_keeps_what_was_entered(
    plain_page: Page, live_server: LiveServer
) -> None:
    plain_page.goto("/")
    plain_page.get_by_text("Paste instead").click()
    plain_page.get_by_role("textbox", name="Script").fill("x = 1\n")
    plain_page.get_by_text("Options").click()
    plain_page.get_by_label("Dynamic shapes").fill("{nonsense")
    plain_page.get_by_role("button", name="Run", exact=True).click()
    expect(plain_page.get_by_role("alert")).to_contain_text("The dynamic shapes are not JSON")
    expect(plain_page.get_by_label("Dynamic shapes")).to_have_value("{nonsense")
    expect(plain_page.get_by_role("textbox", name="Script")).to_have_value("x = 1\n")
    assert runs(live_server) == 0


def test_running_again_with_an_edited_plan(page: Page, live_server: LiveServer) -> None:
    page.goto("/")
    drop(page, "model.py", SCRIPT.decode())
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("link", name="Run again").click()
    page.get_by_label("Use these").check()
    page.get_by_label("Stages").fill("backbone: body")
    page.get_by_role("button", name="Run again").click()
    expect(page).to_have_url(re.compile("/runs/2$"))
    expect(page.get_by_role("link", name="run 1", exact=True).first).to_be_visible()
    assert stored(live_server, 2)["entry"] == "model.py"


def test_the_keyboard_is_enough(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    for _ in range(page.locator("header.top a").count() + 1):
        page.keyboard.press("Tab")
    expect(page.locator("input[type=file]")).to_be_focused()
    outline = page.locator("[data-drop]").evaluate(
        "element => getComputedStyle(element).outlineStyle"
    )
    assert outline == "solid"

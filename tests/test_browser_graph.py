"""The graph tab by hand: open, close, find, select, follow edges, compare, keep the address."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import Engine

from app.graphs.document import GraphDocument
from app.models import Stage, StageKind, StageStatus, Verdict
from app.services.storage import BlobStore
from app.settings import Settings
from bench.graph_model import layered_graph
from tests.boxes_support import call, document, placed
from tests.conftest import wait_until
from tests.web_support import Seed, seeding

pytestmark = pytest.mark.browser

READY = "[data-graph-picture][data-ready]:not([aria-busy])"
LAYER = "model.layers.2"


def stored(seed: Seed, name: str, made: GraphDocument) -> int:
    """Keep a graph; its id."""
    found = seed.graph(name, document=made.model_dump(mode="json", exclude_defaults=True) | V2).id
    assert found is not None
    return found


V2 = {"version": 2}


@pytest.fixture
def large(engine: Engine, store: BlobStore, settings: Settings) -> int:
    """A graph of layers in a model."""
    with seeding(engine, store, settings) as seed:
        return stored(seed, "large", layered_graph(1_500))


@pytest.fixture
def pair(engine: Engine, store: BlobStore, settings: Settings) -> tuple[int, int]:
    """A graph, and the same with a call more."""
    first = [call("a", "x", modules=placed("m")), call("b", "a", modules=placed("m"))]
    more = call("new", "b", target="aten.exp.default")
    end = [call("c", "b", target="aten.cos.default"), call("d", "c", "x")]
    later = [call("c", "new", target="aten.cos.default"), call("d", "c", "x")]
    with seeding(engine, store, settings) as seed:
        base = stored(seed, "base", document(*first, *end))
        head = stored(seed, "head", document(*first, more, *later))
    return base, head


@pytest.fixture
def partial(engine: Engine, store: BlobStore, settings: Settings) -> int:
    """A graph that ends where export failed, in a module of three parts."""
    made = document(
        *(call(f"n{n}", "x", modules=placed("body.deep")) for n in range(3)),
        *(call(f"o{n}", "x", modules=placed("body")) for n in range(2)),
    )
    with seeding(engine, store, settings) as seed:
        run = seed.finished(Verdict.BLOCKED)
        found = stored(seed, "partial", made)
        stage = seed.stage(run, 1, StageStatus.FAILED, StageKind.WHOLE, graph_id=found)
        assert isinstance(stage, Stage)
        seed.failure(run, stage)
    return found


def visit(page: Page, address: str) -> None:
    """Go to a picture that is drawn."""
    page.goto(address)
    settled(page)


def settled(page: Page) -> None:
    """Wait until the picture is drawn."""
    expect(page.locator(READY)).to_be_visible()


def box(page: Page, key: str, frame: int = 0) -> Locator:
    """A box of one of the pictures."""
    return page.locator("[data-frame]").nth(frame).locator(f'[data-key="{key}"]')


def address_has(page: Page, part: str) -> None:
    """The address is written a moment after the picture."""
    wait_until(lambda: page.evaluate("1") and part in page.url)


def test_boxes_open_and_close_in_place(page: Page, large: int) -> None:
    visit(page, f"/graphs/{large}?view=graph")
    expect(box(page, LAYER)).to_have_attribute("aria-expanded", "false")
    before = box(page, LAYER).bounding_box()
    box(page, LAYER).click()
    settled(page)
    expect(box(page, LAYER)).to_have_attribute("aria-expanded", "true")
    expect(box(page, f"{LAYER}.attn")).to_be_visible()
    after = box(page, LAYER).bounding_box()
    assert before is not None
    assert after is not None
    assert abs(before["y"] - after["y"]) < 2
    address_has(page, LAYER)
    box(page, LAYER).locator(".title").click()
    settled(page)
    expect(box(page, LAYER)).to_have_attribute("aria-expanded", "false")
    expect(box(page, f"{LAYER}.attn")).to_have_count(0)


def test_more_modules_open_where_they_are_folded(page: Page, large: int) -> None:
    visit(page, f"/graphs/{large}?view=graph")
    fold = page.locator("[data-key].kind-fold")
    expect(fold).to_contain_text("28 more")
    expect(box(page, "model.layers.20")).to_have_count(0)
    fold.dispatch_event("click")  # it is below what is seen
    settled(page)
    expect(box(page, "model.layers.20")).to_have_count(1)
    expect(page.locator("[data-key].kind-fold")).to_have_count(0)


def test_a_node_is_found_by_its_name_and_shown(page: Page, large: int) -> None:
    visit(page, f"/graphs/{large}?view=graph")
    page.get_by_role("combobox").fill("softmax_20")
    page.locator("[data-matches] button").first.click()
    settled(page)
    found = page.locator(".box.selected")
    expect(found).to_contain_text("softmax")
    expect(found).to_be_focused()
    expect(page.locator("#node")).to_contain_text("softmax_20_0_12")
    address_has(page, "node=softmax_20_0_12")
    page.get_by_role("combobox").fill("there is none such")
    expect(page.locator("[data-matches]")).to_have_text("Nothing matches.")


def test_a_link_shows_the_same(page: Page, large: int) -> None:
    visit(page, f"/graphs/{large}?view=graph")
    box(page, LAYER).click()
    settled(page)
    box(page, "*layer_norm_2_0_0").click()
    page.get_by_label("Zoom in").click()
    address_has(page, "zoom=")
    address_has(page, "node=")
    selected = page.locator(".box.selected").get_attribute("data-key")
    page.wait_for_timeout(300)  # the address is written by then
    moved = page.locator("[data-frame] > g").get_attribute("transform")
    keys = page.locator("[data-key]").evaluate_all("all => all.map(one => one.dataset.key)")
    visit(page, page.url)
    assert page.locator(".box.selected").get_attribute("data-key") == selected
    assert numbers(page.locator("[data-frame] > g").get_attribute("transform")) == pytest.approx(
        numbers(moved), abs=1
    )
    again = page.locator("[data-key]").evaluate_all("all => all.map(one => one.dataset.key)")
    assert sorted(again) == sorted(keys)
    expect(page.locator(".tabs a", has_text="Table")).to_have_attribute("href", re.compile("node="))


def numbers(transform: str | None) -> list[float]:
    """Of a transform."""
    assert transform is not None
    return [float(one) for one in re.findall(r"-?[\d.]+", transform)]


def test_a_link_to_a_node_opens_the_way_to_it(page: Page, large: int) -> None:
    visit(page, f"/graphs/{large}?view=graph&node=softmax_20_0_12")
    selected = page.locator(".box.selected")
    expect(selected).to_contain_text("softmax")
    expect(selected).to_be_in_viewport()


def test_it_is_used_with_the_keyboard_alone(page: Page, large: int) -> None:
    visit(page, f"/graphs/{large}?view=graph")
    scene = page.locator("[data-frame] > g")
    page.locator("[data-frame]").focus()
    page.keyboard.press("Home")
    expect(box(page, "*hidden")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(box(page, "model.layers.0")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(box(page, "model.layers.1")).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    settled(page)
    expect(box(page, "model.layers.0")).to_have_attribute("aria-expanded", "true")
    expect(box(page, "model.layers.0")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".box.selected")).to_have_count(0)
    before = numbers(scene.get_attribute("transform"))
    page.keyboard.press("ArrowDown")
    assert numbers(scene.get_attribute("transform"))[1] == pytest.approx(before[1] - 60)
    page.keyboard.press("+")
    assert numbers(scene.get_attribute("transform"))[2] > before[2]
    page.keyboard.press("0")
    page.keyboard.press("/")
    expect(page.get_by_role("combobox")).to_be_focused()


def test_wheel_and_drag_move_the_picture(page: Page, large: int) -> None:
    visit(page, f"/graphs/{large}?view=graph")
    scene = page.locator("[data-frame] > g")
    place = page.locator("[data-frame]").bounding_box()
    assert place is not None
    page.mouse.move(place["x"] + 40, place["y"] + 60)
    before = numbers(scene.get_attribute("transform"))
    page.mouse.down()
    page.mouse.move(place["x"] + 90, place["y"] + 100, steps=5)
    page.mouse.up()
    after = numbers(scene.get_attribute("transform"))
    assert after[:2] != before[:2]
    assert after[2] == before[2]
    page.locator("[data-frame]").hover(position={"x": 40, "y": 60})
    page.mouse.wheel(0, -200)
    wait_until(lambda: numbers(scene.get_attribute("transform"))[2] > after[2])


def test_two_graphs_are_one_picture_or_two(page: Page, pair: tuple[int, int]) -> None:
    base, head = pair
    visit(page, f"/graphs/{head}?base={base}&view=graph")
    expect(box(page, "*new")).to_have_class(re.compile("change-added"))
    expect(box(page, "*c")).to_have_class(re.compile("change-changed"))
    expect(page.locator(".edge.change-removed")).to_have_count(1)
    expect(page.locator("figure").nth(1)).to_be_hidden()
    page.get_by_role("button", name="Side by side").click()
    expect(page.locator("figure").nth(1)).to_be_visible()
    expect(box(page, "*new", 0)).to_have_count(0)
    expect(box(page, "*new", 1)).to_be_visible()
    expect(box(page, "*b", 1)).to_be_visible()
    box(page, "m", 0).locator(".title").click()
    expect(box(page, "m", 0)).to_have_attribute("aria-expanded", "false")
    expect(box(page, "m", 1)).to_have_attribute("aria-expanded", "false")
    expect(box(page, "m", 1)).to_have_class(re.compile("selected"))
    page.get_by_label("Zoom in").click()
    left, right = page.locator("[data-frame] > g").all()
    assert left.get_attribute("transform") == right.get_attribute("transform")
    address_has(page, "side=1")
    visit(page, page.url)
    expect(box(page, "*new", 1)).to_be_visible()


def test_a_removed_node_is_where_it_was(page: Page, pair: tuple[int, int]) -> None:
    head, base = pair
    visit(page, f"/graphs/{head}?base={base}&view=graph")
    ghost = box(page, "-new")
    expect(ghost).to_have_class(re.compile("change-removed"))
    ghost.click()
    expect(page.locator("#node")).to_contain_text("removed")
    address_has(page, "of=base")
    visit(page, page.url)
    expect(ghost).to_have_class(re.compile("selected"))


def test_the_end_of_a_partial_graph_is_marked(page: Page, partial: int) -> None:
    visit(page, f"/graphs/{partial}?view=graph")
    stop = page.locator(".box.stop")
    expect(stop).to_contain_text("Export stops here: model.py:8")
    expect(stop).to_be_in_viewport()
    assert stop.get_attribute("data-key") == "*o1"
    expect(box(page, "body")).to_have_attribute("aria-expanded", "true")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_picture_is_a_file_that_needs_nothing_else(
    page: Page, pair: tuple[int, int], tmp_path: Path, scheme: str
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    base, head = pair
    visit(page, f"/graphs/{head}?base={base}&view=graph&side={'1' if scheme == 'dark' else ''}")
    with page.expect_download() as started:
        page.get_by_role("button", name="SVG of this").click()
    saved = tmp_path / "graph.svg"
    started.value.save_as(saved)
    root = ElementTree.parse(saved).getroot()
    text = saved.read_text()
    names = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert names <= {"svg", "g", "rect", "path", "text", "circle", "title"}
    assert not re.search(r"class=|style=|href|var\(|data-|light-dark", text)
    words = [element.text for element in root.iter() if element.tag.endswith("text")]
    assert words.count("exp") == 1
    assert words.count("cos") == (2 if scheme == "dark" else 1)
    rects = [one.get("fill") for one in root.iter() if one.tag.endswith("rect")]
    assert all(fill is not None and fill.startswith(("rgb", "color", "oklab")) for fill in rects)


def test_an_answer_that_is_an_error_is_said(page: Page, large: int) -> None:
    visit(page, f"/graphs/{large}?view=graph")
    gone = {"error": {"code": "not_found", "message": "There is no graph 1.", "hint": ""}}
    page.route("**/boxes*", lambda route: route.fulfill(status=404, json=gone))
    box(page, LAYER).click()
    expect(page.locator("[data-status]")).to_have_text("There is no graph 1.")


def test_the_picture_of_a_stop_is_on_the_page_of_the_run(
    page: Page, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        run = seed.searched(1)
        address = f"/runs/{run.id}"
    page.goto(address)
    picture = page.locator(".stop-picture")
    expect(picture).to_be_visible()
    expect(picture.locator("svg")).to_have_accessible_name(re.compile("Export stops in"))
    expect(picture.locator(".here")).to_contain_text(re.compile(r"Export stops here: model\.py:8"))

"""The documentation as pages: index, pages, links, and nothing that the policy forbids."""

import re
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Page
from sqlalchemy import Engine

from app.docs import MARK, code_blocks, render
from app.models import Category
from app.services.docs import CATEGORIES, FOLDER, read_doc
from app.services.storage import BlobStore
from app.settings import Settings
from tests.test_browser_pages import CONTRAST
from tests.web_support import seeding, text_of

CATEGORY_PAGES = [f"/docs/categories/{category.value}" for category in Category]
PAGES = [*CATEGORY_PAGES, *(f"/docs/{path.stem}" for path in FOLDER.glob("*.md"))]


def test_the_index_lists_every_page_with_its_first_sentence(client: TestClient) -> None:
    html = client.get("/docs").text
    for address in PAGES:
        assert f'href="{address}"' in html, address
    text = text_of(html)
    assert "Data-dependent branch Python branches on the value of a tensor" in text
    assert "Settings Settings come from the environment" in text
    assert '<a href="/docs">Docs</a>' in client.get("/").text


@pytest.mark.parametrize("address", PAGES)
def test_a_page_is_shown_and_holds_nothing_inline(address: str, client: TestClient) -> None:
    answer = client.get(address)
    assert answer.status_code == 200
    html = answer.text
    assert html.count("<h1>") == 1
    assert " style=" not in html
    assert "<style" not in html
    assert html.count("<script") == html.count("<script src=")
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("address", ["/docs", *PAGES])
def test_every_link_of_a_page_leads_somewhere(address: str, client: TestClient) -> None:
    html = client.get(address).text
    for target, anchor in re.findall(r'<a [^>]*href="(/[^"#]*|)(?:#([^"]*))?"', html):
        answer = client.get(target or address, follow_redirects=True)
        assert answer.status_code == 200, target
        assert not anchor or f'id="{anchor}"' in answer.text, (target, anchor)


@pytest.mark.parametrize("address", PAGES)
def test_every_picture_of_a_page_is_there_and_says_what_it_shows(
    address: str, client: TestClient
) -> None:
    for picture in re.findall(r"<img [^>]*>", client.get(address).text):
        source, words = re.search(r'src="([^"]+)"', picture), re.search(r'alt="([^"]+)"', picture)
        assert source, picture
        assert words, picture
        answer = client.get(source[1])
        assert answer.status_code == 200, source[1]
        assert answer.headers["content-type"] in ("image/png", "image/svg+xml")


def test_a_picture_that_is_not_there_is_not_found(client: TestClient) -> None:
    for name in ("none.png", "..%2Frun.md", "%2e%2e"):
        assert client.get(f"/docs/pictures/{name}").status_code == 404, name


def test_outside_of_the_docs_there_is_only_torch_and_python() -> None:
    allowed = ("https://docs.pytorch.org/", "https://docs.python.org/")
    for path in CATEGORIES.glob("*.md"):
        for target in re.findall(r"\]\((https?:[^)]+)\)", path.read_text()):
            assert target.startswith(allowed), (path.name, target)


@pytest.mark.parametrize(
    "path",
    ["/docs/nothing", "/docs/categories/nothing", "/docs/run.md", "/docs/%2e%2e%2fREADME",
     "/docs/categories/%2e%2e%2frun", "/docs/categories/crash/more"],
)  # fmt: skip
def test_what_is_no_page_is_not_found(path: str, client: TestClient) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "<h1>404</h1>" in answer.text


def test_a_missing_page_says_where_all_are(client: TestClient) -> None:
    text = text_of(client.get("/docs/categories/nothing").text)
    assert "There is no page 'nothing'. The index, /docs, lists all." in text


def test_the_json_and_its_description_stay_where_they_are(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert "/api/runs" in paths
    assert not any(path.startswith("/docs") for path in paths)


def test_a_failure_links_to_the_page_of_its_category(
    get: Any, client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed.partly()
    link = 'href="/docs/categories/data_dependent_branch"'
    for page in ("/runs/1", "/runs/1/stages/2"):
        assert link in client.get(page).text, page
        assert "What “data-dependent branch” means, and the ways out" in get(page)


class TestMarkdown:
    def test_raw_html_is_text(self) -> None:
        html = render("# T\n\n<b onclick=x>a</b> <script>alert(1)</script>\n", "t.md").lead
        assert "<b" not in html
        assert "<script" not in html
        assert "&lt;script&gt;" in html

    def test_a_link_that_would_run_something_is_none(self) -> None:
        assert "href" not in render("# T\n\n[a](javascript:alert(1))\n", "t.md").lead

    @pytest.mark.parametrize(
        ("target", "address"),
        [
            ("../run.md#statuses", "/docs/run#statuses"),
            ("crash.md", "/docs/categories/crash"),
            ("#more", "#more"),
            ("https://docs.pytorch.org/x.html#y", "https://docs.pytorch.org/x.html#y"),
        ],
    )
    def test_a_link_to_a_file_is_one_to_its_page(self, target: str, address: str) -> None:
        html = render(f"# T\n\n[a]({target})\n", "categories/t.md").lead
        assert f'<a href="{address}">' in html

    def test_before_and_after_stand_together(self) -> None:
        before = f"```python before\nx = 1\ny = 2  {MARK}\n```\n"
        after = "```python after\nx = 1\n\ny = 3\n```\n"
        html = render(f"# T\n\nText.\n\n{before}\n{after}", "t.md").html
        assert html.count('<div class="compare">') == 1
        lit = re.findall(r'<span class="row lit">(.*?)\n</span>', html, re.DOTALL)
        new = re.findall(r'<span class="row new">(.*?)\n</span>', html, re.DOTALL)
        assert [text_of(line) for line in lit] == ["y = 2 # <-- stops here"]
        assert [text_of(line) for line in new] == ["y = 3"]
        assert html.count("<div") == html.count("</div>")

    def test_cells_have_their_columns_name_and_no_inline_alignment(self) -> None:
        html = render("# T\n\nText.\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n", "t.md").html
        assert '<td data-column="a">1</td>\n<td data-column="b">2</td>' in html
        assert "style" not in html

    def test_a_block_has_words_and_options(self) -> None:
        (block,) = code_blocks("# T\n\n```python before kind=staged\nx\n```\n")
        assert (block.language, block.role, block.option("kind")) == ("python", "before", "staged")
        assert (block.option("outcome"), block.stops_at, block.line) == ("", None, 4)


@pytest.mark.browser
@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "light"), (1280, "dark")])
def test_pages_fit_the_screen_and_can_be_read(page: Page, width: int, scheme: str) -> None:
    page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
    page.set_viewport_size({"width": width, "height": 900})
    for address in ("/docs", *PAGES):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
        worst = page.evaluate(CONTRAST)
        assert worst["ratio"] >= 4.5, (address, worst)


@pytest.mark.browser
def test_on_a_wide_screen_before_and_after_stand_side_by_side(page: Page) -> None:
    for width, columns in ((1280, 2), (390, 1)):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto("/docs/categories/data_dependent_branch")
        pair = page.locator(".compare").first
        tops = {figure.bounding_box()["y"] for figure in pair.locator("figure").all()}  # type: ignore[index]
        assert len(tops) == 3 - columns


def test_a_page_is_read_anew_once_its_file_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.docs.FOLDER", tmp_path)
    path = tmp_path / "page.md"
    path.write_text("# One\n\nText.\n")
    assert read_doc("page", tmp_path).title == "One"
    path.write_text("# Two\n\nText.\n")
    assert read_doc("page", tmp_path).title == "Two"

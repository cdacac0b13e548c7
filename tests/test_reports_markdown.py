"""Markdown for an issue: nothing that a script says becomes markup, and all of it fits."""

import re

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from sqlalchemy import Engine

from app.models import Verdict
from app.reports.markdown import CHARACTERS
from app.reports.markdown_text import cell, fence, folded, plain, span
from app.services.storage import BlobStore
from app.settings import Settings
from app.text import visible
from tests.evil_support import seed_evil
from tests.share_support import stopped_run
from tests.web_support import seeding

OWN_TAGS = re.compile(r"</?(?:details|summary)>")
GITHUB = MarkdownIt("gfm-like", {"linkify": False})

WORST = [
    "</details><script>alert(1)</script>",
    "```\n</details>\n# heading\n````",
    "@torvalds and #1, GH-1, me/you#2",
    "![x](https://evil.example/a.png) [y](javascript:alert(1)) <https://evil.example>",
    "https://evil.example www.evil.example",
    "| a | b |\n|---|---|\n| *x* | `y` |",
    "a ` b `` c ``` d",
    "\\`\\` $x$ **bold** ~~no~~ _x_ &lt;b&gt; :smile:",
    "- [ ] task\n1. one\n> quote\n---\n===",
    "\x1b[31m\u202e\x00",
    "    indented",
    "#",
    "-",
    "1.",
    "`",
]


def tokens(text: str) -> list[Token]:
    """All tokens of a text, those of lines among them."""
    found = GITHUB.parse(text)
    return [*found, *(child for token in found for child in token.children or [])]


def html_of(text: str) -> list[str]:
    """All raw HTML in it."""
    return [one.content.strip() for one in tokens(text) if one.type.startswith("html")]


@pytest.mark.parametrize("text", WORST)
@pytest.mark.parametrize("place", ["{}", "- {}", "### {}", "a {} b"])
def test_a_text_is_read_as_it_is_written(text: str, place: str) -> None:
    made = place.format(plain(text))
    types = {one.type for one in tokens(made)}
    assert types <= {
        "paragraph_open", "paragraph_close", "inline", "text", "text_special", "softbreak",
        "bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close",
        "heading_open", "heading_close",
    }  # fmt: skip
    assert not re.search(r"@\w|(?<!&)#\d|GH-\d|://|www\.", made)
    shown = (one.content for one in tokens(plain(text)) if one.type in ("text", "text_special"))
    assert "".join(shown).replace("\u200b", "") == " ".join(visible(text).split())


@given(st.text(max_size=80))
def test_a_span_holds_its_text_whatever_it_is(text: str) -> None:
    made = f"x {span(text)} y"
    inline = [one for one in tokens(made) if one.type == "code_inline"]
    line = " ".join(text.split())
    assert len(inline) == bool(line) or not text.isprintable()
    if line and text.isascii() and text.isprintable():
        assert inline[0].content.strip() == line


@given(st.text(max_size=200))
def test_nothing_ends_a_fence(text: str) -> None:
    made = folded("Title", fence(text, "python"))
    found = tokens(made)
    assert [one.type for one in found if one.level == 0] == ["html_block", "fence", "html_block"]
    assert html_of(made) == ["<details><summary>Title</summary>", "</details>"]


def test_a_bar_in_a_name_ends_no_cell() -> None:
    table = f"| a | b |\n|---|---|\n| {cell('x | `y')} | 1 |"
    cells = [one for one in tokens(table) if one.type == "td_open"]
    assert len(cells) == 2


@pytest.mark.parametrize("source", ["", "?source=1"])
@pytest.mark.parametrize("path", ["run/1", "stage/1.1", "failure/1.1", "compare/2:1"])
def test_a_hostile_run_adds_no_markup(
    path: str, source: str, client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        seed_evil(seed)
        seed.partly()
    made = client.get(f"/reports/{path}.md{source}").text
    for html in html_of(made):
        assert OWN_TAGS.sub("", html).replace("\n", "").isprintable()
        assert "<" not in OWN_TAGS.sub("", html)
    assert not [one for one in tokens(made) if one.type in ("link_open", "image")]
    assert made.count("<details>") == made.count("</details>") > 0


def test_what_is_short_comes_first_and_what_is_long_is_folded(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        stopped_run(seed)
    made = client.get("/reports/run/1.md?source=1").text
    headline, about, *_ = made.split("\n\n")
    assert headline.startswith("### The whole model does not export, stopped by a Python branch")
    assert about == "Run 1, model `Net`, script `model.py`; torch `2.13.0`, Python `3.11.2`."
    for title in ("The traceback", "Patch of fix 1", "Stages (4)", "Environment"):
        assert f"<details><summary>{title}</summary>" in made
    assert ">    8 if x > 0:" in made


def test_an_issue_can_take_it_however_much_there_is(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        run = seed.finished(Verdict.BLOCKED)
        for n in range(1, 15):
            seed.blocker(run, n, stack="x" * 100_000, message="m" * 20_000)
    made = client.get("/reports/run/1.md?source=1").text
    assert len(made) < CHARACTERS + 1_000
    assert "6 more are in the HTML report." in made
    assert "parts are too long for an issue and left out" in made
    assert made.count("<details>") == made.count("</details>")

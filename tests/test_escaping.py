"""Whatever a script, a graph or a person says is text on a page, and nothing else."""

import re
from html.parser import HTMLParser

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.graphs.render import render_code
from app.services.storage import BlobStore
from app.settings import Settings
from app.text import terminal, visible
from tests.evil_support import EVIL, PAGES, seed_evil
from tests.web_support import seeding
from tests.zip_support import make_zip


class Parsed(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.fixture
def evil(client: TestClient, engine: Engine, store: BlobStore, settings: Settings) -> TestClient:
    """A client of an application with that run."""
    with seeding(engine, store, settings) as seed:
        seed_evil(seed)
    return client


@pytest.mark.parametrize("path", PAGES)
def test_nothing_hostile_becomes_markup(path: str, evil: TestClient) -> None:
    answer = evil.get(path)
    assert answer.status_code == 200
    for tag, attributes in Parsed(answer.text).tags:
        assert tag not in ("img", "style", "iframe", "object", "base")
        if tag == "script":
            assert (attributes["src"] or "").startswith("/static/")
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            assert name != "style", tag
            assert re.fullmatch(r"[a-z][a-z:-]*[\dx]*(:inherited)?", name), (tag, name)
            assert not (value or "").lstrip().lower().startswith("javascript:")
            if name in ("href", "action", "src"):
                assert (value or "").startswith(("/", "#")), value
    assert "alert(1)" in answer.text
    assert str(7919 * 7907) not in answer.text


@pytest.mark.parametrize("path", PAGES)
def test_nothing_on_a_page_is_hidden_or_obeyed_by_a_terminal(path: str, evil: TestClient) -> None:
    html = evil.get(path).text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]", html)
    assert "\u2039U+202E\u203a" in html
    assert "evil.example" not in html


def test_an_error_page_escapes_what_it_repeats(client: TestClient) -> None:
    answer = client.post(
        "/runs",
        data={"title": EVIL, "pasted": f"x = 1 # {EVIL}\0", "argv": EVIL, "stages": EVIL},
    )
    assert answer.status_code == 422
    assert not [tag for tag, _ in Parsed(answer.text).tags if tag == "img"]
    example = client.post("/runs", data={"example": EVIL})
    assert "<img" not in example.text


def test_a_name_of_a_file_in_an_error_is_escaped(client: TestClient) -> None:
    answer = client.post("/runs", files={"script": ("<img src=x>.exe", b"MZ")})
    assert answer.status_code == 422
    assert "&lt;img src=x&gt;.exe is a .exe file" in answer.text


def test_names_of_files_in_an_archive_are_escaped(client: TestClient) -> None:
    archive = make_zip({"<img src=x>.py": "x", "<svg onload=y>.py": "y"})
    answer = client.post("/runs", files={"script": ("a.zip", archive)})
    assert answer.status_code == 422
    assert "It has &lt;img src=x&gt;.py, &lt;svg onload=y&gt;.py." in answer.text
    assert not {tag for tag, _ in Parsed(answer.text).tags} & {"img"}


def test_an_uploads_own_name_is_shown_without_what_hides_in_it(client: TestClient) -> None:
    name = "\u202egnp\x1b[31m\u200b<b>.py"
    answer = client.post("/runs", files={"script": (name, b"x = 1")})
    assert answer.headers["location"] == "/runs/1"
    script = client.get("/api/runs/1").json()["script"]
    assert (script["filename"], script["entry"]) == ("gnp[31m<b>.py", "gnp_31m_b_.py")
    for path in ("/", "/runs/1", "/runs/1/rerun"):
        html = client.get(path).text
        assert "gnp[31m&lt;b&gt;.py" in html
        assert not {tag for tag, _ in Parsed(html).tags} & {"b"}


@pytest.mark.parametrize(
    "path", ["/api/runs/1/log", "/api/graphs/1?format=text", "/api/graphs/3?format=text"]
)
def test_plain_text_is_no_markup_and_no_terminals_master(path: str, evil: TestClient) -> None:
    answer = evil.get(path)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "<script>alert(1)</script>" in answer.text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", answer.text)


@pytest.mark.parametrize(
    "path",
    [
        *("/api/workers", "/api/graphs/1", "/api/runs", "/api/runs/1"),
        *("/api/runs/1/blockers/2", "/api/runs/1/modules", "/api/runs/1/remedies"),
    ],
)
def test_json_is_never_taken_for_a_page(path: str, evil: TestClient) -> None:
    answer = evil.get(path)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "alert(1)" in answer.text


def test_json_says_it_word_for_word(evil: TestClient) -> None:
    stage = evil.get("/api/runs/1/stages/2")
    assert stage.headers["content-type"] == "application/json"
    assert stage.json()["failure"]["message"] == EVIL


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text\twith\nlines", "plain text\twith\nlines"),
        ("Größe \u65e5\u672c \U0001f600", "Größe \u65e5\u672c \U0001f600"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b31mred", "red"),
        ("\x1bPq#0~\x1b\\sixel", "sixel"),
        ("\x1b(Bcharset", "charset"),
        ("\x1b", ""),
        ("a\x1b[", "a"),
        ("bell\x07 nul\x00 del\x7f", "bell\u2407 nul\u2400 del\u2421"),
        ("\u202egnp\u202c", "\u2039U+202E\u203agnp\u2039U+202C\u203a"),
        ("zero\u200bwidth", "zero\u2039zero width space\u203awidth"),
        ("c1\x85", "c1\u2039U+0085\u203a"),
        ("lone \ud800", "lone \u2039U+D800\u203a"),
        ("a\r\nb", "a\nb"),
        ("a\rb", "a\u240db"),
    ],
)
def test_control_characters_are_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert visible(shown) == shown


def test_output_is_shown_as_a_terminal_would_leave_it() -> None:
    assert terminal("10%\r50%\r100%\nnext\r\nlast\r") == "100%\nnext\nlast"


def test_code_is_highlighted_and_every_character_escaped() -> None:
    code = render_code("def f(a):\n    return '<b>' # \u202e\n", first=10, culprit=11)
    first, second = code.lines
    assert (first.number, second.number, second.culprit) == (10, 11, True)
    assert '<span class="k">def</span>' in first.html
    assert "&lt;b&gt;" in second.html
    assert "\u202e" not in second.html


def test_a_token_over_several_lines_stays_whole() -> None:
    lines = render_code('"""one\ntwo\nthree"""').lines
    assert [line.html.count("<span") for line in lines] == [1, 1, 1]
    assert [line.html.count("</span>") for line in lines] == [1, 1, 1]


def test_line_numbers_are_the_files_own() -> None:
    code = render_code("a = 1\x0c\nb = 2\u2028c\n\n")
    assert [line.number for line in code.lines] == [1, 2, 3]

"""Words that a person searches for, as queries of both databases and in a text."""

import re
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.excerpts import excerpt
from app.services.search_words import WORDS, fts5_query, pattern_of, read_words, ts_query

INDEX = sqlite3.connect(":memory:", check_same_thread=False)
INDEX.execute(
    "CREATE VIRTUAL TABLE found USING fts5(text, tokenize = 'unicode61 remove_diacritics 0')"
)


def finds(text: str, query: str) -> bool:
    INDEX.execute("DELETE FROM found")
    INDEX.execute("INSERT INTO found VALUES (?)", (text,))
    select = "SELECT count(*) FROM found WHERE found MATCH ?"
    (count,) = INDEX.execute(select, (fts5_query(read_words(query)),)).fetchone()
    return bool(count)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("x = torch.nn.functional.relu(x)", "nn.functional"),
        ("aten::nonzero has no fake kernel", "aten::nonzero"),
        ("Could not guard on Eq(u0, 1)", "u0"),
        ("Could not guard on Eq(u0, 1)", 'Eq(u0,"'),
        ("topk_mask = 1", "mask"),
        ("topk_mask = 1", "topk_mask"),
        ("class HRNet: pass", "hrn"),
        ("Größe und Maß", "größe maß"),
        ("one two three", "three one"),
        ("a AND b OR NOT c NEAR(d)", "AND NOT NEAR(d)"),
        ("title: x", "title:x"),
        ("a-b * c^2", "a-b * c^2"),
    ],
)
def test_names_of_the_field_are_found_as_they_are_written(text: str, query: str) -> None:
    assert finds(text, query)


@pytest.mark.parametrize(
    ("text", "query"), [("bar.foo", "foo.bar"), ("one", "one two"), ("remask", "mask")]
)
def test_all_words_must_be_there_in_their_order(text: str, query: str) -> None:
    assert not finds(text, query)


@given(st.text())
def test_no_text_is_syntax_to_either_database(text: str) -> None:
    words = read_words(text)
    assert len(words) <= WORDS
    if not words:
        return
    INDEX.execute("SELECT count(*) FROM found WHERE found MATCH ?", (fts5_query(words),)).fetchall()
    phrase = r"\('\w+'( <-> '\w+')*:\*\)"
    assert re.fullmatch(rf"{phrase}( & {phrase})*", ts_query(words))


@given(
    st.lists(st.from_regex(r"[a-z]{1,6}([._:]{1,2}[a-z0-9]{1,6}){0,2}", fullmatch=True), min_size=1)
)
def test_what_the_index_finds_is_marked_in_the_text(words: list[str]) -> None:
    text = f"before {' '.join(words)} after"
    chosen = read_words(words[-1])
    assert finds(text, words[-1])
    assert pattern_of(chosen).search(text)


def test_an_excerpt_is_the_line_of_the_first_hit() -> None:
    text = "import torch\n\n    keep = x.topk(3)  # topk\nlast"
    found = excerpt("script", text, pattern_of(["topk"]))
    assert found.line == 3
    assert [(part.text, part.hit) for part in found.parts] == [
        ("keep = x.", False),
        ("topk", True),
        ("(3)  # ", False),
        ("topk", True),
    ]


def test_a_long_line_is_cut_around_the_hit() -> None:
    found = excerpt("failures", f"{'a ' * 200}here{' b' * 200}", pattern_of(["here"]))
    text = "".join(part.text for part in found.parts)
    assert text.startswith("…")
    assert text.endswith("…")
    assert len(text) < 160
    assert [part.text for part in found.parts if part.hit] == ["here"]

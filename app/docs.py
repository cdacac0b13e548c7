"""The Markdown of docs/ as HTML. Pure.

Raw HTML in a page is text. A fence's first word is its language; code that comes in pairs says so
in the words after it, which nobody sees:

    ```python before
    ```python after same

The two stand side by side: the line that carries the mark is lit in the first, what is new is in
the second. tests/test_category_docs.py runs both and holds them to their words.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

from app.graphs.render import render_code

MARK = "# <-- stops here"
CAPTIONS = {"before": "Before", "after": "After"}
# What a `before` does that exports all the same, by its word `outcome=…`.
OUTCOMES = {
    "differs": "exports, and computes something else",
    "forgets": "exports, and forgets its state",
    "large": "exports, as a graph that is many times larger",
    "unsaved": "exports, and cannot be saved or loaded",
    "prints": "prints far more than it should",
    "dies": "ends the process",
}

_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*:|[#/]")
_LINK = re.compile(r"\[([^]]*)\]\([^)]*\)")
_SENTENCE_ENDS = re.compile(r"(?<=[.:])\s")


@dataclass(frozen=True)
class CodeBlock:
    """A fence: its language, the words after it, and what is in it."""

    language: str
    words: tuple[str, ...]
    text: str
    line: int  # of the page where its text begins, from 1

    @property
    def role(self) -> str:
        """`before` or `after` of a pair; empty elsewhere."""
        return next((word for word in self.words if word in CAPTIONS), "")

    @property
    def stops_at(self) -> int | None:
        """The number of the line that carries the mark."""
        lines = enumerate(self.text.splitlines(), 1)
        return next((number for number, line in lines if line.endswith(MARK)), None)

    def option(self, name: str) -> str:
        """What its word `name=…` says; empty where there is none."""
        pairs = (word.partition("=") for word in self.words)
        return next((value for key, _, value in pairs if key == name), "")


@dataclass(frozen=True)
class Heading:
    """A title inside of a page, and its anchor."""

    level: int  # 2 for a section
    title: str
    anchor: str


@dataclass(frozen=True)
class Outline:
    """What an index shows of a page."""

    title: str
    lead: Markup  # the first sentence


@dataclass(frozen=True)
class Document:
    """A page as HTML, without its title."""

    title: str
    lead: Markup  # the first paragraph
    html: Markup  # all that follows
    headings: tuple[Heading, ...]


def outline(text: str) -> Outline:
    """The title of a page and the first sentence after it."""
    tokens = _PARSER.parse(text)
    first = next(token for token in tokens[3:] if token.type == "inline")
    sentence = _SENTENCE_ENDS.split(first.content, maxsplit=1)[0].rstrip(":.") + "."
    linkless = _LINK.sub(r"\1", sentence)
    return Outline(_title(tokens), _html(_PARSER.parseInline(linkless)))


def render(text: str, path: str) -> Document:
    """A whole page.

    Args:
        text: Markdown that begins with its title and a paragraph.
        path: of the file inside docs/, which its links count from.
    """
    tokens = _PARSER.parse(text)
    body = tokens[3:]
    headings = tuple(_anchored(body))
    _label_cells(body)
    for token in body:
        _relink(token, PurePosixPath(path).parent)
    return Document(_title(tokens), _html(body[:3]), _html(list(_paired(body[3:]))), headings)


def code_blocks(text: str) -> list[CodeBlock]:
    """All fences of a page, in order."""
    return [_block(token) for token in _PARSER.parse(text) if token.type == "fence"]


def slug(title: str) -> str:
    """A heading's anchor, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def _html(tokens: Sequence[Token]) -> Markup:
    return Markup(_PARSER.renderer.render(tokens, _PARSER.options, {}))  # noqa: S704 - no raw HTML


def _title(tokens: Sequence[Token]) -> str:
    assert tokens[0].tag == "h1", "a page begins with its title"
    return tokens[1].content.replace("`", "")


def _anchored(tokens: Sequence[Token]) -> Iterator[Heading]:
    """Gives each heading its anchor."""
    for token, inside in pairwise(tokens):
        if token.type == "heading_open":
            title = inside.content.replace("`", "")
            token.attrSet("id", slug(title))
            yield Heading(int(token.tag[1]), title, slug(title))


def _label_cells(tokens: Sequence[Token]) -> None:
    """Each cell gets its column's name, for screens that show a row as a card.

    A column's alignment goes: it would be inline style, which the policy forbids.
    """
    names: list[str] = []
    column = 0
    for token, inside in pairwise(tokens):
        token.attrs.pop("style", None)
        if token.type == "table_open":
            names = []
        elif token.type == "tr_open":
            column = 0
        elif token.type == "th_open":
            names.append(inside.content)
        elif token.type == "td_open":
            token.attrSet("data-column", names[column])
            column += 1


def _relink(token: Token, folder: PurePosixPath) -> None:
    """Links from file to file become links from page to page; pictures stay files."""
    for child in token.children or ():
        if child.type == "image":
            child.attrSet("src", page_address(str(child.attrGet("src")), folder))
        if child.type == "link_open":
            child.attrSet("href", page_address(str(child.attrGet("href")), folder))


def page_address(target: str, folder: PurePosixPath) -> str:
    """The address of what a page in `folder` of docs/ links to.

    What lies outside docs/ is on no page: it becomes an address that is not there, which a test
    of all links finds.
    """
    if _ABSOLUTE.match(target):
        return target
    file, hash_, anchor = target.partition("#")
    parts: list[str] = []
    for part in (folder / file).parts:
        if part == ".." and parts:
            parts.pop()
        else:
            parts.append(part)
    return f"/docs/{'/'.join(parts).removesuffix('.md')}{hash_}{anchor}"


def _paired(tokens: Sequence[Token]) -> Iterator[Token]:
    """The tokens with each before and after that follow each other inside one element."""
    before: CodeBlock | None = None
    for token in tokens:
        block = _block(token) if token.type == "fence" else None
        if block is None or block.role != "after" or before is None:
            if before is not None:
                yield Token("pair_close", "div", -1)
            before = None
        if block is not None and block.role == "before":
            yield Token("pair_open", "div", 1, attrs={"class": "compare"})
            before = block
        elif before is not None:
            token.meta["before"] = before.text
        yield token
    if before is not None:
        yield Token("pair_close", "div", -1)


def _block(token: Token) -> CodeBlock:
    language, *words = token.info.split() or [""]
    assert token.map is not None
    return CodeBlock(language, tuple(words), token.content, token.map[0] + 2)


def _fence(_renderer: Any, tokens: Sequence[Token], index: int, *_: Any) -> str:
    """A fence as a figure of lines."""
    block = _block(tokens[index])
    rows = "".join(_rows(block, tokens[index].meta.get("before")))
    kind = "code" if block.language == "python" else "text"
    code = f'<pre class="{kind}" tabindex="0"><code>{rows}</code></pre>\n'
    if not block.role:
        return code
    caption = _caption(block)
    return f'<figure class="{block.role}"><figcaption>{caption}</figcaption>{code}</figure>\n'


def _caption(block: CodeBlock) -> Markup:
    word = Markup("<b>{}</b>").format(CAPTIONS[block.role])
    outcome = OUTCOMES.get(block.option("outcome"), "")
    return Markup("{}: {}").format(word, outcome) if outcome else word


def _rows(block: CodeBlock, before: str | None) -> Iterator[str]:
    """One element a line of Python; other text as it is."""
    if block.language != "python":
        yield str(escape(block.text))
        return
    new = set() if before is None else _new_lines(before, block.text)
    for line in render_code(block.text, culprit=block.stops_at).lines:
        tone = " lit" if line.culprit else " new" if line.number in new else ""
        yield f'<span class="row{tone}">{line.html}\n</span>'


def _new_lines(before: str, after: str) -> set[int]:
    """The numbers of the lines of `after` that `before` does not have; empty ones left out."""
    old, lines = (text.replace(f"  {MARK}", "").splitlines() for text in (before, after))
    matcher = SequenceMatcher(None, old, lines, autojunk=False)
    same = {
        match.b + step + 1 for match in matcher.get_matching_blocks() for step in range(match.size)
    }
    return {number for number, line in enumerate(lines, 1) if line and number not in same}


_PARSER = MarkdownIt("commonmark", {"html": False}).enable("table")
_PARSER.add_render_rule("fence", _fence)

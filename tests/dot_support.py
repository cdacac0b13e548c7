"""A reader of GraphViz's language, as far as it is written here."""

import re
from collections.abc import Iterator

# Strings, and the marks between them.
TOKENS = re.compile(
    r'\s*("(?:[^"\\]|\\.)*"|->|[{}\[\];=,]|[a-z_A-Z]+|[0-9.]+)', flags=re.ASCII | re.DOTALL
)
CODED = re.compile(r"\\(.)")


def tokens_of(text: str) -> Iterator[str]:
    """The tokens of DOT; fails at anything that is none."""
    place = 0
    while text[place:].strip():
        match = TOKENS.match(text, place)
        assert match, text[place : place + 40]
        yield match[1]
        place = match.end()


def read_dot(text: str) -> tuple[list[str], list[tuple[str, str]], list[str]]:
    """The names of nodes, the edges, and the labels of what was written."""
    nodes, edges, labels = [], [], []
    tokens = ["", *tokens_of(text), "", ""]
    depth = 0
    for place, token in enumerate(tokens[1:-2], 1):
        before, after = tokens[place - 1], tokens[place + 1]
        depth += {"{": 1, "}": -1}.get(token, 0)
        assert depth >= 0
        if token == "->":
            edges.append((unquoted(before), unquoted(after)))
        elif token.startswith('"') and after == "[" and before in (";", "{", "}"):
            nodes.append(unquoted(token))
        elif token == "label":
            assert after == "="
            labels.append(drawn(tokens[place + 2]))
    assert depth == 0
    return nodes, edges, labels


def unquoted(token: str) -> str:
    """A name: in it `\\"` is the only escape, but a backslash is written twice here."""
    assert token[0] == token[-1] == '"'
    return CODED.sub(r"\1", token[1:-1])


def drawn(token: str) -> str:
    """A label: `\\n` is a new line, and `&amp;` the only entity."""
    text = CODED.sub(lambda match: "\n" if match[1] == "n" else match[1], token[1:-1])
    assert not re.search(r"&(?!amp;)", text)
    return text.replace("&amp;", "&")

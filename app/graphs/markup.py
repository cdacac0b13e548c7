"""A node's line as HTML: highlighted, its arguments linked, what was edited marked. Pure."""

from collections.abc import Callable

from markupsafe import Markup, escape

from app.graphs.code_view import is_edited
from app.graphs.document import Node
from app.graphs.listing import Token, flat, pieces
from app.text import visible

LINE = 1_200  # characters of a line; the node's panel has more

Link = Callable[[str], str | None]  # a node's name → its address


def node_html(
    node: Node, link: Link, *, edited: frozenset[str] = frozenset(), own: str | None = None
) -> Markup:
    """The line. `own` is the address that the node's own name leads to."""
    parts: list[str] = []
    room = LINE
    for piece in pieces(node):
        marked = edited and piece.where and is_edited(piece.where, edited)
        parts.append("<mark>" if marked else "")
        for token in piece.tokens:
            if room > 0:
                parts.append(_token(token, link, own))
            room -= len(token[1])
        parts.append("</mark>" if marked else "")
        if room <= 0:
            parts.append(" …")
            break
    return Markup("".join(parts))  # noqa: S704 - every part is escaped


def _token(token: Token, link: Link, own: str | None) -> str:
    kind, raw = token
    text = escape(visible(flat(raw[:LINE])))
    address = own if kind == "nf" else link(raw) if kind == "ref" else None
    if address is not None:
        extra = ' class="nf" data-node' if kind == "nf" else ' class="ref"'
        return f'<a{extra} href="{escape(address)}">{text}</a>'
    return f'<span class="{kind}">{text}</span>' if kind and kind != "ref" else str(text)

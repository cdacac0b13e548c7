"""All that is known of one node: arguments, users, values, symbols, edits. Pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from app.graphs.comparison import Comparison, Entry
from app.graphs.diff.result import Edit
from app.graphs.document import GraphInput, GraphOutput, Node, Symbol, TensorSpec
from app.graphs.listing import Token, flat, tokens

ARGUMENTS = 60  # that a panel lists, and tokens of each
TOKENS = 200
USERS = 60
VALUES = 40

_SYMBOL = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True)
class Argument:
    """An argument in pieces; a piece that is a node has its entry."""

    name: str
    parts: tuple[tuple[Token, Entry | None], ...]


@dataclass(frozen=True)
class Change:
    """An edit, in pieces before and after."""

    edit: Edit
    before: tuple[tuple[Token, Entry | None], ...]
    after: tuple[tuple[Token, Entry | None], ...]


@dataclass(frozen=True)
class NodePanel:
    """A node in full."""

    entry: Entry
    body: str  # the subgraph's name; empty for the graph itself
    arguments: tuple[Argument, ...]
    more_arguments: int
    users: tuple[Entry, ...]
    more_users: int
    values: tuple[TensorSpec, ...]
    more_values: int
    symbols: tuple[Symbol, ...]
    changes: tuple[Change, ...]
    given: GraphInput | None  # what a placeholder stands for
    gives: tuple[GraphOutput, ...]  # what it is for the caller
    subgraphs: tuple[str, ...]
    renamed: str  # its name in the base, where that is another

    @property
    def node(self) -> Node:
        """The node itself."""
        return self.entry.node


def panel_of(comparison: Comparison, entry: Entry) -> NodePanel:
    """Look up all that is to say of a node."""
    graph = comparison.base if entry.removed else comparison.head
    assert graph is not None
    node = entry.node
    body = comparison.name_of(entry.body, base=entry.removed) or ""
    users = graph.users[body].get(node.name, [])
    arguments = [(f"{place}", value) for place, value in enumerate(node.args)]
    arguments += node.kwargs.items()
    named = ((name, value) for name, value in arguments[:ARGUMENTS])
    main = not body
    return NodePanel(
        entry=entry,
        body=body,
        arguments=tuple(
            Argument(name, _parts(comparison, entry, value, base=entry.removed))
            for name, value in named
        ),
        more_arguments=max(0, len(arguments) - ARGUMENTS),
        users=tuple(_entries(comparison, body, users[:USERS], base=entry.removed)),
        more_users=max(0, len(users) - USERS),
        values=tuple(node.values[:VALUES]),
        more_values=max(0, len(node.values) - VALUES),
        symbols=tuple(symbols_in(node.values, graph.document.symbols)),
        changes=tuple(
            Change(
                edit,
                _parts(comparison, entry, edit.before, base=True),
                _parts(comparison, entry, edit.after, base=False),
            )
            for edit in entry.edits
        ),
        given=graph.inputs.get(node.name) if main and node.op == "placeholder" else None,
        gives=tuple(one for one in graph.document.outputs if one.name == node.name and main),
        subgraphs=tuple(dict.fromkeys(graph.subgraphs_of(body, node))),
        renamed=entry.before.name if entry.before and entry.before.name != node.name else "",
    )


def symbols_in(values: Iterable[TensorSpec], symbols: Iterable[Symbol]) -> Iterator[Symbol]:
    """The symbols of a graph that these values' shapes are made of."""
    names = {name for value in values for name in names_in(value)}
    return (symbol for symbol in symbols if symbol.name in names)


def names_in(value: TensorSpec) -> Iterator[str]:
    """Every name in a shape or a symbolic value."""
    texts = [one for one in value.shape if isinstance(one, str)]
    if value.kind in ("symint", "symfloat", "symbool"):
        texts.append(value.value)
    for text in texts:
        yield from _SYMBOL.findall(text)


def mentions(text: str, names: set[str]) -> bool:
    """Whether an expression has one of these symbols in it."""
    return not names.isdisjoint(_SYMBOL.findall(text))


def _entries(
    comparison: Comparison, body: str, indices: Iterable[int], *, base: bool
) -> Iterator[Entry]:
    for index in indices:
        if (found := comparison.at(body, index, base=base)) is not None:
            yield found


def _parts(
    comparison: Comparison, entry: Entry, value: Any, *, base: bool
) -> tuple[tuple[Token, Entry | None], ...]:
    """An argument in pieces, its nodes looked up in their own graph."""
    parts: list[tuple[Token, Entry | None]] = []
    for kind, text in tokens(value):
        if len(parts) == TOKENS:
            parts.append((("", " …"), None))
            break
        found = comparison.named(text, entry.body, base=base) if kind == "ref" else None
        parts.append(((kind, flat(text)), found))
    return tuple(parts)

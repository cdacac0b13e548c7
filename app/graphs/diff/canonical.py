"""Canonical forms: a body's nodes as numbers that say what they are, whatever they are called.

Equal forms get equal numbers in both graphs, for both are read with one `Interner`. Names of nodes
are references resolved to places; symbols are erased; file names and line numbers are not read.
"""

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from app.graphs.diff.symbols import loose_skeleton
from app.graphs.document import GraphDocument, GraphInput, Module, Node, TensorSpec

NESTED = 20  # of subgraphs in subgraphs that are told apart by what is in them
DEPTH = 100  # of arguments in arguments that are told apart; below, their text counts

_NUMBERED = re.compile(r"\d+\Z")
_ON_NODE = re.compile(r" on node '.*\Z", re.DOTALL)


class Interner:
    """Numbers for whatever is equal, shared by the two graphs."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}
        self._operators: dict[tuple[str, ...], tuple[int, int, int]] = {}
        self._specs: dict[Hashable, tuple[int, int]] = {}
        self._stacks: dict[tuple[Module, ...], tuple[int, int]] = {}
        self._sources: dict[str, int] = {}

    def number(self, *key: Hashable) -> int:
        """The number of this key."""
        return self._numbers.setdefault(key, len(self._numbers))

    def source(self, text: str) -> int:
        """The number of a line of code, however it is indented; 0 where it is not known."""
        known = self._sources.get(text)
        if known is None:
            words = " ".join(text.split())
            known = self._sources[text] = self.number("source", words) + 1 if words else 0
        return known

    def operator(self, key: tuple[str, ...]) -> tuple[int, int, int]:
        """The numbers of op and target: as they are, without the path of a parameter, op alone."""
        known = self._operators.get(key)
        if known is None:
            bare = self.number(*key[:-1], key[-1].rpartition(".")[2])
            known = self._operators[key] = (self.number(*key), bare, self.number("op", key[0]))
        return known

    def stack(self, modules: Sequence[Module]) -> tuple[int, int]:
        """The numbers of all modules, and of the innermost's path and call; -1 for none."""
        key = tuple(modules)
        known = self._stacks.get(key)
        if known is None:
            module = self.number("module", key[-1][0], key[-1][2]) if key else -1
            known = self._stacks[key] = (len(self._stacks) + 1 if key else 0, module)
        return known

    def values(self, specs: Sequence[TensorSpec]) -> tuple[int, int]:
        """The numbers of what a node computes, as it is and with its symbols erased."""
        if len(specs) == 1:
            return self._spec(specs[0])
        numbers = [self._spec(spec) for spec in specs]
        exact, erased = (
            (tuple(column) for column in zip(*numbers, strict=True)) if numbers else ((), ())
        )
        return self.number("values", exact), self.number("erased", erased)

    def _spec(self, spec: TensorSpec) -> tuple[int, int]:
        key = (
            (spec.name, spec.kind, spec.dtype, spec.device, spec.layout),
            repr(spec.shape),
            repr(spec.stride) if spec.stride else "",
            spec.value,
        )
        known = self._specs.get(key)
        if known is None:
            is_text = spec.kind in ("constant", "object")
            erased = spec.value if is_text else loose_skeleton(spec.value)
            known = self._specs[key] = (
                self.number("spec", key),
                self.number(
                    "kind", key[0], erased_sizes(spec.shape), erased_sizes(spec.stride), erased
                ),
            )
        return known


def erased_sizes(sizes: Sequence[int | str]) -> tuple[int | str, ...]:
    """Sizes or strides without the names of their symbols."""
    return tuple(size if isinstance(size, int) else loose_skeleton(size) for size in sizes)


class _Reader:
    """Reads arguments into a skeleton, and what it leaves out: references and expressions."""

    def __init__(self, places: dict[str, int], is_assert: bool) -> None:
        self.places = places
        self.is_assert = is_assert
        self.parts: list[str] = []
        self.references: list[int] = []
        self.expressions: list[str] = []

    def read(self, value: Any, depth: int = 0) -> None:
        kind = type(value)
        if kind is list and depth < DEPTH:
            self.parts.append("[")
            for item in value:
                self.read(item, depth + 1)
            self.parts.append("]")
        elif kind is dict and depth < DEPTH:
            if len(value) != 1 or not self._single(value, depth):
                self.parts.append("{")
                for key, item in value.items():
                    self.parts.append(repr(key))
                    self.read(item, depth + 1)
                self.parts.append("}")
        elif kind is str and self.is_assert:
            self._expression(value)
        else:
            self.parts.append(repr(value))

    def _single(self, value: dict[str, Any], depth: int) -> bool:
        ((key, inner),) = value.items()
        if type(inner) is not str:
            return False
        if key == "node":
            place = self.places.get(inner)
            if place is None:
                self.parts.append(f"?{inner!r}")
            else:
                self.parts.append("&")
                self.references.append(place)
            return True
        if key == "sym":
            self._expression(inner)
            return True
        return False

    def _expression(self, text: str) -> None:
        self.parts.append(f"${loose_skeleton(message_core(text))!r}")
        self.expressions.append(text)


def message_core(text: str) -> str:
    """An assert's message without the name of the node that it is about."""
    return _ON_NODE.sub("", text)


def unnumbered(name: str) -> str:
    """A name that torch numbers, without its number: `lifted_tensor_0`."""
    return _NUMBERED.sub("", name)


@dataclass
class Body:
    """One body in canonical form; lists are by place."""

    name: str
    nodes: Sequence[Node]
    places: dict[str, int]  # of names; the last of several
    ops: list[int] = field(default_factory=list)
    operators: list[int] = field(default_factory=list)  # op and target
    bare: list[int] = field(default_factory=list)  # the same, without the path of a parameter
    forms: list[int] = field(default_factory=list)  # the arguments without references and symbols
    exact: list[int] = field(default_factory=list)  # the values
    erased: list[int] = field(default_factory=list)  # the values without symbols
    modules: list[int] = field(default_factory=list)  # path and call of the innermost
    stacks: list[int] = field(default_factory=list)  # all of the modules
    paths: list[str] = field(default_factory=list)  # of the innermost module, or a parameter
    sources: list[int] = field(default_factory=list)
    references: list[list[int]] = field(default_factory=list)  # in the order of the arguments
    expressions: list[list[str]] = field(default_factory=list)

    @cached_property
    def users(self) -> list[list[tuple[int, int]]]:
        """Who uses a node: its place, and the how-manieth reference it is there."""
        users: list[list[tuple[int, int]]] = [[] for _ in self.nodes]
        for user, references in enumerate(self.references):
            for position, place in enumerate(references):
                users[place].append((user, position))
        return users

    def __len__(self) -> int:
        return len(self.nodes)


class Canonical:
    """A document's bodies in canonical form, read when they are asked for."""

    def __init__(self, document: GraphDocument, interner: Interner) -> None:
        self.document = document
        self.interner = interner
        self.inputs = {item.name: item for item in document.inputs}
        self._bodies: dict[str, Body] = {}

    @property
    def names(self) -> list[str]:
        """The graph itself first. A subgraph without a name has no place in a diff."""
        return ["", *(name for name in self.document.subgraphs if name)]

    def body(self, name: str) -> Body:
        """The body of this name."""
        if name not in self._bodies:
            nodes = self.document.subgraphs[name].nodes if name else self.document.nodes
            self._bodies[name] = self._read(name, nodes)
        return self._bodies[name]

    def subgraph(self, body: str, node: Node) -> str | None:
        """The subgraph that a `get_attr` gives."""
        return self.document.subgraph_of(body, node) or None

    def _read(self, name: str, nodes: Sequence[Node]) -> Body:
        body = Body(name, nodes, {node.name: place for place, node in enumerate(nodes)})
        for node in nodes:
            self._read_arguments(body, node)
        for node in nodes:
            self._read_rest(body, node)
        return body

    def _read_arguments(self, body: Body, node: Node) -> None:
        reader = _Reader(body.places, "_assert" in node.target)
        reader.read(node.args)
        if node.kwargs:
            reader.read(node.kwargs)
        form = "".join(reader.parts)
        content = self._content(body.name, node) if node.op == "get_attr" else ()
        body.forms.append(self.interner.number(form, *content))
        body.references.append(reader.references)
        body.expressions.append(reader.expressions)

    def _read_rest(self, body: Body, node: Node) -> None:
        interner = self.interner
        key = self._operator(body.name, node)
        operator, bare, op = interner.operator(key)
        body.operators.append(operator)
        body.bare.append(bare)
        body.ops.append(op)
        exact, erased = interner.values(node.values)
        body.exact.append(exact)
        body.erased.append(erased)
        stack, module = interner.stack(node.modules)
        body.stacks.append(stack)
        body.modules.append(module)
        is_call = node.op not in ("placeholder", "get_attr")
        body.paths.append(key[-1] if not is_call else node.modules[-1][0] if stack else "")
        body.sources.append(interner.source(node.frame.text) if node.frame else 0)

    def _content(self, body: str, node: Node) -> tuple[int, ...]:
        """What the subgraph is that a node gives: all of its nodes."""
        name = self.subgraph(body, node)
        if name is None or name.count(".") > NESTED:
            return ()
        inner = self.body(name)
        content = (*inner.operators, *inner.forms, *inner.erased)
        return (self.interner.number("content", content),)

    def _operator(self, body: str, node: Node) -> tuple[str, ...]:
        if node.op == "placeholder":
            return self._input(self.inputs.get(node.name) if not body else None)
        if node.op == "get_attr":
            name = "" if self.subgraph(body, node) else unnumbered(node.target)
            return ("get_attr", name)
        return (node.op, node.target if node.op != "output" else "")

    @staticmethod
    def _input(item: GraphInput | None) -> tuple[str, ...]:
        if item is None:
            return ("placeholder", "", "")
        target = unnumbered(item.target) if item.kind == "constant" else item.target
        return ("placeholder", item.kind, target)

"""The bodies of a graph: itself, and the subgraphs of its higher-order ops, each node as data."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import torch
from torch.fx import Graph, GraphModule, Node

from .capture_arguments import Arguments, target_name
from .capture_names import Names
from .emit import SHORT, TEXT, cap
from .frames import Places, innermost_user
from .specs import MOST, leaves_of, spec
from .torch_partial import is_wrapper, within_root

# Characters of a subgraph's name within its body. With those around it, it has to stay below SHORT.
RELATIVE = 100
LEAST = 8
MOST_BODIES = 2_000

_STACK_LINE = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+), in (?P<function>\S+)')
_CALL = re.compile(r"@(\d{1,9})$")


class Body:
    """One body. `root` is the module whose attributes its nodes get."""

    def __init__(self, name: str, graph: Graph, root: Any, places: Places) -> None:
        self.name = name
        self.subgraphs: dict[str, str] = {}  # target of a get_attr → its name within this body
        self._root = root
        self._places = places
        given = Names()
        self._names = {node: given.give(node.name) for node in graph.nodes}
        self._by_text = {node.name: name for node, name in reversed(self._names.items())}
        self._arguments = Arguments(self._names)

    @property
    def nodes(self) -> list[Node]:
        """Its nodes in order."""
        return list(self._names)

    def name_of(self, text: str) -> str:
        """The name that torch's own name of a node became."""
        return self._by_text.get(text) or cap(text, SHORT)

    def attribute(self, target: str) -> Any:
        """What a get_attr gives; None where it is not there."""
        value = self._root
        try:
            for part in target.split("."):
                value = getattr(value, part)
        except Exception:  # a module's own __getattr__ may raise what it likes
            return None
        return value

    def as_data(self) -> list[dict[str, Any]]:
        """Its nodes as app/graphs/document.py has them."""
        return [self._node(node, name) for node, name in self._names.items()]

    def leaves(self, node: Node) -> Iterator[tuple[str, Any]]:
        """What a node computes, each with its place where that is several."""
        value = node.meta.get("val", node.meta.get("example_value"))
        if value is None and node.op == "get_attr":
            held = self.attribute(str(node.target))
            value = held if isinstance(held, torch.Tensor | torch.ScriptObject) else None
        return iter(()) if value is None else islice(leaves_of(value), MOST)

    def _node(self, node: Node, name: str) -> dict[str, Any]:
        target = self.subgraphs.get(node.target) if isinstance(node.target, str) else None
        return {
            "name": name,
            "op": node.op,
            "target": target or cap(target_name(node.target), TEXT),
            "args": [self._arguments.as_data(arg) for arg in node.args],
            "kwargs": self._arguments.keyed(node.kwargs),
            "values": [spec(value, place) for place, value in self.leaves(node)],
            "modules": list(_modules(node)),
            "frame": _frame(node.meta.get("stack_trace"), self._places),
        }


class Bodies:
    """All bodies, outermost first. What two targets give is there under both."""

    def __init__(self, graph: Graph, root: Any, places: Places) -> None:
        self._places = places
        self._given = Names()
        self._all = [Body("", graph, root, places)]
        for body in self._all:  # grows meanwhile
            for target in dict.fromkeys(n.target for n in body.nodes if n.op == "get_attr"):
                self._find(body, str(target))

    @property
    def main(self) -> Body:
        """The graph itself."""
        return self._all[0]

    def within(self) -> list[Body]:
        """The subgraphs."""
        return self._all[1:]

    def values(self) -> Iterator[Any]:
        """What all nodes compute."""
        for body in self._all:
            for node in body.nodes:
                for _place, value in body.leaves(node):
                    yield value

    def _find(self, body: Body, target: str) -> None:
        """Add the subgraph that `target` gives, if it gives one."""
        prefix = f"{body.name}." if body.name else ""
        room = min(SHORT - len(prefix), RELATIVE)
        if room < LEAST or len(self._all) >= MOST_BODIES:
            return
        module = body.attribute(target)
        if isinstance(module, GraphModule):
            name = body.subgraphs[target] = self._given.give(target, room, prefix)
            self._all.append(Body(prefix + name, module.graph, module, self._places))


def _modules(node: Node) -> Iterator[tuple[str, str, int]]:
    """The modules around a node. torch has the number of a call in the key: `L__self__block@1`."""
    for key, (path, cls) in (node.meta.get("nn_module_stack") or {}).items():
        call = _CALL.search(str(key))
        name = str(getattr(cls, "__qualname__", cls))
        if not is_wrapper(name):
            yield cap(within_root(path), SHORT), cap(name, SHORT), int(call[1]) if call else 0


def _frame(stack: str | None, places: Places) -> dict[str, Any] | None:
    """The innermost line outside torch; of a model that is torch's alone, the innermost of all."""
    found = _STACK_LINE.finditer(stack or "")
    frames = [places.frame(one["file"], int(one["line"]), one["function"]) for one in found]
    frame = innermost_user(frames) or next(reversed(frames), None)
    if frame is None:
        return None
    event = frame.as_event()
    del event["where"]
    return event

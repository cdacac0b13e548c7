"""Makes the head of a diff out of its base."""

from collections.abc import Mapping
from typing import Any

from app.graphs.diff.canonical import DEPTH
from app.graphs.diff.edits import renamed_spec
from app.graphs.diff.result import GraphDiff, NodeDiff
from app.graphs.diff.symbols import renamed
from app.graphs.document import GraphDocument, Node, Subgraph


def apply(base: GraphDocument, diff: GraphDiff) -> GraphDocument:
    """The head. Nodes of the base that have a counterpart are taken over, renamed and patched."""
    bodies = {"": base.nodes, **{name: body.nodes for name, body in base.subgraphs.items() if name}}
    places = {
        name: {node.name: index for index, node in enumerate(nodes)}
        for name, nodes in bodies.items()
    }
    names: dict[str, dict[str, str]] = {name: {} for name in bodies}
    made: dict[str, dict[int, NodeDiff]] = {}
    for node in diff.nodes:
        if node.head is not None:
            made.setdefault(node.head.body, {})[node.head.index] = node
        if node.base is not None and node.head is not None:
            ours = bodies[node.base.body][node.base.index].name
            if places[node.base.body][ours] != node.base.index:
                continue  # references by this name mean another node
            patched = node.patch.after.get("name", ours) if node.patch else ours
            names[node.base.body][ours] = patched
    rest = diff.rests[1]
    nodes = {
        name: _body(bodies, names, diff.symbols, made.get(name, {})) for name in ("", *rest.bodies)
    }
    if rest.unnamed is not None:
        unnamed = {"": Subgraph.model_construct(nodes=list(rest.unnamed))}
    else:
        unnamed = {}
    return GraphDocument(
        version=base.version,
        nodes=nodes[""],
        subgraphs={
            name: unnamed[""] if not name else Subgraph.model_construct(nodes=nodes[name])
            for name in rest.bodies
        },
        inputs=list(rest.inputs),
        outputs=list(rest.outputs),
        symbols=list(rest.symbols),
    )


def _body(
    bodies: Mapping[str, list[Node]],
    names: Mapping[str, Mapping[str, str]],
    symbols: Mapping[str, str],
    made: Mapping[int, NodeDiff],
) -> list[Node]:
    nodes = []
    for index in range(len(made)):
        node = made[index]
        patch = node.patch.after if node.patch else {}
        if node.base is None:
            nodes.append(Node.model_construct(**patch))
        else:
            ours = bodies[node.base.body][node.base.index]
            nodes.append(_patched(ours, patch, names[node.base.body], symbols))
    return nodes


def _patched(
    node: Node, patch: Mapping[str, Any], names: Mapping[str, str], symbols: Mapping[str, str]
) -> Node:
    fields = dict(node.__dict__)
    if "args" not in patch:
        translate = _Translation(names, symbols, "_assert" in node.target)
        fields["args"] = translate.value(node.args)
        fields["kwargs"] = translate.value(node.kwargs) if node.kwargs else {}
    if "values" not in patch:
        fields["values"] = [renamed_spec(spec, symbols) for spec in node.values]
    fields.update(patch)
    return Node.model_construct(**fields)


class _Translation:
    """Arguments of the base in the names of the head."""

    def __init__(
        self, names: Mapping[str, str], symbols: Mapping[str, str], is_assert: bool
    ) -> None:
        self._names = names
        self._symbols = symbols
        self._is_assert = is_assert

    def value(self, value: Any, depth: int = 0) -> Any:
        """One argument, with all that is in it; as deep as references are resolved."""
        if depth >= DEPTH:
            return value
        if isinstance(value, list):
            return [self.value(item, depth + 1) for item in value]
        if isinstance(value, dict):
            if len(value) == 1:
                ((key, inner),) = value.items()
                if key == "node" and isinstance(inner, str):
                    return {key: self._names.get(inner, inner)}
                if key == "sym" and isinstance(inner, str):
                    return {key: renamed(inner, self._symbols)}
            return {key: self.value(item, depth + 1) for key, item in value.items()}
        if isinstance(value, str) and self._is_assert:
            return renamed(value, self._symbols)
        return value

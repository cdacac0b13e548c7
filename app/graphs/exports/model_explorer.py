"""Graphs as Model Explorer reads them: a collection, each subgraph a graph of its own.

The format is that of its adapters (`graph_builder.py` in google-ai-edge/model-explorer). A
namespace is the path of modules around a node; a node's `subgraphIds` lead to other graphs.
"""

from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from app.graphs.document import GraphDocument, Node, TensorSpec
from app.graphs.exports.bodies import Body, bodies_of, edges_of, groups_of, on_one_line
from app.graphs.index import GraphIndex
from app.graphs.listing import argument_text, spec_text


class Part(BaseModel):
    """Anything in the format; its keys are in camel case."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True
    )


class KeyValue(Part):
    """One line of the side panel."""

    key: str
    value: str


class IncomingEdge(Part):
    """A value that a node takes, from which output and as which input."""

    source_node_id: str
    source_node_output_id: str = "0"
    target_node_input_id: str = "0"


class MetadataItem(Part):
    """What there is to say of one output; `id` is its number."""

    id: str
    attrs: list[KeyValue]


class GraphNode(Part):
    """A node; `namespace` is a path of boxes, `a/b/c`."""

    id: str
    label: str
    namespace: str
    subgraph_ids: list[str]
    attrs: list[KeyValue]
    incoming_edges: list[IncomingEdge]
    outputs_metadata: list[MetadataItem]


class Graph(Part):
    """A graph; `group_node_attributes` are those of its boxes, by namespace."""

    id: str
    nodes: list[GraphNode]
    group_node_attributes: dict[str, dict[str, str]]


class GraphCollection(Part):
    """A file of Model Explorer's."""

    label: str
    graphs: list[Graph]


def collection(document: GraphDocument, label: str) -> GraphCollection:
    """The document's graph, which has `label` for an id, and its subgraphs."""
    index = GraphIndex(document)
    graphs = [_graph(body, index, label) for body in bodies_of(document)]
    return GraphCollection(label=label, graphs=graphs)


def to_json(document: GraphDocument, label: str) -> str:
    """The same as JSON."""
    return collection(document, label).model_dump_json(by_alias=True)


def _graph(body: Body, index: GraphIndex, label: str) -> Graph:
    boxes: dict[str, dict[str, str]] = {}
    nodes = []
    for id_, node in body.items():
        boxes |= {namespace: told for namespace, told in _boxes(node) if namespace not in boxes}
        names = dict.fromkeys(index.subgraphs_of(body.name, node))
        nodes.append(_node(id_, node, body, [_graph_id(label, name) for name in names if name]))
    return Graph(id=_graph_id(label, body.name), nodes=nodes, group_node_attributes=boxes)


def _graph_id(label: str, name: str) -> str:
    return f"{label} / {name}" if name else label


def _node(id_: str, node: Node, body: Body, subgraphs: list[str]) -> GraphNode:
    namespaces = [namespace for namespace, _ in _boxes(node)]
    return GraphNode(
        id=id_,
        label=on_one_line(node.target if node.op.startswith("call_") else node.name),
        namespace=namespaces[-1] if namespaces else "",
        subgraph_ids=subgraphs,
        attrs=[KeyValue(key=key, value=value) for key, value in _attributes(node) if value],
        incoming_edges=[
            IncomingEdge(
                source_node_id=edge.source,
                source_node_output_id=str(edge.output),
                target_node_input_id=str(number),
            )
            for number, edge in enumerate(edges_of(node, body))
        ],
        outputs_metadata=[_output(number, spec) for number, spec in enumerate(node.values)],
    )


def _boxes(node: Node) -> Iterator[tuple[str, dict[str, str]]]:
    """Each namespace around a node with what is said of it."""
    namespace = ""
    for group in groups_of(node):
        name = group.name.replace("/", "\N{DIVISION SLASH}")  # a slash opens another box
        namespace = f"{namespace}/{name}" if namespace else name
        yield namespace, {"module": group.path, "class": group.class_name}


def _attributes(node: Node) -> Iterator[tuple[str, str]]:
    yield "op", node.op
    yield "target", on_one_line(node.target)
    for number, value in enumerate(node.args):
        yield f"args[{number}]", on_one_line(argument_text(value))
    for name, value in node.kwargs.items():
        yield on_one_line(name), on_one_line(argument_text(value))
    if node.modules:
        yield "module", on_one_line(node.modules[-1][0])
    if node.frame is not None:
        yield "source", on_one_line(f"{node.frame.file}:{node.frame.line}")
        yield "source text", on_one_line(node.frame.text.strip())


def _output(number: int, spec: TensorSpec) -> MetadataItem:
    told = {
        "tensor_shape": spec_text(spec),  # the key that is also written beside an edge
        "device": spec.device,
        "name": spec.name,
        "stride": ", ".join(map(str, spec.stride)),
        "layout": spec.layout,
    }
    attrs = [KeyValue(key=key, value=on_one_line(value)) for key, value in told.items() if value]
    return MetadataItem(id=str(number), attrs=attrs)

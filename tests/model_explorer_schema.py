"""Files of Model Explorer, as its `graph_builder.py` describes them, and nothing else."""

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """Anything in a file."""

    model_config = ConfigDict(extra="forbid", strict=True)


class KeyValue(Part):
    key: str
    value: str


class IncomingEdge(Part):
    sourceNodeId: str  # noqa: N815 - the format's own names, here and below
    sourceNodeOutputId: str  # noqa: N815
    targetNodeInputId: str  # noqa: N815


class MetadataItem(Part):
    id: str
    attrs: list[KeyValue]


class GraphNode(Part):
    id: str
    label: str
    namespace: str
    subgraphIds: list[str]  # noqa: N815
    attrs: list[KeyValue]
    incomingEdges: list[IncomingEdge]  # noqa: N815
    inputsMetadata: list[MetadataItem] = []  # noqa: N815
    outputsMetadata: list[MetadataItem]  # noqa: N815


class Graph(Part):
    id: str
    nodes: list[GraphNode]
    groupNodeAttributes: dict[str, dict[str, str]]  # noqa: N815


class GraphCollection(Part):
    label: str
    graphs: list[Graph]

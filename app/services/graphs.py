"""Stored graphs: their document, their code, and the facts a page shows of them."""

import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlmodel import Session, col

from app.graphs.document import VERSION, GraphDocument, Symbol
from app.graphs.listing import list_nodes
from app.graphs.reading import read_document
from app.models import Graph, Run, Stage, StageKind, StageStatus
from app.services.there import deleted_runs

SHOWN_OPS = 12  # most frequent operators that a page lists
SHOWN_STAGES = 20  # stages with this graph that a page lists


@dataclass(frozen=True)
class GraphFacts:
    """What is in a graph, in numbers."""

    nodes: int
    operations: int
    inputs: tuple[tuple[str, int], ...]  # by kind
    outputs: tuple[tuple[str, int], ...]
    operators: tuple[tuple[str, int], ...]  # the most frequent ones
    other_operators: int
    symbols: tuple[Symbol, ...]
    subgraphs: int


@dataclass(frozen=True)
class StageLink:
    """A stage that has this graph."""

    id: int
    run: int
    run_title: str
    n: int
    name: str
    partial: bool  # it failed: its graph ends there
    bypassed: bool  # export went on past what stops the model


def graph_document(graph: Graph) -> GraphDocument:
    """The GraphDocument, in the version that is in use, whichever was stored."""
    return read_document(zlib.decompress(graph.document))


def graph_json(graph: Graph) -> bytes:
    """The same, as JSON."""
    if graph.version == VERSION:
        return zlib.decompress(graph.document)
    return graph_document(graph).model_dump_json().encode()


def graph_code(graph: Graph) -> bytes:
    """All of the FX code, UTF-8; its nodes in lines where export failed before it had any."""
    return zlib.decompress(graph.code) or "\n".join(_listing(graph)).encode()


def code_beginning(graph: Graph, limit: int) -> str:
    """The same, its first `limit` characters and at least one more, if it has more."""
    some = zlib.decompressobj().decompress(graph.code, 4 * limit + 4)
    if some:
        return some.decode("utf-8", errors="ignore")[: limit + 1]
    lines: list[str] = []
    for line in _listing(graph):
        lines.append(line)
        limit -= len(line) + 1
        if limit < 0:
            break
    return "\n".join(lines)


def graph_facts(graph: Graph) -> GraphFacts:
    """Count what the graph's document has."""
    return facts_of(graph_document(graph))


def facts_of(document: GraphDocument) -> GraphFacts:
    """Count what a document has."""
    bodies = [document.nodes, *(body.nodes for body in document.subgraphs.values())]
    operators = Counter(
        node.target for nodes in bodies for node in nodes if node.op.startswith("call_")
    )
    shown = operators.most_common(SHOWN_OPS)
    return GraphFacts(
        nodes=sum(len(nodes) for nodes in bodies),
        operations=operators.total(),
        inputs=tuple(Counter(item.kind for item in document.inputs).most_common()),
        outputs=tuple(Counter(item.kind for item in document.outputs).most_common()),
        operators=tuple(shown),
        other_operators=operators.total() - sum(count for _, count in shown),
        symbols=tuple(document.symbols),
        subgraphs=len(document.subgraphs),
    )


def _listing(graph: Graph) -> Iterator[str]:
    return list_nodes(graph_document(graph))


def is_there() -> ColumnElement[bool]:
    """The condition that a graph is not in the trash, with all the runs that have it."""
    mine = exists().where(col(Stage.graph_id) == col(Graph.id))
    return or_(mine.where(col(Stage.run_id).not_in(deleted_runs())), ~mine)


def stages_with(
    session: Session, graph_id: int, seen_from: tuple[int, int] | None = None
) -> list[StageLink]:
    """The latest stages that have this very graph; the one it is seen from (run, n) comes first."""
    run, n = seen_from or (0, 0)
    seen = and_(col(Stage.run_id) == run, col(Stage.n) == n)
    columns = (col(Stage.id), col(Stage.n), col(Stage.name), col(Stage.kind), col(Stage.status))
    rows = session.execute(
        select(col(Run.id).label("run"), col(Run.title), *columns)
        .join(Run, col(Run.id) == col(Stage.run_id))
        .where(col(Stage.graph_id) == graph_id, col(Run.deleted_at).is_(None))
        .order_by(seen.desc(), col(Run.id).desc(), col(Stage.n))
        .limit(SHOWN_STAGES)
    )
    return [
        StageLink(
            id=row.id,
            run=row.run,
            run_title=row.title,
            n=row.n,
            name=row.name,
            partial=row.status is StageStatus.FAILED,
            bypassed=row.kind is StageKind.BYPASS,
        )
        for row in rows
    ]


def is_unsandboxed(session: Session, graph_id: int) -> bool:
    """Whether any run that left this graph ran without a sandbox."""
    query = (
        select(col(Run.id))
        .join(Stage, col(Stage.run_id) == col(Run.id))
        .where(col(Stage.graph_id) == graph_id, col(Run.sandbox) == "off")
        .limit(1)
    )
    return session.scalar(query) is not None

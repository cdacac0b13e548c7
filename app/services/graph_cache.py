"""Parsed graphs and their diffs, kept in the process: graphs never change.

They are kept by the digest of their content, for the number of one that was deleted is given again.
"""

import zlib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock, RLock
from typing import Any, TypeVar, cast

from sqlalchemy import select
from sqlmodel import Session, col

from app.collector import without_collector
from app.errors import NotFoundError
from app.graphs.comparison import Comparison
from app.graphs.diff import diff
from app.graphs.diff.result import GraphDiff
from app.graphs.document import GraphDocument
from app.graphs.index import GraphIndex
from app.graphs.outline import Outline
from app.graphs.reading import read_document
from app.models import Graph
from app.services.graphs import is_there

NODES = 15_000  # of all that is kept; a node of a document takes about 5 KB
LATEST = 2  # kept whatever their size: a pair and its outline, which hold what they are made of

Made = TypeVar("Made")


class Cache:
    """What was used last, up to a sum of sizes; the latest are kept whatever their size."""

    def __init__(self, limit: int = NODES) -> None:
        self.limit = limit
        self._kept: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._lock = Lock()  # of what is kept, held for moments
        self._making = RLock()  # held while one is made: two at once would only take turns

    def get(self, key: Hashable, make: Callable[[], Made], size: Callable[[Made], int]) -> Made:
        """The one that is kept, or a new one."""
        kept = self._find(key)
        if kept is not None:
            return cast(Made, kept[0])
        with self._making, without_collector():
            kept = self._find(key)  # it may have been made meanwhile
            if kept is not None:
                return cast(Made, kept[0])
            made = make()
            self._keep(key, made, size(made))
        return made

    def peek(self, key: Hashable) -> Any | None:
        """The one that is kept, or None."""
        kept = self._find(key)
        return None if kept is None else kept[0]

    def _find(self, key: Hashable) -> tuple[Any, int] | None:
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
            return kept

    def _keep(self, key: Hashable, made: Any, size: int) -> None:
        with self._lock:
            self._kept[key] = made, size
            while len(self._kept) > LATEST and self.size > self.limit:
                self._kept.popitem(last=False)

    @property
    def size(self) -> int:
        """Of all that is kept."""
        return sum(size for _, size in self._kept.values())

    def __contains__(self, key: Hashable) -> bool:
        return key in self._kept


_cache = Cache()


def document_of(session: Session, graph_id: int) -> GraphDocument:
    """A graph's document, or NotFoundError."""
    return _index(session, graph_id, _digest(session, graph_id)).document


def diff_of(session: Session, base_id: int, head_id: int) -> GraphDiff:
    """The diff of two graphs, or NotFoundError."""
    made = comparison_of(session, head_id, base_id).diff
    assert made is not None
    return made


def comparison_of(session: Session, head_id: int, base_id: int | None = None) -> Comparison:
    """What the views of a graph go over: alone, or against a base."""
    head = _digest(session, head_id)
    if base_id is None:
        return _cache.get(
            ("alone", head),
            lambda: Comparison(_index(session, head_id, head)),
            lambda made: len(made.entries) // 4,
        )
    base = _digest(session, base_id)
    return _cache.get(
        ("pair", base, head),
        lambda: _compare(_index(session, head_id, head), _index(session, base_id, base)),
        lambda made: len(made.entries),
    )


def outline_of(session: Session, head_id: int, base_id: int | None = None) -> Outline:
    """The outline of the same."""
    digests = [_digest(session, one) for one in (head_id, base_id) if one is not None]
    return _cache.get(
        ("outline", *digests),
        lambda: Outline(comparison_of(session, head_id, base_id)),
        lambda made: len(made.branches) // 4,
    )


def _compare(head: GraphIndex, base: GraphIndex) -> Comparison:
    return Comparison(head, base, diff(base.document, head.document))


def _index(session: Session, graph_id: int, digest: str) -> GraphIndex:
    def read() -> GraphIndex:
        stored = session.scalar(select(col(Graph.document)).where(col(Graph.id) == graph_id))
        if stored is None:
            raise _no_graph(graph_id)
        return GraphIndex(read_document(zlib.decompress(stored)))

    return _cache.get(("graph", digest), read, lambda made: made.document.all_nodes())


def _digest(session: Session, graph_id: int) -> str:
    query = select(col(Graph.digest)).where(col(Graph.id) == graph_id, is_there())
    digest = session.scalar(query)
    if digest is None:
        raise _no_graph(graph_id)
    return digest


def _no_graph(graph_id: int) -> NotFoundError:
    return NotFoundError(
        f"There is no graph {graph_id}.", "It is gone when the last run with it was deleted."
    )

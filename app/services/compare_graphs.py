"""Whether two stored graphs read alike: the same FX code, wherever in the script its lines stand.

A graph's own digest also holds file names and line numbers, which change with any edit above them.
"""

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from operator import itemgetter

from sqlalchemy import case, func, select
from sqlmodel import Session, col

from app.graphs.listing import list_nodes
from app.graphs.reading import read_document
from app.models import Graph
from app.services.compare_stages import StagePair
from app.services.graph_cache import Cache

READ_NODES = 60_000  # of graphs that no comparison has read yet, at one time
KEPT = 2_000  # graphs whose reading is remembered

_EMPTY = len(zlib.compress(b""))  # bytes of the code of a graph that has none
_readings = Cache(KEPT)


def compare_graphs(session: Session, pairs: Iterable[StagePair]) -> dict[str, bool]:
    """Stage key → whether its two graphs are the same. Left out: what has no two, or is too large.

    Other numbers of nodes tell without reading; a graph that was read once is remembered.
    """
    same: dict[str, bool] = {}
    asked: dict[str, tuple[str, str]] = {}
    sizes: dict[str, int] = {}  # digest → nodes
    for pair in pairs:
        base, head = pair.base, pair.head
        if base is None or head is None or base.digest is None or head.digest is None:
            continue
        if base.digest == head.digest or base.side.nodes != head.side.nodes:
            same[head.key] = base.digest == head.digest
        else:
            asked[head.key] = base.digest, head.digest
            sizes |= dict.fromkeys(asked[head.key], head.side.nodes or 0)
    read = _read(session, sizes)
    for key, (ours, theirs) in asked.items():
        if ours in read and theirs in read:
            same[key] = read[ours] == read[theirs]
    return same


def _read(session: Session, sizes: Mapping[str, int]) -> dict[str, str]:
    """Digest of a graph → digest of how it reads."""
    known = {digest: found for digest in sizes if (found := _readings.peek(digest))}
    missing = list(_within(READ_NODES, {one: sizes[one] for one in sizes.keys() - known}))
    query = select(
        col(Graph.digest),
        col(Graph.code),
        case((func.length(Graph.code) <= _EMPTY, Graph.document)).label("document"),
    ).where(col(Graph.digest).in_(missing))
    for digest, code, document in session.execute(query):
        make = partial(_reading, code, document)
        known[digest] = _readings.get(digest, make, lambda _: 1)
    return known


def _within(limit: int, sizes: Mapping[str, int]) -> Iterator[str]:
    """The smallest ones, up to a sum."""
    total = 0
    for name, size in sorted(sizes.items(), key=itemgetter(1)):
        total += size
        if total > limit:
            return
        yield name


def _reading(code: bytes, document: bytes | None) -> str:
    """The digest of a graph's code; of its nodes, where export failed before it had any."""
    if document is None:
        lines: Iterable[str] = zlib.decompress(code).decode(errors="replace").split("\n")
    else:
        lines = list_nodes(read_document(zlib.decompress(document)))
    text = "\n".join(map(_without_place, lines))
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def _without_place(line: str) -> str:
    """A line, but of a comment only the source that it quotes: `# File: net.py:8 in f, code: …`."""
    bare = line.lstrip()
    if not bare.startswith("#"):
        return line
    return bare.partition(", code: " if bare.startswith("# File: ") else ": ")[2]

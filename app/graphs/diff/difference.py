"""The diff: bodies are aligned, symbols and modules identified, then every pair is compared."""

from collections import Counter
from collections.abc import Iterable, Iterator

from app.collector import without_collector
from app.graphs.diff.alignment import Alignment
from app.graphs.diff.beside import changes_beside, paired_inputs
from app.graphs.diff.bodies import align_bodies
from app.graphs.diff.canonical import Canonical, Interner
from app.graphs.diff.edits import Comparison
from app.graphs.diff.mirror import mirrored
from app.graphs.diff.modules import match_modules
from app.graphs.diff.order import order_bodies, order_nodes
from app.graphs.diff.result import GraphDiff, Kind, NodeDiff, Patch, Place, Rest
from app.graphs.diff.sequences import increasing
from app.graphs.diff.summary import counts_of, sums_of
from app.graphs.diff.symbols import match_symbols
from app.graphs.document import GraphDocument, Node, TensorSpec


@without_collector()
def diff(base: GraphDocument, head: GraphDocument) -> GraphDiff:
    """All that is different between the two.

    Both directions are computed as one, so that each is the other's mirror.
    """
    interner = Interner()
    ours, theirs = Canonical(base, interner), Canonical(head, interner)
    if _is_turned(ours, theirs):
        return mirrored(_diff(theirs, ours))
    return _diff(ours, theirs)


def _diff(base: Canonical, head: Canonical) -> GraphDiff:
    alignments = align_bodies(base, head)
    pairs = {name: alignment.head.name for name, alignment in alignments.items()}
    symbols = match_symbols(base.document, head.document, _texts(alignments.values()).items())
    inputs = paired_inputs(base.document, head.document, alignments[""])
    modules = match_modules(
        alignments.values(), [(ours, theirs) for ours, theirs in inputs if ours and theirs]
    )
    comparison = Comparison(base, head, pairs, symbols, modules)
    bodies = order_bodies(pairs.items(), base.names, head.names)
    found: list[NodeDiff] = []
    for ours, theirs in bodies:
        if ours is None:
            found += (_added(theirs or "", place, node) for place, node in _nodes(head, theirs))
        elif theirs is None:
            found += (_removed(ours, place, node) for place, node in _nodes(base, ours))
        else:
            found += _of_body(alignments[ours], comparison)
    nodes = order_nodes(found, bodies)
    sums, mirror = sums_of(nodes, base, head, modules)
    return GraphDiff(
        nodes=nodes,
        bodies=bodies,
        symbols=symbols,
        beside=changes_beside(base.document, head.document, alignments[""], symbols, modules),
        summary=counts_of(nodes),
        modules=sums.modules,
        operators=sums.operators,
        mirror=mirror,
        rests=(_rest(base.document), _rest(head.document)),
    )


def _of_body(alignment: Alignment, comparison: Comparison) -> Iterator[NodeDiff]:
    base, head = alignment.base, alignment.head
    moved = _moved(alignment.to_head)
    for place, other in enumerate(alignment.to_head):
        if other < 0:
            yield _removed(base.name, place, base.nodes[place])
            continue
        edits = comparison.edits(alignment, place, other)
        is_moved = place in moved
        kind = Kind.CHANGED if edits else Kind.MOVED if is_moved else Kind.SAME
        yield NodeDiff(
            kind,
            Place(base.name, place),
            Place(head.name, other),
            edits,
            is_moved,
            base.nodes[place].name != head.nodes[other].name,
            comparison.patch(alignment, place, other),
        )
    for place in alignment.open_head():
        yield _added(head.name, place, head.nodes[place])


def _moved(to_head: list[int]) -> set[int]:
    """The fewest of the base's places whose nodes went elsewhere."""
    places = [place for place, other in enumerate(to_head) if other >= 0]
    kept = {places[k] for k in increasing([to_head[place] for place in places])}
    return {place for place in places if place not in kept}


def _added(body: str, place: int, node: Node) -> NodeDiff:
    return NodeDiff(Kind.ADDED, None, Place(body, place), patch=Patch({}, node.__dict__))


def _removed(body: str, place: int, node: Node) -> NodeDiff:
    return NodeDiff(Kind.REMOVED, Place(body, place), None, patch=Patch(node.__dict__, {}))


def _nodes(canonical: Canonical, body: str | None) -> Iterator[tuple[int, Node]]:
    return enumerate(canonical.body(body or "").nodes)


def _rest(document: GraphDocument) -> Rest:
    unnamed = document.subgraphs.get("")
    return Rest(
        tuple(document.subgraphs),
        None if unnamed is None else unnamed.nodes,
        document.inputs,
        document.outputs,
        document.symbols,
    )


def _texts(alignments: Iterable[Alignment]) -> Counter[tuple[str, str]]:
    """Expressions that stand at the same place of both, and how often they do."""
    texts: Counter[tuple[str, str]] = Counter()
    for alignment in alignments:
        base, head = alignment.base, alignment.head
        pairs = [(place, other) for place, other in enumerate(alignment.to_head) if other >= 0]
        values = Counter((base.exact[place], head.exact[other]) for place, other in pairs)
        where = {(base.exact[place], head.exact[other]): (place, other) for place, other in pairs}
        for place, other in pairs:
            ours, theirs = base.expressions[place], head.expressions[other]
            if ours and len(ours) == len(theirs):
                texts.update(zip(ours, theirs, strict=True))
        for key, number in values.items():
            place, other = where[key]
            for pair in _spec_texts(base.nodes[place].values, head.nodes[other].values):
                texts[pair] += number
    return texts


def _spec_texts(base: list[TensorSpec], head: list[TensorSpec]) -> Iterator[tuple[str, str]]:
    for ours, theirs in zip(base, head, strict=False):
        if len(ours.shape) == len(theirs.shape):
            for size, other in zip(ours.shape, theirs.shape, strict=True):
                if isinstance(size, str) and isinstance(other, str):
                    yield size, other
        if ours.kind == theirs.kind and ours.kind not in ("constant", "object"):
            yield ours.value, theirs.value


def _is_turned(base: Canonical, head: Canonical) -> bool:
    """Whether the head comes first in an order of all graphs, by size and the first difference."""
    sizes = [(one.document.all_nodes(), one.names) for one in (base, head)]
    if sizes[0] != sizes[1]:
        return sizes[0] > sizes[1]
    for name in base.names:
        ours, theirs = base.body(name), head.body(name)
        if len(ours) != len(theirs):
            return len(ours) > len(theirs)
        for place, (node, other) in enumerate(zip(ours.nodes, theirs.nodes, strict=True)):
            same_form = ours.forms[place] == theirs.forms[place]
            if not same_form or node.__dict__ != other.__dict__:
                before, after = repr(node), repr(other)
                if before != after:
                    return before > after
    return repr(_rest(base.document)) > repr(_rest(head.document))

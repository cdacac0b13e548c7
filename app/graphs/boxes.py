"""Which boxes and edges of a graph are drawn, some modules being open. Pure.

At most about BOXES at a time. A module with many parts shows its first and last ones, the rest
folded into boxes that open into such again.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from app.graphs.boxes_tree import Part, Tree
from app.graphs.diff.result import Kind

BOXES = 150  # in one picture
SHOWN = 30  # parts of one module that are drawn without a fold
ENDS = 10  # of them at either end of the folds
FOLDS = 8  # of one module or fold

KINDS = tuple(Kind)


@dataclass(frozen=True, slots=True)
class Fold:
    """Consecutive parts of one, drawn as one box until it is opened."""

    parent: Part
    start: int
    stop: int

    @property
    def key(self) -> str:
        """What names it in an address."""
        return f"{self.parent.key}~{self.start}-{self.stop}"

    @property
    def first(self) -> int:
        """Position of its first node."""
        return self.parent.children[self.start].first

    @property
    def last(self) -> int:
        """Position after its last node."""
        return self.parent.children[self.stop - 1].last


Piece = Part | Fold


@dataclass(frozen=True, slots=True)
class Box:
    """A piece as it is drawn. An open one is a frame around others."""

    piece: Piece
    parent: str | None  # key of the frame around it
    open: bool
    operations: int
    hidden: int  # parameters, buffers and constants in it
    counts: tuple[int, ...]  # nodes in it by KINDS; all 0 without a base

    @property
    def key(self) -> str:
        """What names it."""
        return self.piece.key


@dataclass(frozen=True, slots=True)
class Edge:
    """Values that go from a box to another, by their keys."""

    source: str
    target: str
    nodes: tuple[int, ...]  # that the values are of
    head: bool  # whether any does so in the head
    base: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is drawn."""

    boxes: tuple[Box, ...]  # a frame before what is in it, in order of execution
    edges: tuple[Edge, ...]
    open: tuple[str, ...]  # keys of what is open, that which was wanted last at the end
    refused: tuple[str, ...]  # what is not, for there would be too many boxes
    owners: tuple[str, ...]  # of each position, the box it is in


def draw(tree: Tree, wanted: Sequence[str] | None) -> Drawing:
    """The picture with these opened, the last ones first while there is room; None: as it opens."""
    opened, refused = _open(tree, _at_first(tree) if wanted is None else wanted)
    boxes = tuple(_boxes(tree, opened))
    owners = _owners(tree, boxes)
    kept = {box.key for box in boxes if box.open}
    folds = {key for key, piece in opened.items() if isinstance(piece, Fold)}
    return Drawing(
        boxes=boxes,
        edges=tuple(_edges(tree, boxes, owners)),
        open=tuple(key for key in reversed(opened) if key in kept or key in folds),
        refused=tuple(refused),
        owners=tuple(boxes[owner].key if owner >= 0 else "" for owner in owners),
    )


def pieces(piece: Piece) -> list[Piece]:
    """What is drawn in a part or in place of a fold."""
    if isinstance(piece, Fold):
        parent, start, stop = piece.parent, piece.start, piece.stop
        if stop - start <= SHOWN:
            return list(parent.children[start:stop])
        return _folds(parent, start, stop)
    count = len(piece.children)
    if count <= SHOWN:
        return list(piece.children)
    middle = _folds(piece, ENDS, count - ENDS)
    return [*piece.children[:ENDS], *middle, *piece.children[count - ENDS :]]


def _folds(parent: Part, start: int, stop: int) -> list[Piece]:
    number = min(FOLDS, -(-(stop - start) // SHOWN))
    size = -(-(stop - start) // number)
    borders = [*range(start, stop, size), stop]
    return [Fold(parent, one, other) for one, other in pairwise(borders)]


def way_to(part: Part) -> list[Piece]:
    """All that has to be open for a part to be drawn, from the outside; not the root."""
    ways: list[list[Piece]] = []
    child = part
    for parent in part.above:
        way: list[Piece] = [] if parent.parent is None else [parent]
        inside = pieces(parent)
        while fold := next((one for one in inside if _is_in(child, one)), None):
            way.append(fold)
            inside = pieces(fold)
        ways.append(way)
        child = parent
    return [piece for way in reversed(ways) for piece in way]


def _is_in(part: Part, piece: Piece) -> bool:
    return isinstance(piece, Fold) and piece.start <= part.index < piece.stop


def find_piece(tree: Tree, key: str) -> Piece | None:
    """What a key of an address names; None where there is nothing to open."""
    if (part := tree.keys.get(key)) is not None:
        return part if part.children else None
    name, _, borders = key.rpartition("~")
    parent = tree.keys.get(name)
    start, _, stop = borders.partition("-")
    if parent is None or not (start.isdecimal() and stop.isdecimal() and len(borders) < 20):
        return None
    if not int(start) < int(stop) <= len(parent.children):
        return None
    fold = Fold(parent, int(start), int(stop))
    return fold if fold in way_to(parent.children[fold.start]) else None


def without(tree: Tree, keys: Iterable[str], closed: str) -> list[str]:
    """What stays open of these when one of them is closed: what is in it is closed as well."""
    found = ((key, find_piece(tree, key)) for key in keys)
    return [
        key
        for key, piece in found
        if piece is not None and all(step.key != closed for step in _steps(piece))
    ]


def _steps(piece: Piece) -> list[Piece]:
    """What has to be open for a piece to be, itself the last."""
    if isinstance(piece, Part):
        return [*way_to(piece), piece]
    way = way_to(piece.parent.children[piece.start])
    return way[: way.index(piece) + 1]


def _open(tree: Tree, wanted: Iterable[str]) -> tuple[dict[str, Piece], list[str]]:
    """What is opened, the last wanted first, and what there is no room for."""
    opened: dict[str, Piece] = {}
    refused: list[str] = []
    drawn = len(pieces(tree.root))
    for key in reversed(list(dict.fromkeys(wanted))):
        piece = find_piece(tree, key)
        if piece is None or piece is tree.root:
            continue
        missing = [step for step in _steps(piece) if step.key not in opened]
        more = sum(len(pieces(step)) for step in missing)
        if drawn + more > BOXES:
            refused.append(key)
            continue
        drawn += more
        opened |= {step.key: step for step in missing}
    return opened, refused


def _at_first(tree: Tree) -> list[str]:
    """The only thing that can be opened, and the only one in it, where that is so."""
    opened: list[str] = []
    part = tree.root
    while True:
        inside = [one for one in pieces(part) if isinstance(one, Fold) or one.children]
        if len(inside) != 1 or isinstance(inside[0], Fold):
            return opened
        part = inside[0]
        opened.append(part.key)


def _boxes(tree: Tree, opened: dict[str, Piece]) -> Iterator[Box]:
    entries = tree.comparison.entries
    operations = _sums(entries[number].node.op.startswith("call_") for number in tree.order)
    hidden = _sums(number in tree.counted for number in tree.order)
    kinds = [_sums(entries[number].kind is kind for number in tree.order) for kind in KINDS]
    waiting: list[tuple[Piece, str | None]] = [(one, None) for one in reversed(pieces(tree.root))]
    while waiting:
        piece, frame = waiting.pop()
        is_open = piece.key in opened
        if isinstance(piece, Fold) and is_open:
            waiting += [(one, frame) for one in reversed(pieces(piece))]
            continue
        first, last = piece.first, piece.last
        yield Box(
            piece=piece,
            parent=frame,
            open=is_open,
            operations=operations[last] - operations[first],
            hidden=hidden[last] - hidden[first],
            counts=tuple(sums[last] - sums[first] for sums in kinds),
        )
        if is_open:
            waiting += [(one, piece.key) for one in reversed(pieces(piece))]


def _sums(flags: Iterable[bool]) -> list[int]:
    """How many are set before each place."""
    return list(accumulate(flags, initial=0))


def _owners(tree: Tree, boxes: Sequence[Box]) -> list[int]:
    """The box that each position is in, the innermost; -1 for what hangs on nothing drawn."""
    owners = [-1] * len(tree.order)
    for number, box in enumerate(boxes):  # frames come before what is in them
        first, last = box.piece.first, box.piece.last
        owners[first:last] = [number] * (last - first)
    return owners


def _edges(tree: Tree, boxes: Sequence[Box], owners: Sequence[int]) -> Iterator[Edge]:
    """What goes from box to box, summed; not from a frame to what is in it."""
    found: dict[tuple[int, int], tuple[dict[int, None], list[bool]]] = {}
    positions, holders = tree.positions, tree.holders
    for link in tree.links:
        if holders[link.source].entry != link.source:
            continue
        pair = owners[positions[link.source]], owners[positions[link.target]]
        if pair[0] == pair[1] or -1 in pair:
            continue
        nodes, sides = found.setdefault(pair, ({}, [False, False]))
        nodes[link.source] = None
        sides[0] |= link.head
        sides[1] |= link.base
    around = {box.key: box.parent for box in boxes}
    for (one, other), (nodes, (head, base)) in found.items():
        source, target = boxes[one].key, boxes[other].key
        if not (_is_around(around, source, target) or _is_around(around, target, source)):
            yield Edge(source, target, tuple(nodes), head, base)


def _is_around(around: dict[str, str | None], frame: str, key: str) -> bool:
    inside: str | None = around[key]
    while inside is not None and inside != frame:
        inside = around[inside]
    return inside == frame


def kind_of(box: Box) -> Kind | None:
    """What became of all that is in a box, in one word; None without a base or a change."""
    added, removed = box.counts[KINDS.index(Kind.ADDED)], box.counts[KINDS.index(Kind.REMOVED)]
    total = box.piece.last - box.piece.first
    if total and added == total:
        return Kind.ADDED
    if total and removed == total:
        return Kind.REMOVED
    if added or removed or box.counts[KINDS.index(Kind.CHANGED)]:
        return Kind.CHANGED
    return Kind.MOVED if box.counts[KINDS.index(Kind.MOVED)] else None

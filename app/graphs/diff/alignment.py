"""The alignment of two bodies, found by topology and by order, from sure to likely.

A node whose ancestors (or descendants) are all the same as another's is the same as it; a pair
that is found makes its neighbours known. What topology leaves open is aligned by order between
the pairs around it.
"""

from collections.abc import Sequence

from app.graphs.diff.canonical import Body, Interner
from app.graphs.diff.distances import Distances
from app.graphs.diff.labels import WEAK, Label, labels_of
from app.graphs.diff.sequences import common_subsequence, increasing

ROUNDS = 8  # of topology with one label; what is left then goes by order
RADIUS = 3  # of the neighbourhood by which a node between two changes is known

_PAIRED = 1 << 48  # a pair's colour; labels are smaller, hashes hardly ever equal

MANY = 1_000  # open nodes
FEW = 50  # one in so many open nodes that is found does not pay for another round

Colours = dict[int, int]


class Effort:
    """How many nodes may yet be looked at, so that graphs that share nothing take no longer."""

    def __init__(self, nodes: int) -> None:
        self.left = nodes

    def spend(self, nodes: int) -> bool:
        """Take so many; whether there were any left."""
        self.left -= nodes
        return self.left + nodes > 0


class Alignment:
    """Which node of the base's body is which of the head's; -1 is none."""

    def __init__(
        self, base: Body, head: Body, interner: Interner, effort: Effort, distances: Distances
    ) -> None:
        self.effort = effort
        self.base = base
        self.head = head
        self.distances = distances
        self.to_head = [-1] * len(base)
        self.to_base = [-1] * len(head)
        self._interner = interner

    def pair(self, base: int, head: int) -> None:
        """Make these two one."""
        self.to_head[base] = head
        self.to_base[head] = base

    def part(self, base: int, head: int) -> None:
        """Make these two different ones again."""
        self.to_head[base] = -1
        self.to_base[head] = -1

    def open_base(self) -> list[int]:
        """The base's nodes without a counterpart."""
        return [place for place, other in enumerate(self.to_head) if other < 0]

    def open_head(self) -> list[int]:
        """The head's nodes without a counterpart."""
        return [place for place, other in enumerate(self.to_base) if other < 0]

    def align(self, chain: Sequence[Label]) -> None:
        """Pair what is equal by each label in turn."""
        for label in chain:
            if not self._align_by(label):
                return

    def _align_by(self, label: Label) -> bool:
        """Pair by one label; whether nodes of both are left."""
        left, right = self.open_base(), self.open_head()
        if not left or not right:
            return False
        ours = labels_of(self.base, label, self._interner)
        theirs = labels_of(self.head, label, self._interner)
        if {ours[place] for place in left}.isdisjoint(theirs[place] for place in right):
            return True
        step = _Step(self, ours, theirs, weak=label in WEAK)
        step.by_topology()
        if label is not Label.KIND:
            step.by_order()
            step.by_topology()
        return True


class _Step:
    """One label's share of an alignment."""

    def __init__(
        self, alignment: Alignment, ours: list[int], theirs: list[int], *, weak: bool
    ) -> None:
        self.alignment = alignment
        self.weak = weak
        self.ours = ours
        self.theirs = theirs

    def by_topology(self) -> None:
        """Pair by ancestors, descendants, neighbourhood, until nothing more is found."""
        alignment = self.alignment
        for _ in range(ROUNDS):
            left = alignment.to_head.count(-1) + alignment.to_base.count(-1)
            if not alignment.effort.spend(left):
                return
            found = self._by_cones()
            if found * FEW > left:
                continue
            if alignment.effort.spend(left):
                found += self._by_neighbourhood()
            if found * FEW <= left and (not found or left > MANY):
                return

    def by_order(self) -> None:
        """Pair by order, between the pairs that are in order."""
        alignment = self.alignment
        for left, right in self._gaps():
            ours, theirs = [self.ours[i] for i in left], [self.theirs[j] for j in right]
            for i, j in common_subsequence(ours, theirs):
                alignment.pair(left[i], right[j])

    def _gaps(self) -> list[tuple[list[int], list[int]]]:
        """Open nodes of both, between pairs that stand in the same order in both."""
        to_head = self.alignment.to_head
        paired = [place for place, other in enumerate(to_head) if other >= 0]
        anchors = [paired[k] for k in increasing([to_head[place] for place in paired])]
        ends = [*((place, to_head[place]) for place in anchors), (len(to_head), -1)]
        gaps, left, right = [], self.alignment.open_base(), self.alignment.open_head()
        i = j = 0
        for base_end, head_end in ends:
            i_next, j_next = i, j
            while i_next < len(left) and left[i_next] < base_end:
                i_next += 1
            while j_next < len(right) and (head_end < 0 or right[j_next] < head_end):
                j_next += 1
            if i < i_next and j < j_next:
                gaps.append((left[i:i_next], right[j:j_next]))
            i, j = i_next, j_next
        return gaps

    def _by_cones(self) -> int:
        alignment = self.alignment
        left, right = alignment.open_base(), alignment.open_head()
        if not left or not right:
            return 0
        pairs_base = [-1 if other < 0 else place for place, other in enumerate(alignment.to_head)]
        up = _upwards(alignment.base, self.ours, pairs_base, left)
        down = _downwards(alignment.base, self.ours, pairs_base, left)
        up_head = _upwards(alignment.head, self.theirs, alignment.to_base, right)
        down_head = _downwards(alignment.head, self.theirs, alignment.to_base, right)
        both = {place: hash((up[place], down[place])) for place in left}
        both_head = {place: hash((up_head[place], down_head[place])) for place in right}
        if self.weak:  # what has no neighbours on a side is not known by that side
            up = {place: up[place] for place in left if alignment.base.references[place]}
            down = {place: down[place] for place in left if alignment.base.users[place]}
        found = self._pair_equal(both, both_head, in_order=not self.weak)
        found += self._pair_equal(up, up_head)
        return found + self._pair_equal(down, down_head)

    def _by_neighbourhood(self) -> int:
        alignment = self.alignment
        left, right = alignment.open_base(), alignment.open_head()
        pairs_base = [-1 if other < 0 else place for place, other in enumerate(alignment.to_head)]
        ours = {place: self.ours[place] for place in left}
        theirs = {place: self.theirs[place] for place in right}
        rings = []
        for _ in range(RADIUS):
            ours = _around(alignment.base, ours, pairs_base)
            theirs = _around(alignment.head, theirs, alignment.to_base)
            rings.append((ours, theirs))
        return sum(self._pair_equal(*ring) for ring in reversed(rings))

    def _pair_equal(self, ours: Colours, theirs: Colours, *, in_order: bool = False) -> int:
        """Pair what has a colour of its own, or that as many have on both sides."""
        alignment = self.alignment
        alone, several = _by_colour(ours, alignment.to_head)
        alone_head, several_head = _by_colour(theirs, alignment.to_base)
        found = 0
        for colour, base in alone.items():
            head = alone_head.get(colour)
            if head is not None:
                alignment.pair(base, head)
                found += 1
        for colour, left in several.items() if in_order else ():
            right = several_head.get(colour, ())
            if len(left) == len(right):
                for base, head in zip(left, right, strict=True):
                    alignment.pair(base, head)
                found += len(left)
        return found


def _by_colour(colours: Colours, taken: list[int]) -> tuple[dict[int, int], dict[int, list[int]]]:
    """Open places that are alone in their colour, and those that are not."""
    alone: dict[int, int] = {}
    several: dict[int, list[int]] = {}
    for place, colour in colours.items():
        if taken[place] >= 0:
            continue
        first = alone.setdefault(colour, place)
        if first != place:
            several.setdefault(colour, [first]).append(place)
    for colour in several:
        del alone[colour]
    return alone, several


def _upwards(body: Body, labels: list[int], pairs: list[int], places: list[int]) -> Colours:
    """Colours by label and all ancestors. `pairs` has the base's place of each paired node."""
    colours: Colours = {}
    references = body.references
    for place in places:
        known = [
            pairs[other] + _PAIRED if pairs[other] >= 0 else colours.get(other, labels[other])
            for other in references[place]
        ]
        colours[place] = hash((labels[place], *known))
    return colours


def _downwards(body: Body, labels: list[int], pairs: list[int], places: list[int]) -> Colours:
    """Colours by label and all descendants."""
    colours: Colours = {}
    users = body.users
    for place in reversed(places):
        total = 0
        for user, position in users[place]:
            pair = pairs[user]
            colour = pair + _PAIRED if pair >= 0 else colours.get(user, labels[user])
            total += hash((colour, position))
        colours[place] = hash((labels[place], total))
    return {place: colours[place] for place in places}


def _around(body: Body, colours: Colours, pairs: list[int]) -> Colours:
    """Colours by those of the direct neighbours."""
    references, users = body.references, body.users

    def colour_of(place: int) -> int:
        return pairs[place] + _PAIRED if pairs[place] >= 0 else colours[place]

    return {
        place: hash(
            (
                colour,
                *map(colour_of, references[place]),
                sum(hash((colour_of(user), position)) for user, position in users[place]),
            )
        )
        for place, colour in colours.items()
    }

"""The best alignment of two bodies: several are tried and priced, and the cheapest is polished."""

from collections import deque
from collections.abc import Iterable

from app.graphs.diff.alignment import Alignment, Effort
from app.graphs.diff.canonical import Body, Interner
from app.graphs.diff.distances import Distances
from app.graphs.diff.labels import Label
from app.graphs.diff.pricing import Moves, difference, lower_bound, part_dear, part_strangers, price

POLISHES = 2  # of an alignment: what is parted after the first may find another counterpart
TRIALS = 2_000  # of other pairs in each of them
EFFORT = 5  # looks at each node, on average
LOOKS = 20_000  # looks that even the smallest may take
SMALL = 3_000  # nodes: all ways are tried unless the first is as good as can be
ROOM = 6  # changes above the fewest possible that are near enough on larger ones
BUSY = 64  # users of a node beyond which it is not tried
NEAR = 4  # places before and after a node that changed where it may rather be one that is open

# What is at its place in the module tree comes first; or what it is, wherever its module went
# (a layer taken out of the middle of a list gives all that follow another path); or its place
# alone, whatever its shapes are.
CHAINS = (
    (Label.FULL, Label.PLACED, Label.MODULE, Label.ALIKE, Label.TARGET, Label.KIND),
    (Label.FREE, Label.ALIKE, Label.SOURCE, Label.TARGET, Label.KIND),
    (Label.MODULE, Label.TARGET, Label.KIND),
)


def match(base: Body, head: Body, interner: Interner) -> Alignment:
    """The cheapest alignment that was found."""
    least = lower_bound(base, head)
    effort = Effort(EFFORT * (len(base) + len(head)) + LOOKS)
    distances = Distances(base, head)
    best: Alignment | None = None
    cost = 0
    for chain in CHAINS:
        if best is not None and effort.left <= 0:
            break
        alignment = Alignment(base, head, interner, effort, distances)
        alignment.align(chain)
        part_strangers(alignment)
        tried = price(alignment)
        if best is None or tried < cost:
            best, cost = alignment, tried
        if cost <= least or (cost <= least + least // 5 + ROOM and len(base) > SMALL):
            break
    assert best is not None
    for _ in range(POLISHES):
        _Polish(best).run()
        if not part_dear(best):
            break
    return best


class _Polish:
    """Tries, around arguments that changed, whether other pairs leave fewer changes."""

    def __init__(self, alignment: Alignment) -> None:
        self.alignment = alignment
        self.trials = TRIALS
        self._moves = Moves(alignment)

    def run(self) -> None:
        """Improve until nothing more is found, or the trials are spent."""
        to_head = self.alignment.to_head
        todo = deque(
            place
            for place, head in enumerate(to_head)
            if head >= 0 and difference(self.alignment, place, head)
        )
        while todo and self.trials > 0:
            base = todo.popleft()
            if to_head[base] < 0:
                continue
            for left, right in self._candidates(base, to_head[base]):
                self.trials -= 1
                touched = self._try(left, right)
                if touched:
                    todo.extend(touched)
                    break

    def _candidates(self, base: int, head: int) -> list[tuple[int, int]]:
        """Neighbours of a pair at the same place of each, and what is open beside it."""
        ours, theirs, to_head = self.alignment.base, self.alignment.head, self.alignment.to_head
        pairs = list(zip(ours.references[base], theirs.references[head], strict=False))
        for place in (base, *ours.references[base]):
            users = theirs.users[to_head[place]] if to_head[place] >= 0 else []
            if len(users) <= BUSY and len(ours.users[place]) <= BUSY:
                at = {position: user for user, position in users}
                pairs += [(user, at[k]) for user, k in ours.users[place] if k in at]
        if difference(self.alignment, base, head) > 1:
            pairs += [(base, other) for other in _open_near(self.alignment.to_base, head)]
            pairs += [(other, head) for other in _open_near(to_head, base)]
        return [
            (left, right)
            for left, right in dict.fromkeys(pairs)
            if to_head[left] != right and ours.ops[left] == theirs.ops[right]
        ]

    def _try(self, left: int, right: int) -> list[int]:
        """Pair these two, and what they leave with each other. What is touched, if it is better."""
        alignment = self.alignment
        ours, theirs = alignment.base, alignment.head
        other_head, other_base = alignment.to_head[left], alignment.to_base[right]
        bases = [place for place in (left, other_base) if place >= 0]
        heads = [place for place in (right, other_head) if place >= 0]
        if any(len(ours.users[place]) > BUSY for place in bases):
            return []
        if any(len(theirs.users[place]) > BUSY for place in heads):
            return []
        around = {user for place in bases for user, _ in ours.users[place]}
        around |= {alignment.to_base[user] for place in heads for user, _ in theirs.users[place]}
        around = {*around, *bases} - {-1}
        before = self._cost(around, heads)
        self._swap(left, right, other_base, other_head)
        if self._cost(around, heads) < before:
            return sorted(around)
        alignment.part(left, right)
        if other_base >= 0:
            if other_head >= 0 and alignment.to_head[other_base] == other_head:
                alignment.part(other_base, other_head)
            alignment.pair(other_base, right)
        if other_head >= 0:
            alignment.pair(left, other_head)
        return []

    def _swap(self, left: int, right: int, other_base: int, other_head: int) -> None:
        alignment = self.alignment
        if other_base >= 0:
            alignment.part(other_base, right)
        if other_head >= 0:
            alignment.part(left, other_head)
        alignment.pair(left, right)
        if (
            other_base >= 0
            and other_head >= 0
            and alignment.base.operators[other_base] == alignment.head.operators[other_head]
        ):
            alignment.pair(other_base, other_head)

    def _cost(self, bases: Iterable[int], heads: Iterable[int]) -> int:
        alignment = self.alignment
        ours, theirs = alignment.base.paths, alignment.head.paths
        total = sum(alignment.to_base[place] < 0 for place in heads)
        for place in bases:
            head = alignment.to_head[place]
            if head < 0:
                total += 1
            else:
                total += difference(alignment, place, head)
                total += not self._moves.explain(ours[place], theirs[head])
        return total


def _open_near(pairs: list[int], place: int) -> list[int]:
    return [
        other
        for other in range(max(0, place - NEAR), min(len(pairs), place + NEAR + 1))
        if pairs[other] < 0
    ]

"""Alignment of sequences: longest common and longest increasing subsequences.

Small ones are aligned exactly, by Myers' O(ND) algorithm. Where it would take too many steps,
what is unique on both sides is an anchor (patience), and between anchors it starts anew; where
nothing is unique, the first of a kind meets the first of its kind.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

DISTANCE = 128  # insertions and deletions that the exact algorithm looks for

Pairs = list[tuple[int, int]]


def common_subsequence(base: Sequence[int], head: Sequence[int]) -> Pairs:
    """Places of equal items, increasing on both sides; as many as there can be on the small."""
    found: Pairs = []
    todo = [(0, len(base), 0, len(head))]
    while todo:
        low, high, start, stop = todo.pop()
        while low < high and start < stop and base[low] == head[start]:
            found.append((low, start))
            low, start = low + 1, start + 1
        while low < high and start < stop and base[high - 1] == head[stop - 1]:
            high, stop = high - 1, stop - 1
            found.append((high, stop))
        if low == high or start == stop:
            continue
        ours, theirs = base[low:high], head[start:stop]
        exact = _myers(ours, theirs)
        if exact is not None:
            found += [(low + i, start + j) for i, j in exact]
            continue
        anchors = _unique(ours, theirs)
        if not anchors:
            found += [(low + i, start + j) for i, j in _by_occurrence(ours, theirs)]
            continue
        ends = [(-1, -1), *anchors, (len(ours), len(theirs))]
        for (i, j), (i_next, j_next) in pairwise(ends):
            todo.append((low + i + 1, low + i_next, start + j + 1, start + j_next))
        found += [(low + i, start + j) for i, j in anchors]
    return sorted(found)


def increasing(values: Sequence[int]) -> list[int]:
    """The places of a longest strictly increasing subsequence."""
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for place, value in enumerate(values):
        length = bisect_left(tails, value)
        before.append(ends[length - 1] if length else -1)
        if length == len(tails):
            tails.append(value)
            ends.append(place)
        else:
            tails[length] = value
            ends[length] = place
    chain: list[int] = []
    place = ends[-1] if ends else -1
    while place >= 0:
        chain.append(place)
        place = before[place]
    return chain[::-1]


def _unique(base: Sequence[int], head: Sequence[int]) -> Pairs:
    ours, theirs = Counter(base), Counter(head)
    where = {item: place for place, item in enumerate(head) if theirs[item] == 1}
    pairs = [(i, where[item]) for i, item in enumerate(base) if ours[item] == 1 and item in where]
    return _increasing_pairs(pairs)


def _by_occurrence(base: Sequence[int], head: Sequence[int]) -> Pairs:
    where: defaultdict[int, list[int]] = defaultdict(list)
    for place in range(len(head) - 1, -1, -1):
        where[head[place]].append(place)
    pairs = [(i, where[item].pop()) for i, item in enumerate(base) if where.get(item)]
    return _increasing_pairs(pairs)


def _increasing_pairs(pairs: Pairs) -> Pairs:
    return [pairs[place] for place in increasing([head for _, head in pairs])]


def _myers(base: Sequence[int], head: Sequence[int]) -> Pairs | None:
    """The common subsequence of two that differ in few items; None where they do in many."""
    if _least_distance(base, head) > DISTANCE:
        return None
    width, height = len(base), len(head)
    reached = {1: 0}  # diagonal → how far in the base
    steps: list[dict[int, int]] = []
    for distance in range(min(DISTANCE, width + height) + 1):
        steps.append(reached)
        reached = dict(reached)
        for diagonal in range(-distance, distance + 1, 2):
            if diagonal == -distance or (
                diagonal != distance and reached[diagonal - 1] < reached[diagonal + 1]
            ):
                i = reached[diagonal + 1]
            else:
                i = reached[diagonal - 1] + 1
            j = i - diagonal
            while i < width and j < height and base[i] == head[j]:
                i += 1
                j += 1
            reached[diagonal] = i
            if i >= width and j >= height:
                return list(_backwards(steps, width, height))
    return None


def _least_distance(base: Sequence[int], head: Sequence[int]) -> int:
    """Fewer insertions and deletions than this there cannot be, in whatever order."""
    if len(base) + len(head) <= DISTANCE:
        return 0
    return len(base) + len(head) - 2 * (Counter(base) & Counter(head)).total()


def _backwards(steps: list[dict[int, int]], i: int, j: int) -> Iterator[tuple[int, int]]:
    for distance in range(len(steps) - 1, -1, -1):
        reached, diagonal = steps[distance], i - j
        down = diagonal == -distance or (
            diagonal != distance and reached[diagonal - 1] < reached[diagonal + 1]
        )
        previous = diagonal + 1 if down else diagonal - 1
        i_before = reached[previous]
        j_before = i_before - previous
        while i > i_before and j > j_before and i > 0 and j > 0:
            i, j = i - 1, j - 1
            yield i, j
        if distance:
            i, j = i_before, j_before

"""What an alignment costs: how many changes a person would read if it were the one."""

from collections import Counter

from app.graphs.diff.alignment import Alignment
from app.graphs.diff.canonical import Body
from app.graphs.diff.sequences import increasing

FAR = 3  # changes of one node that nothing around it shares; beyond, it is another node


class Moves:
    """Renames of modules on which several pairs agree: none of them is a change of a node."""

    def __init__(self, alignment: Alignment) -> None:
        ours, theirs = alignment.base.paths, alignment.head.paths
        often = Counter(
            (ours[base], theirs[head]) for base, head in enumerate(alignment.to_head) if head >= 0
        )
        moves: Counter[tuple[str, str]] = Counter()
        for paths, number in often.items():
            moves[_shortened(*paths)] += number
        self._agreed = {
            paths for paths in often if paths[0] != paths[1] and moves[_shortened(*paths)] > 1
        }
        self._left = {base for base, head in self._agreed if often[base, head] > often[base, base]}

    def explain(self, base: str, head: str) -> bool:
        """Whether what was at one path is at the other now."""
        return base not in self._left if base == head else (base, head) in self._agreed


def difference(alignment: Alignment, base: int, head: int) -> int:
    """About how many edits this pair would have."""
    ours, theirs = alignment.base, alignment.head
    edits = int(ours.bare[base] != theirs.bare[head])
    if ours.erased[base] != theirs.erased[head]:
        edits += alignment.distances.of_values(base, head)
    source, source_head = ours.sources[base], theirs.sources[head]
    edits += int(source != source_head and source > 0 and source_head > 0)
    left, right = ours.references[base], theirs.references[head]
    if ours.forms[base] != theirs.forms[head]:
        edits += max(1, alignment.distances.of_forms(base, head) + abs(len(left) - len(right)))
    to_head = alignment.to_head
    for i, j in zip(left, right, strict=False):
        edits += to_head[i] != j
    return edits


def price(alignment: Alignment) -> int:
    """About how many changes there are in all. A module that is renamed is one."""
    ours, theirs = alignment.base, alignment.head
    renamed: set[tuple[str, str]] = set()
    total = alignment.to_base.count(-1)
    order = []
    for base, head in enumerate(alignment.to_head):
        if head < 0:
            total += 1
            continue
        order.append(head)
        total += difference(alignment, base, head)
        if ours.paths[base] != theirs.paths[head]:
            renamed.add((ours.paths[base], theirs.paths[head]))
    moves = {_shortened(*paths) for paths in renamed}
    return total + len(moves) + len(order) - len(increasing(order))


def _shortened(base: str, head: str) -> tuple[str, str]:
    """What was renamed: `1.conv` and `2.conv` are in `1` and `2`."""
    while base != head:
        parent, dot, name = base.rpartition(".")
        parent_head, dot_head, name_head = head.rpartition(".")
        if name != name_head or not (dot or dot_head):
            break
        base, head = parent, parent_head
    return base, head


def lower_bound(base: Body, head: Body) -> int:
    """Fewer changes than this there cannot be: so many nodes are like none of the other's."""
    ours, theirs = Counter(_alike(base)), Counter(_alike(head))
    return max((ours - theirs).total(), (theirs - ours).total())


def _alike(body: Body) -> list[int]:
    bare = body.bare
    return [
        hash((operator, form, values, source, *(bare[other] for other in references)))
        for operator, form, values, source, references in zip(
            body.bare, body.forms, body.erased, body.sources, body.references, strict=True
        )
    ]


def part_strangers(alignment: Alignment) -> None:
    """Undo pairs that differ in too much for a person to call them one node."""
    moves = Moves(alignment)
    for base, head in enumerate(alignment.to_head):
        if head >= 0 and _are_strangers(alignment, base, head, moves):
            alignment.part(base, head)


def part_dear(alignment: Alignment) -> bool:
    """Undo pairs that cost more than one removed and one added; whether there were any.

    Those of one operator and module only where nothing that uses one uses the other.
    """
    moves = Moves(alignment)
    parted = False
    for base, head in enumerate(alignment.to_head):
        if head >= 0 and _is_dear(alignment, base, head, moves):
            alignment.part(base, head)
            parted = True
    return parted


def _is_dear(alignment: Alignment, base: int, head: int, moves: Moves) -> bool:
    ours, theirs = alignment.base, alignment.head
    cost = difference(alignment, base, head)
    cost += not moves.explain(ours.paths[base], theirs.paths[head])
    if cost <= 2:
        return False
    shared = _shared_users(alignment, base, head)
    if (
        ours.modules[base] == theirs.modules[head]
        and ours.operators[base] == theirs.operators[head]
    ):
        is_used = bool(ours.users[base] or theirs.users[head])
        return is_used and not shared
    return cost > 2 + shared


def _shared_users(alignment: Alignment, base: int, head: int) -> int:
    """How many arguments of users would change with this pair."""
    users = set(alignment.head.users[head])
    to_head = alignment.to_head
    return sum((to_head[user], k) in users for user, k in alignment.base.users[base])


def _are_strangers(alignment: Alignment, base: int, head: int, moves: Moves) -> bool:
    ours, theirs = alignment.base, alignment.head
    if ours.operators[base] == theirs.operators[head]:
        if ours.modules[base] == theirs.modules[head]:
            return False
    elif not ours.references[base] and not theirs.references[head]:
        if ours.bare[base] == theirs.bare[head] and moves.explain(
            ours.paths[base], theirs.paths[head]
        ):
            return False
        return not _shares_user(alignment, base, head)
    if difference(alignment, base, head) <= FAR:
        return False
    if ours.bare[base] != theirs.bare[head]:
        return True
    return not (_shares_argument(alignment, base, head) or _shares_user(alignment, base, head))


def _shares_argument(alignment: Alignment, base: int, head: int) -> bool:
    to_head = alignment.to_head
    left, right = alignment.base.references[base], alignment.head.references[head]
    return any(to_head[i] == j for i, j in zip(left, right, strict=False))


def _shares_user(alignment: Alignment, base: int, head: int) -> bool:
    to_head = alignment.to_head
    users = {user for user, _ in alignment.head.users[head]}
    return any(to_head[user] in users for user, _ in alignment.base.users[base])

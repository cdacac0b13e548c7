"""The stages of two runs, paired by key and kind, and what differs in each pair. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.models import StageKind, StageStatus
from app.services.compare_values import times_differ
from app.services.compare_views import Change, StageFailure, StageRow, StageSide


@dataclass(frozen=True)
class StageRead:
    """A stage of one run, with what its row is found and compared by."""

    id: int
    key: str
    kind: StageKind
    name: str
    digest: str | None  # of its graph
    side: StageSide

    @property
    def done(self) -> bool:
        """It will not change any more."""
        return self.side.status not in (StageStatus.PENDING, StageStatus.RUNNING)


@dataclass(frozen=True)
class StagePair:
    """A stage in both runs, or in one of them."""

    base: StageRead | None
    head: StageRead | None

    @property
    def shown(self) -> StageRead:
        """The one that it is named by."""
        one = self.head or self.base
        assert one is not None
        return one


def pair_stages(base: Sequence[StageRead], head: Sequence[StageRead]) -> list[StagePair]:
    """In the head's order; what only the base has comes after the stage that it followed there."""
    theirs = {(one.key, one.kind): one for one in head}
    ours = {(one.key, one.kind): one for one in base}
    followers: dict[object, list[StagePair]] = {}
    last: object = None
    for name, one in ours.items():
        if name in theirs:
            last = name
        else:
            followers.setdefault(last, []).append(StagePair(one, None))
    pairs = followers.get(None, [])
    for name, one in theirs.items():
        pairs += [StagePair(ours.get(name), one), *followers.get(name, [])]
    return pairs


def stage_row(
    pair: StagePair,
    *,
    head_run: int,
    live: tuple[bool, bool],
    same_graph: bool | None,
    guards_differ: int,
) -> StageRow:
    """The row of a pair.

    Args:
        pair: of stages.
        head_run: the id of the head's run, from which a diff of graphs is seen.
        live: whether base and head are still going.
        same_graph: whether the graphs are the same; None where that is not known.
        guards_differ: how many guards are known to differ.
    """
    settled = all(
        not goes_on or (one is not None and one.done)
        for one, goes_on in zip((pair.base, pair.head), live, strict=True)
    )
    changes = _changes(pair, same_graph, guards_differ) if settled else []
    return StageRow(
        key=pair.shown.key,
        name=pair.shown.name,
        kind=pair.shown.kind,
        base=pair.base and pair.base.side,
        head=pair.head and pair.head.side,
        change=_change(pair, changes, same_graph) if settled else Change.NOT_KNOWN,
        changes=changes,
        same_graph=same_graph,
        guards_differ=guards_differ,
        graph_diff=_address(pair, head_run),
    )


def _change(pair: StagePair, changes: Sequence[str], same_graph: bool | None) -> Change:
    base, head = pair.base, pair.head
    if base is None:
        return Change.ADDED
    if head is None:
        return Change.REMOVED
    if changes:
        return Change.CHANGED
    compared = same_graph is not None or base.side.graph is None or head.side.graph is None
    return Change.SAME if compared else Change.NOT_KNOWN


def _changes(pair: StagePair, same_graph: bool | None, guards_differ: int) -> list[str]:
    """The names of what differs in a stage that both have."""
    if pair.base is None or pair.head is None:
        return []
    base, head = pair.base.side, pair.head.side
    alike = base.status is head.status  # else what follows from it is told by it
    found = {
        "status": not alike,
        "replay": alike and base.replay is not head.replay,
        "failure": alike and not _fails_alike(base.failure, head.failure),
        "graph": same_graph is False or (alike and (base.graph is None) != (head.graph is None)),
        "guards": guards_differ > 0,
        "seconds": base.seconds is not None
        and head.seconds is not None
        and times_differ(base.seconds, head.seconds),
    }
    return [name for name, differs in found.items() if differs]


def _fails_alike(base: StageFailure | None, head: StageFailure | None) -> bool:
    """Whether it is one cause, as those that stop the whole model are paired."""
    if base is None or head is None:
        return base is head
    if base.fingerprint is not None and base.fingerprint == head.fingerprint:
        return True
    ours, theirs = ((one.category, one.file, one.module, one.text) for one in (base, head))
    return ours == theirs


def _address(pair: StagePair, head_run: int) -> str:
    """Of the diff of the two graphs, where there are two."""
    if pair.base is None or pair.head is None:
        return ""
    base, head = pair.base.side.graph, pair.head.side.graph
    if base is None or head is None or base == head:
        return ""
    return f"/graphs/{head}?base={base}&stage={head_run}.{pair.head.side.n}"

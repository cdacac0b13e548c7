"""The guards of two runs, read and paired: how many differ, and the rows that a reader needs."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import select
from sqlmodel import Session, col

from app.collector import without_collector
from app.models import Guard, StageStatus
from app.services.compare_guards import GuardPair, Reach, pair_guards
from app.services.compare_read import read_guards
from app.services.compare_stages import StagePair, StageRead
from app.services.compare_views import Change, GuardDiff, GuardRow

# In which guards are listed: what is known to differ, what is not known, what is the same.
_RANKS = {Change.NOT_KNOWN: 1, Change.SAME: 2}


@without_collector()
def compare_guards(
    session: Session, pairs: Iterable[StagePair], limit: int
) -> tuple[GuardDiff, Mapping[str, int]]:
    """The guards of the stages that both have, and how many differ in each.

    Args:
        session: to read with.
        pairs: of stages.
        limit: of rows.
    """
    both = [(pair.base, pair.head) for pair in pairs if pair.base and pair.head]
    base, base_cut = read_guards(session, [base for base, _ in both])
    head, head_cut = read_guards(session, [head for _, head in both])
    found = pair_guards(
        base,
        head,
        _reach((base for base, _ in both), cut=base_cut),
        _reach((head for _, head in both), cut=head_cut),
    )
    places = {head.key: place for place, (_, head) in enumerate(both)}
    found.sort(key=lambda pair: (_RANKS.get(pair.change, 0), places[pair.stage]))
    changes = Counter(pair.change for pair in found)
    diff = GuardDiff(
        rows=_rows(session, found[:limit], {head.key: head.name for _, head in both}),
        same=changes[Change.SAME],
        not_known=changes[Change.NOT_KNOWN],
        differ=sum(changes.values()) - changes[Change.SAME] - changes[Change.NOT_KNOWN],
        left_out=max(0, len(found) - limit),
        cut=base_cut or head_cut,
    )
    by_stage: dict[str, int] = defaultdict(int)
    for pair in found:
        by_stage[pair.stage] += pair.change not in _RANKS
    return diff, by_stage


def _reach(stages: Iterable[StageRead], *, cut: bool) -> Reach:
    passed = (stage.key for stage in stages if stage.side.status is StageStatus.PASSED)
    return Reach(frozenset(passed), cut)


def _rows(session: Session, pairs: Sequence[GuardPair], names: Mapping[str, str]) -> list[GuardRow]:
    query = select(Guard).where(col(Guard.id).in_([pair.shown for pair in pairs]))
    guards = {guard.id: guard for guard in session.scalars(query)}
    rows = []
    for pair in pairs:
        given = {
            **guards[pair.shown].model_dump(),
            "stage": pair.stage,
            "name": names[pair.stage],
            "base": len(pair.base),
            "head": len(pair.head),
            "change": pair.change,
        }
        rows.append(GuardRow.model_validate(given))
    return rows

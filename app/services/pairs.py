"""Which graphs a graph is worth comparing with, likeliest first, in a fixed number of queries."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, literal, select, union_all
from sqlalchemy.orm import load_only
from sqlmodel import Session, col

from app.models import Run, Stage, StageKind, StageStatus
from app.services.view import View

RECENT_RUNS = 1_000  # before a run, among which earlier versions of its script are looked for


class Relation(StrEnum):
    """What a base is to the head. Likelier ones come first."""

    UNDECOMPOSED = "undecomposed"  # the head is its decomposition
    EXPORTED = "exported"  # the head is the same export, past what stops it
    PLAIN = "plain"  # the script's own call, which the head makes in another way
    SHORTER = "shorter"  # the export before the head, past fewer of the blockers
    BEFORE = "before"  # the assembled stage before the head
    ALONE = "alone"  # the component that the head ends with, exported alone
    AROUND = "around"  # the component that the head is a part of
    PARENT = "parent"  # the same stage of the run that the head's run repeats
    EARLIER = "earlier"  # the same stage of the last run of the same script
    VERSION = "version"  # the same stage of the last run of another script of the same name
    RUNTIME = "runtime"  # the same stage in another runtime
    PLACED = "placed"  # the model up to the head's component, with it in place
    BYPASSED = "bypassed"  # the head, past what stops it
    DECOMPOSED = "decomposed"  # the head's decomposition


class Pair(View):
    """A graph to compare with. `words` say what it is to the head."""

    base: int
    relation: Relation
    words: str
    run: int
    stage: int  # its number in the run
    same: bool  # it is the very same graph: there is no difference to see

    @property
    def label(self) -> str:
        """What a link to the diff is called."""
        asked = {
            Relation.UNDECOMPOSED: "What decomposition changed",
            Relation.EXPORTED: "What the bypasses changed",
            Relation.BEFORE: "What it added",
        }
        return asked.get(self.relation, f"Compare with {self.words}")


class PairList(View):
    """The pairs of a graph, likeliest first, and the stage that it is seen from."""

    graph: int
    run: int | None  # null where no stage has the graph any more
    stage: int | None
    pairs: list[Pair]


@dataclass(frozen=True)
class Spot:
    """A stage that has a graph."""

    run: int
    n: int
    key: str
    kind: StageKind
    name: str
    component: str | None
    status: StageStatus
    graph: int

    @property
    def passed(self) -> bool:
        """Whether its graph is whole."""
        return self.status is StageStatus.PASSED

    @property
    def ending(self) -> str:
        """Words for a graph that is not whole."""
        return "" if self.passed else " up to its failure"

    @property
    def told(self) -> str:
        """Its name, and that its graph ends early where it does."""
        return self.name + self.ending


@dataclass(frozen=True)
class Stages:
    """The stages of one run, those with a graph, and the components in the plan's order."""

    spots: Sequence[Spot]
    components: Sequence[str | None]

    def of(self, kind: StageKind) -> list[Spot]:
        """Those of one kind, in order."""
        return [spot for spot in self.spots if spot.kind is kind]


_SPOT: tuple[Any, ...] = (
    col(Stage.run_id).label("run"),
    col(Stage.n),
    col(Stage.key),
    col(Stage.kind),
    col(Stage.name),
    col(Stage.component),
    col(Stage.status),
    col(Stage.graph_id).label("graph"),
)
_OF_RUN: tuple[Any, ...] = (
    Run.parent_id,
    Run.script_id,
    Run.filename,
    Run.entry,
    Run.runtime,
)
_RANKS = {relation: rank for rank, relation in enumerate(Relation)}
_Base = tuple[Relation, Spot, str]  # the last are the words for it


def stage_pairs(session: Session, run: Run, n: int) -> list[Pair]:
    """The pairs of stage `n` of a run, likeliest first; none where it has no graph."""
    rows = session.execute(select(*_SPOT).where(col(Stage.run_id) == run.id).order_by("n")).all()
    stages = Stages(
        [Spot(**row._mapping) for row in rows if row.graph is not None],
        [row.component for row in rows if row.kind is StageKind.COMPONENT],
    )
    head = next((spot for spot in stages.spots if spot.n == n), None)
    if head is None:
        return []
    bases = sorted(
        [*_within(head, stages), *_elsewhere(session, run, head)],
        key=lambda base: _RANKS[base[0]],
    )
    pairs: dict[tuple[int, int], Pair] = {}
    for relation, spot, words in bases:
        pair = Pair(
            base=spot.graph,
            relation=relation,
            words=words,
            run=spot.run,
            stage=spot.n,
            same=spot.graph == head.graph,
        )
        pairs.setdefault((spot.run, spot.n), pair)
    return list(pairs.values())


def graph_pairs(session: Session, graph_id: int, seen_from: tuple[int, int] | None) -> PairList:
    """The pairs of a graph.

    Args:
        session: to read with.
        graph_id: of the head.
        seen_from: run and number of the stage that it is seen from. Where that one does not have
            this graph, or none is given, the latest stage that has it stands in.
    """
    query = (
        select(Run, col(Stage.n))
        .join(Stage, col(Stage.run_id) == col(Run.id))
        .options(load_only(*_OF_RUN))
        .where(col(Stage.graph_id) == graph_id, col(Run.deleted_at).is_(None))
        .order_by(col(Stage.run_id).desc(), col(Stage.n))
        .limit(1)
    )
    row = None
    if seen_from is not None:
        there = (col(Stage.run_id) == seen_from[0], col(Stage.n) == seen_from[1])
        row = session.execute(query.where(*there)).first()
    row = row or session.execute(query).first()
    if row is None:
        return PairList(graph=graph_id, run=None, stage=None, pairs=[])
    pairs = stage_pairs(session, row.Run, row.n)
    return PairList(graph=graph_id, run=row.Run.id, stage=row.n, pairs=pairs)


def likeliest(pairs: Sequence[Pair]) -> Pair | None:
    """The first pair that has a difference to show."""
    return next((pair for pair in pairs if not pair.same), None)


def seen_from(text: str) -> tuple[int, int] | None:
    """Run and number of the stage that `12.3` in an address names; None for anything else."""
    match = re.fullmatch(r"(\d{1,18})\.(\d{1,18})", text, re.ASCII)
    return None if match is None else (int(match[1]), int(match[2]))


def _within(head: Spot, stages: Stages) -> Iterator[_Base]:
    """Bases of the same run."""
    yield from _FINDERS[head.kind](head, stages)
    for spot in stages.of(StageKind.DECOMPOSED):
        if _source_of(spot, stages) is head:
            yield Relation.DECOMPOSED, spot, spot.told


def _of_component(head: Spot, stages: Stages) -> Iterator[_Base]:
    order = stages.components
    later = order[order.index(head.component) :]
    placed = [spot for spot in stages.of(StageKind.ASSEMBLED) if spot.component in later]
    for spot in [*placed, *stages.of(StageKind.WHOLE)][:1]:
        yield Relation.PLACED, spot, f"{spot.told}, with it in its place"


def _of_part(head: Spot, stages: Stages) -> Iterator[_Base]:
    path = f"{head.component}."
    alone = stages.of(StageKind.COMPONENT) + stages.of(StageKind.PART)
    around = [spot for spot in alone if spot != head and path.startswith(f"{spot.component}.")]
    if around:
        spot = max(around, key=lambda spot: len(spot.component or ""))
        yield Relation.AROUND, spot, f"{spot.told}, which it is a part of"


def _of_assembled(head: Spot, stages: Stages) -> Iterator[_Base]:
    yield from _before(head, stages)
    for spot in stages.of(StageKind.COMPONENT):
        if spot.component == head.component:
            yield Relation.ALONE, spot, f"{spot.name} alone{spot.ending}"


def _of_whole(head: Spot, stages: Stages) -> Iterator[_Base]:
    yield from _before(head, stages)
    for spot in stages.of(StageKind.BYPASS)[-1:]:
        yield Relation.BYPASSED, spot, spot.told


def _of_bypass(head: Spot, stages: Stages) -> Iterator[_Base]:
    for spot in stages.of(StageKind.WHOLE):
        yield Relation.EXPORTED, spot, f"{spot.told}, nothing bypassed"
    earlier = [spot for spot in stages.of(StageKind.BYPASS) if spot.n < head.n]
    for spot in earlier[-1:]:
        yield Relation.SHORTER, spot, f"{spot.told}, the export before"
    if not earlier:
        yield from _before(head, stages)


def _of_decomposed(head: Spot, stages: Stages) -> Iterator[_Base]:
    source = _source_of(head, stages)
    if source is not None:
        yield Relation.UNDECOMPOSED, source, f"{source.told}, before decomposition"


def _of_another_way(_head: Spot, stages: Stages) -> Iterator[_Base]:
    for spot in stages.of(StageKind.WHOLE):
        yield Relation.PLAIN, spot, f"{spot.told}, as the script exports it"


def _before(head: Spot, stages: Stages) -> Iterator[_Base]:
    """The last assembled stage before it that passed, else the last one."""
    before = [spot for spot in stages.of(StageKind.ASSEMBLED) if spot.n < head.n]
    for spot in ([spot for spot in before if spot.passed] or before)[-1:]:
        yield Relation.BEFORE, spot, f"{spot.told}, the stage before"


def _source_of(decomposed: Spot, stages: Stages) -> Spot | None:
    """The stage whose program was decomposed: it may be named by the key, else it is the whole."""
    key = decomposed.key.partition(":")[2]
    named = [spot for spot in stages.spots if spot.key == key]
    return next(iter([*named, *stages.of(StageKind.WHOLE)]), None)


_FINDERS: dict[StageKind, Callable[[Spot, Stages], Iterator[_Base]]] = {
    StageKind.COMPONENT: _of_component,
    StageKind.PART: _of_part,
    StageKind.ASSEMBLED: _of_assembled,
    StageKind.WHOLE: _of_whole,
    StageKind.BYPASS: _of_bypass,
    StageKind.DECOMPOSED: _of_decomposed,
    StageKind.SERIALIZED: _of_another_way,
    StageKind.STRICT: _of_another_way,
    StageKind.DRAFT: _of_another_way,
    StageKind.ONNX: _of_another_way,
}


def _elsewhere(session: Session, run: Run, head: Spot) -> Iterator[_Base]:
    """The same stage of other runs."""
    for row in session.execute(others_query(run, head.key)):
        values = dict(row._mapping)
        relation, filename, runtime = map(values.pop, ("relation", "filename", "runtime"))
        spot = Spot(**values)
        relation = Relation(relation) if runtime == run.runtime else Relation.RUNTIME
        words = {
            Relation.PARENT: "which this run repeats",
            Relation.EARLIER: "the last one of this script",
            Relation.VERSION: f"of an earlier {filename}",
            Relation.RUNTIME: f"in {runtime}",
        }[relation]
        yield relation, spot, f"{spot.told} of run {spot.run}, {words}"


def others_query(run: Run, key: str) -> CompoundSelect[Any]:
    """The stage `key` of the run's parent, and of the latest run of each other relation.

    Each looks at so many runs at most: a script may have been run by a timer for years.
    """
    runs, script = col(Run.id), col(Run.script_id)
    here, entry = col(Run.runtime) == run.runtime, col(Run.entry) == run.entry
    of_script = select(runs).where(script == run.script_id).order_by(runs.desc())
    before = of_script.where(runs < run.id).limit(RECENT_RUNS)
    wanted: dict[Relation, tuple[ColumnElement[bool], ...]] = {
        Relation.PARENT: (runs == run.parent_id,),
        Relation.EARLIER: (runs.in_(before), entry, here),
        Relation.VERSION: (
            runs.between((run.id or 0) - RECENT_RUNS, (run.id or 0) - 1),
            script != run.script_id,
            col(Run.filename) == run.filename,
            entry,
            here,
        ),
        Relation.RUNTIME: (runs.in_(of_script.limit(RECENT_RUNS)), entry, ~here),
    }
    parts = (_latest(relation, key, *conditions) for relation, conditions in wanted.items())
    return union_all(*(select(part.subquery()) for part in parts))


def _latest(relation: Relation, key: str, *conditions: ColumnElement[bool]) -> Select[Any]:
    return (
        select(
            literal(relation.value).label("relation"),
            col(Run.filename),
            col(Run.runtime),
            *_SPOT,
        )
        .join(Stage, col(Stage.run_id) == col(Run.id))
        .where(
            col(Stage.key) == key,
            col(Stage.graph_id).is_not(None),
            col(Run.deleted_at).is_(None),
            *conditions,
        )
        .order_by(col(Run.id).desc())
        .limit(1)
    )

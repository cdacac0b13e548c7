"""Both runs of a comparison, read together in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import String, case, func, inspect, select, type_coerce
from sqlmodel import Session, col

from app.models import (
    Blocker,
    Failure,
    Graph,
    Guard,
    Run,
    Script,
    Search,
    Stage,
    StageKind,
    StageStatus,
    Verdict,
)
from app.models.failure import Cause
from app.services.compare_causes import Causes
from app.services.compare_guards import GuardRead
from app.services.compare_stages import StageRead
from app.services.compare_views import CauseSide, StageFailure, StageSide
from app.services.failure_views import SearchView
from app.services.there import parent_there

MESSAGE_CHARACTERS = 300  # of a cause's message
STAGES = 400  # of one run: a plan has at most 200, and more are added after a failure
GUARDS = 20_000  # of one run


@dataclass(frozen=True)
class Side:
    """One run, as far as it is compared. `cut`: it has more stages than these."""

    run: Run
    parent: int | None  # the run that it repeats, unless it was deleted
    script: Script
    stages: Sequence[StageRead]
    cut: bool
    causes: Causes
    eager: Mapping[str, float | None]  # seconds and peak memory of its one forward

    @property
    def id(self) -> int:
        """The run's."""
        return _id(self.run)

    @property
    def search(self) -> Search | None:
        """How the search for all that stops it ended."""
        return _search(self.run)

    @property
    def whole(self) -> StageRead | None:
        """The stage of the whole model."""
        return next((one for one in self.stages if one.kind is StageKind.WHOLE), None)


def read_sides(session: Session, base: Run, head: Run) -> tuple[Side, Side]:
    """Both, which may be the same."""
    ids = {_id(base), _id(head)}
    scripts = _scripts(session, (base, head))
    parents = _parents(session, ids)
    eager = _eager(session, ids)
    failures = _failures(session, ids)
    blockers = _blockers(session, ids)
    stages = _stages(session, ids, failures)
    sides = []
    for run in (base, head):
        own, of_stages, found = failures[_id(run)], stages[_id(run)], blockers[_id(run)]
        kept = of_stages[:STAGES]
        sides.append(
            Side(
                run=run,
                parent=parents[_id(run)],
                script=scripts[run.script_id],
                stages=kept,
                cut=len(of_stages) > STAGES,
                causes=_causes(run, kept, own, found),
                eager=eager[_id(run)],
            )
        )
    return sides[0], sides[1]


def read_guards(session: Session, stages: Iterable[StageRead]) -> tuple[list[GuardRead], bool]:
    """The guards of these stages of one run, and whether there are more."""
    keys = {stage.id: stage.key for stage in stages}
    # Of the table, not of the class: 20,000 rows take half the time without the ORM, and a word as
    # it is stored less than a member of its enum.
    guard = inspect(Guard).local_table.c
    words = case((guard.meaning != "", guard.meaning), else_=guard.expression)
    kind = type_coerce(guard.kind, String)
    rows = session.execute(
        select(guard.id, guard.stage_id, kind, words, guard.silent)
        .where(guard.stage_id.in_(keys))
        .order_by(guard.stage_id, guard.id)
        .limit(GUARDS + 1)
    ).all()
    read = [GuardRead(one, keys[stage], *rest) for one, stage, *rest in rows[:GUARDS]]
    return read, len(rows) > GUARDS


def _id(run: Run) -> int:
    assert run.id is not None
    return run.id


def _search(run: Run) -> Search | None:
    return None if run.search is None else SearchView.model_validate(run.search).complete


def _scripts(session: Session, runs: Iterable[Run]) -> dict[int, Script]:
    query = select(Script).where(col(Script.id).in_({run.script_id for run in runs}))
    return {script.id: script for script in session.scalars(query) if script.id is not None}


def _parents(session: Session, ids: Iterable[int]) -> dict[int, int | None]:
    """The runs that these repeat, as far as they are there."""
    query = select(col(Run.id), parent_there()).where(col(Run.id).in_(ids))
    return dict(session.execute(query).all())


def _eager(session: Session, ids: Iterable[int]) -> dict[int, Mapping[str, float | None]]:
    """Without the list of modules, which may have 20,000 entries."""
    eager: Any = col(Run.eager)
    keys = ("seconds", "peak_rss_bytes")
    query = select(col(Run.id), *(eager[key].label(key) for key in keys)).where(
        col(Run.id).in_(ids)
    )
    return {row.id: {key: row._mapping[key] for key in keys} for row in session.execute(query)}


def _stages(
    session: Session, ids: Iterable[int], failures: Mapping[int, Mapping[int | None, CauseSide]]
) -> Mapping[int, list[StageRead]]:
    """By run, in the plan's order; one more than is compared, where there are as many."""
    replay: Any = col(Stage.replay_detail)
    guards = (
        select(func.count())
        .where(col(Guard.stage_id) == col(Stage.id))
        .correlate(Stage)
        .scalar_subquery()
    )
    names = ("id", "run_id", "n", "key", "kind", "name", "status", "reason", "replay", "seconds")
    query = (
        select(
            *(getattr(Stage, name) for name in names),
            col(Stage.graph_id).label("graph"),
            replay["max_abs"].label("max_abs"),
            col(Graph.nodes),
            col(Graph.digest),
            guards.label("guards"),
        )
        .outerjoin(Graph, col(Graph.id) == col(Stage.graph_id))
        .where(col(Stage.run_id).in_(ids), col(Stage.n) <= STAGES + 1)
        .order_by(col(Stage.run_id), col(Stage.n))
    )
    found: dict[int, list[StageRead]] = defaultdict(list)
    for row in session.execute(query):
        failure = failures[row.run_id].get(row.id)
        given = {
            **row._mapping,
            "url": f"/runs/{row.run_id}/stages/{row.n}",
            "failure": failure and StageFailure.model_validate(failure),
        }
        side = StageSide.model_validate(given)
        read = StageRead(row.id, row.key, row.kind, row.name, row.digest, side)
        found[row.run_id].append(read)
    return found


def _failures(session: Session, ids: Iterable[int]) -> Mapping[int, Mapping[int | None, CauseSide]]:
    """By run, then by the id of the stage; None for the run's own."""
    query = select(col(Failure.run_id), col(Failure.stage_id), *_brief(Failure)).where(
        col(Failure.run_id).in_(ids)
    )
    found: dict[int, dict[int | None, CauseSide]] = defaultdict(dict)
    for row in session.execute(query):
        given = {**row._mapping, "position": None, "url": f"/runs/{row.run_id}"}
        found[row.run_id][row.stage_id] = CauseSide.model_validate(given)
    return found


def _blockers(session: Session, ids: Iterable[int]) -> Mapping[int, list[CauseSide]]:
    query = (
        select(col(Blocker.run_id), col(Blocker.position), *_brief(Blocker))
        .where(col(Blocker.run_id).in_(ids))
        .order_by(col(Blocker.run_id), col(Blocker.position))
    )
    found: dict[int, list[CauseSide]] = defaultdict(list)
    for row in session.execute(query):
        url = f"/runs/{row.run_id}/blockers/{row.position}"
        found[row.run_id].append(CauseSide.model_validate({**row._mapping, "url": url}))
    return found


def _brief(table: type[Cause]) -> list[Any]:
    """What a CauseSide shows of a cause: without frames, stack and repro, which may be long."""
    names = [name for name in CauseSide.model_fields if name in Cause.model_fields]
    message = func.substr(table.message, 1, MESSAGE_CHARACTERS).label("message")
    return [message if name == "message" else getattr(table, name) for name in names]


def _causes(
    run: Run,
    stages: Sequence[StageRead],
    failures: Mapping[int | None, CauseSide],
    blockers: Sequence[CauseSide],
) -> Causes:
    """All that stops a run. Where no search told any, the whole stage's failure is what is known.

    A script that fails stops before any export: what its whole stage says is the same once more.
    """
    whole = next((stage for stage in stages if stage.kind is StageKind.WHOLE), None)
    exports = whole is not None and whole.side.status is StageStatus.PASSED
    own = [failures[None]] if None in failures else []
    known = list(blockers)
    failed = failures.get(whole.id) if whole is not None else None
    if failed is not None and not known and not (own and run.verdict is Verdict.SCRIPT_ERROR):
        url = f"/runs/{run.id}/blockers/1"
        known = [failed.model_copy(update={"position": 1, "url": url})]
    return Causes(
        own=own,
        blockers=known,
        past_own=exports or run.verdict not in (None, Verdict.SCRIPT_ERROR),
        complete=exports or _search(run) is Search.CLEAN,
    )

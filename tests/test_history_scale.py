"""What the history asks of the database: an index for every filter, whatever its values are."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, insert

from app.db import make_engine, read_scope, session_scope
from app.models import Category, Run, RunStatus, RunTag, Script, ScriptKind, Verdict
from app.models.columns import utc_now
from app.services import search
from app.services.facets import read_facets
from app.services.history import list_runs
from app.services.history_filters import FilterWords
from app.services.history_query import RARE
from app.services.trends import trends

RUNS = RARE + 500  # so that what all of them have is not rare


def row(number: int) -> dict[str, Any]:
    """A run's columns: every 500th is rare in all of them, and the first one failed."""
    rare = number % 500 == 0
    return {
        "id": number,
        "entry": "m.py",
        "options": {},
        "created_at": utc_now(),
        "status": RunStatus.FAILED if number == 1 else RunStatus.FINISHED,
        "script_id": 2 if rare else 1,
        "title": "scarce" if rare else "common",
        "verdict": Verdict.BLOCKED if rare else Verdict.EXPORTED,
        "category": Category.CRASH if rare else None,
        "owner": "ben" if rare else "anna",
        "model_class": "Rare" if rare else "Net",
        "runtime": "old" if rare else "default",
        "filename": "rare.py" if rare else "model.py",
        "pin": rare,
    }


@pytest.fixture(scope="module")
def many(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """So many runs, each found by its text."""
    path = shutil.copy(migrated, tmp_path_factory.mktemp("many"))
    engine = make_engine(f"sqlite:///{path}")
    with session_scope(engine) as session:
        for number, text in ((1, b"everywhere = 1"), (2, b"seldom = 1")):
            script = Script(id=number, sha256=str(number) * 64, kind=ScriptKind.PY, size=1)
            session.add(script)
            session.flush()
            search.index_script(session, script, text)
        session.execute(insert(Run), [row(number) for number in range(1, RUNS + 1)])
        tags = [
            {"run_id": n, "tag": tag}
            for n in range(1, RUNS + 1)
            for tag in (("ci", "rare") if n % 500 == 0 else ("ci",))
        ]
        session.execute(insert(RunTag), tags)
        search.index_runs(session)
    yield engine
    engine.dispose()


def plans(engine: Engine, act: Callable[[], object]) -> Iterator[str]:
    """The steps of the plans of all statements that `act` sends."""
    sent: list[tuple[str, Any]] = []

    def listen(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        sent.append((statement, values))

    event.listen(engine, "before_cursor_execute", listen)
    act()
    event.remove(engine, "before_cursor_execute", listen)
    with engine.connect() as connection:
        for statement, values in sent:
            if not statement.startswith("BEGIN"):
                steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
                yield from (step.detail for step in steps)


RARE_ONES = [
    *("verdict=blocked", "category=crash", "person=ben", "model=Rare", "runtime=old"),
    *("script=rare.py", f"script={'2' * 64}", "tag=rare", "pin=1", "q=scarce", "q=seldom"),
]
ALL_HAVE = ["status=finished", "tag=ci"]  # rare ones too
OTHERS_HAVE = ["verdict=exported", "person=anna", "model=Net", "q=common"]  # but no rare one


def words_of(*queries: str) -> FilterWords:
    pairs = [query.split("=") for query in queries]
    tags = tuple(value for name, value in pairs if name == "tag")
    return FilterWords(**{name: value for name, value in pairs if name != "tag"}, tag=tags)


def look(engine: Engine, *queries: str) -> tuple[list[int], list[str]]:
    """The ids that are found, and what scans all runs for them."""
    with read_scope(engine) as session:
        filters = words_of(*queries).filters()
        found: list[int] = []
        act = lambda: found.extend(run.id for run in list_runs(session, filters, 30).runs)  # noqa: E731
        steps = list(plans(engine, act))
    return found, [step for step in steps if step == "SCAN run"]


@pytest.mark.parametrize("rare", RARE_ONES)
def test_the_rarest_filter_leads_and_no_run_is_scanned(rare: str, many: Engine) -> None:
    ids = [number for number in range(RUNS, 0, -1) if number % 500 == 0]
    for common in (None, *ALL_HAVE, *OTHERS_HAVE):
        queries = [rare] if common is None else [rare, common]
        if common is not None and common.partition("=")[0] == rare.partition("=")[0] != "tag":
            continue  # an address has each other filter once
        found, scans = look(many, *queries)
        assert scans == [], queries
        assert found == ([] if common in OTHERS_HAVE else ids), queries


@pytest.mark.parametrize("query", ["q=common", "q=everywhere", "tag=ci"])
def test_what_all_runs_have_is_paged_to_the_end(query: str, many: Engine) -> None:
    seen: list[int] = []
    cursor: str | None = ""
    with read_scope(many) as session:
        while cursor is not None:
            page = list_runs(session, words_of(query).filters(cursor), 600)
            seen += [run.id for run in page.runs]
            cursor = page.next
    scarce = RUNS // 500 if query != "tag=ci" else 0
    assert len(seen) == RUNS - scarce
    assert seen == sorted(seen, reverse=True)


def test_many_hits_that_another_filter_refuses_are_all_looked_at(many: Engine) -> None:
    found, _ = look(many, "q=common", "status=failed")
    assert found == [1]


def test_choices_are_read_from_indexes(many: Engine) -> None:
    with read_scope(many) as session:
        steps = list(plans(many, lambda: read_facets(session)))
        facets = read_facets(session)
    assert (facets.people, facets.tags) == (("anna", "ben"), ("ci", "rare"))
    assert (facets.models, facets.runtimes) == (("Net", "Rare"), ("default", "old"))
    assert [step for step in steps if step.startswith("SCAN run") and "INDEX" not in step] == []


def test_trends_are_of_a_bounded_number_of_runs(many: Engine) -> None:
    with read_scope(many) as session:
        found = trends(session, FilterWords().filters())
    assert found.runs == RARE
    assert sum(day.exported + day.blocked for day in found.days) == RARE

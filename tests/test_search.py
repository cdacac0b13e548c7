"""What runs and scripts are found by: written with them, and gone with them."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from fastapi.testclient import TestClient
from sqlalchemy import Engine, delete, select
from sqlalchemy.dialects.postgresql.base import PGDialect

from app.db import make_engine, read_scope, session_scope
from app.models import Run, RunStatus
from app.services import queue
from app.services.history_filters import Filters, FilterWords
from app.services.history_query import selection
from app.services.housekeeping import keep_house
from app.services.search import RUN_TEXT, SCRIPT_CHARACTERS, SCRIPT_TEXT, matches
from app.services.storage import BlobStore
from app.settings import ROOT, Settings
from tests.web_support import seeding, submit
from tests.worker_support import claim_next
from tests.zip_support import make_zip


def found(client: TestClient, words: str) -> list[int]:
    answer = client.get("/api/runs", params={"q": words})
    assert answer.status_code == 200, answer.text
    return [run["id"] for run in answer.json()["runs"]]


def texts(engine: Engine) -> tuple[int, int]:
    """How many runs and how many scripts can be found."""
    with read_scope(engine) as session:
        runs, scripts = (
            len(session.execute(select(table.c.rowid)).all()) for table in (RUN_TEXT, SCRIPT_TEXT)
        )
        return runs, scripts


def test_an_upload_is_found_by_its_title_name_and_text(client: TestClient) -> None:
    submit(client, b"import torch\nmask = x.topk(3)\n", "hrnet.py", title="Pose of people")
    submit(client, b"other = 1", "other.py")
    for words in ("pose people", "hrnet.py", "x.topk", "MASK"):
        assert found(client, words) == [1], words
    assert found(client, "pose topk") == [], "all words are in the run, or all in its script"
    (run,) = client.get("/api/runs?q=topk").json()["runs"]
    assert run["match"] == {
        "field": "script",
        "line": 2,
        "parts": [
            {"text": "mask = x.", "hit": False},
            {"text": "topk", "hit": True},
            {"text": "(3)", "hit": False},
        ],
    }
    assert client.get("/api/runs").json()["runs"][0]["match"] is None


def test_every_python_file_of_an_archive_is_searched(client: TestClient) -> None:
    data = make_zip(
        {"main.py": "import parts", "parts.py": "heatmap = 1", "readme.txt": "secretword"}
    )
    submit(client, data, "pose.zip")
    assert found(client, "heatmap") == [1]
    assert found(client, "parts.py") == [1]
    assert found(client, "secretword") == []


def test_what_people_write_is_found_at_once(client: TestClient) -> None:
    submit(client)
    for change, words in (
        ({"title": "Zebra"}, "zebra"),
        ({"note": "wait for\nthe kernel"}, "kernel"),
        ({"tags": ["release/2"]}, "release/2"),
    ):
        assert found(client, words) == []
        assert client.patch("/api/runs/1", json=change).status_code == 200
        assert found(client, words) == [1]
    client.patch("/api/runs/1", json={"tags": [], "note": "", "title": ""})
    assert found(client, "zebra") == found(client, "kernel") == found(client, "release") == []


def test_messages_are_found_once_the_run_has_ended(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    submit(client)
    claim = claim_next(engine)
    with seeding(engine, store, settings) as seed:
        run = seed.session.get_one(Run, claim.run_id)
        seed.failure(run, message="Could not guard on Eq(u77, 1)")
        seed.blocker(run, 1, message="another of zz9")
    assert found(client, "u77") == []
    queue.finish(engine, claim, status=RunStatus.FAILED, reason="a limit of quuxes")
    assert found(client, "guard u77") == found(client, "zz9") == found(client, "quuxes") == [1]
    assert found(client, "GuardOnDataDependentSymNode") == [1]
    (run,) = client.get("/api/runs?q=u77").json()["runs"]
    assert run["match"]["field"] == "failures"


def test_purged_runs_leave_nothing_to_be_found(
    client: TestClient, engine: Engine, settings: Settings
) -> None:
    for name in ("a.py", "b.py"):
        submit(client, name=name)
        client.post(f"/api/runs/{'ab'.index(name[0]) + 1}/cancel")
    assert texts(engine) == (2, 1)
    client.delete("/api/runs/1")
    assert found(client, "a.py") == []
    gone = settings.model_copy(update={"undo_hours": 0.0})
    list(keep_house(engine, gone))
    assert texts(engine) == (1, 1)
    client.delete("/api/runs/2")
    list(keep_house(engine, gone))
    assert texts(engine) == (0, 0)


def test_scripts_from_before_are_found_after_a_workers_look(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    submit(client, b"older = 1")
    submit(client, b"lost = 1")
    store.delete(client.get("/api/runs/2").json()["script"]["sha256"])
    with session_scope(engine) as session:
        session.execute(delete(SCRIPT_TEXT))
    assert found(client, "older") == []
    assert list(keep_house(engine, settings)) == ["made older scripts searchable: 2"]
    assert found(client, "older") == [1]
    assert list(keep_house(engine, settings)) == []


def test_a_long_script_is_searched_up_to_a_cap(client: TestClient, engine: Engine) -> None:
    text = f"first = 1\n{'#' * SCRIPT_CHARACTERS}\nlastword = 1\n"
    submit(client, text.encode())
    assert found(client, "first") == [1]
    assert found(client, "lastword") == []


def test_the_migration_fills_in_the_runs_that_are_there(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    config = Config(ROOT / "alembic.ini")
    config.set_main_option("sqlalchemy.url", url)
    command.upgrade(config, "0005")
    engine = make_engine(url)
    now = "'2026-01-01 00:00:00.000000'"
    with engine.begin() as connection:
        run = connection.exec_driver_sql
        run(f"INSERT INTO script VALUES (1, 'a', 'py', 1, {now})")
        run(
            "INSERT INTO run (script_id, title, filename, entry, runtime, options, status, reason, "
            "priority, attempt, lost, cancel_requested, created_at, notes) VALUES (1, 'Pose', "
            f"'f.py', 'f.py', 'r', '{{}}', 'finished', '', 0, 0, 0, 0, {now}, '[]')"
        )
        run(
            "INSERT INTO failure (run_id, category, exception, message, hint, function, text, "
            "frames, stack) VALUES (1, 'mutation', 'E', 'oops u12', '', '', '', '[]', '')"
        )
    command.upgrade(config, "0006")
    with read_scope(engine) as session:
        for words in (("pose",), ("oops", "u12"), ("f.py",)):
            assert session.scalars(
                select(RUN_TEXT.c.rowid).where(matches(RUN_TEXT, words))
            ).all() == [1]
    engine.dispose()


def test_no_search_is_an_error_of_the_server(client: TestClient) -> None:
    submit(client)
    for q in ['"', "a'b", "NEAR(", "\x00 x", "a" * 300, "*", "::", "\u0130", "🦊"]:
        for path in ("/", "/_history", "/api/runs", "/trends", "/api/trends"):
            answer = client.get(path, params={"q": q})
            assert answer.status_code in (200, 422), (path, q)
            if answer.status_code == 422:
                assert "searched for" in answer.text


def test_on_postgresql_words_are_a_tsquery(engine: Engine) -> None:
    with read_scope(engine) as session:
        filters = FilterWords(q="aten::nonzero it's", tag=("ci",)).filters()
        assert isinstance(filters, Filters)
        where = selection(session, filters).where
    dialect = PGDialect()  # type: ignore[no-untyped-call]
    query = select(1).where(*where)
    sql = str(query.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    assert "run_text.words @@ to_tsquery('simple', '(''aten'' <-> ''nonzero'':*)" in sql
    assert "MATCH" not in sql

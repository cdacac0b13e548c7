"""A migrated database has the schema that the models say, and migrating is safe to repeat."""

import os
import subprocess
import sys
import threading
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect
from sqlmodel import SQLModel

from app.db import make_engine
from app.services.migrate import head, is_current, migrate
from app.services.search import TABLES
from app.settings import ROOT


def is_model(table: str) -> bool:
    """Whether it is no index of texts, nor a table that FTS5 keeps beside one."""
    return not table.startswith(TABLES)


def test_a_migrated_schema_is_the_models(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new' / 'a.db'}"
    migrate(url)
    engine = make_engine(url)
    with engine.connect() as connection:
        options = {
            "compare_type": True,
            "compare_server_default": True,
            "include_name": lambda name, kind, _: kind != "table" or is_model(name),
        }
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, SQLModel.metadata) == []
        tables = set(inspect(connection).get_table_names())
    assert set(filter(is_model, tables)) == {*SQLModel.metadata.tables, "alembic_version"}
    engine.dispose()


def test_migrating_again_changes_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    migrate(url)
    before = (tmp_path / "a.db").stat().st_size
    migrate(url)
    assert (tmp_path / "a.db").stat().st_size == before


def test_two_may_migrate_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    errors: list[Exception] = []

    def attempt(engine_url: str) -> None:
        config = Config()
        config.set_main_option("script_location", str(ROOT / "migrations"))
        config.set_main_option("sqlalchemy.url", engine_url)
        try:
            command.upgrade(config, "head")
        except Exception as error:
            errors.append(error)

    # alembic's context is one for a process, so the second is another process in real life;
    # here what matters is the lock in the database, held by hand while it tries.
    engine = make_engine(url)
    with engine.begin():
        thread = threading.Thread(target=attempt, args=(url,))
        thread.start()
        thread.join(0.3)
        assert thread.is_alive(), "it waits its turn"
    thread.join(10)
    assert errors == []
    assert is_current(engine)
    engine.dispose()


def test_an_empty_database_is_not_current(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'a.db'}")
    assert not is_current(engine)
    migrate(str(engine.url))
    assert is_current(engine)
    engine.dispose()


def test_the_way_down_leaves_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    migrate(url)
    config = Config(ROOT / "alembic.ini")
    config.set_main_option("sqlalchemy.url", url)
    command.downgrade(config, "base")
    engine = make_engine(url)
    with engine.connect() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]
    engine.dispose()


def test_the_second_revision_keeps_what_is_there(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    config = Config(ROOT / "alembic.ini")
    config.set_main_option("sqlalchemy.url", url)
    command.upgrade(config, "0001")
    columns = (
        "script_id, title, filename, entry, runtime, options, status, reason, sandbox, priority, "
        "attempt, lost, cancel_requested, created_at, started_at, notes"
    )
    engine = make_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO script (id, sha256, kind, size, created_at) "
            "VALUES (1, 'a', 'py', 1, '2026-01-01 00:00:00.000000')"
        )
        for status, started in (("finished", "'2026-01-01 00:00:00.000000'"), ("queued", "NULL")):
            connection.exec_driver_sql(
                f"INSERT INTO run ({columns}) VALUES (1, 't', 'f', 'f', 'r', '{{}}', '{status}', "
                f"'', 'off', 0, 0, 0, 0, '2026-01-01 00:00:00.000000', {started}, '[]')"
            )
        connection.exec_driver_sql("INSERT INTO runlog VALUES (1, 'a log', 0)")
    command.upgrade(config, "0002")
    with engine.connect() as connection:
        select = "SELECT status, sandbox FROM run ORDER BY id"
        assert connection.exec_driver_sql(select).all() == [("finished", "off"), ("queued", None)]
        assert connection.exec_driver_sql("SELECT text FROM runlog").all() == [("a log",)]
    command.downgrade(config, "0001")
    with engine.connect() as connection:
        assert connection.exec_driver_sql(select).all() == [("finished", "off"), ("queued", "off")]
        assert connection.exec_driver_sql("SELECT text FROM runlog").all() == [("a log",)]
        assert not inspect(connection).has_table("worker")
    engine.dispose()


def test_the_fifth_revision_says_of_older_runs_what_stops_them(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    config = Config(ROOT / "alembic.ini")
    config.set_main_option("sqlalchemy.url", url)
    command.upgrade(config, "0004")
    engine = make_engine(url)
    now = "'2026-01-01 00:00:00.000000'"
    with engine.begin() as connection:
        run = connection.exec_driver_sql
        run(
            "INSERT INTO script (id, sha256, kind, size, created_at) "
            f"VALUES (1, 'a', 'py', 1, {now})"
        )
        for loaded in ("""'{"model_class": "Net"}'""", "NULL", "NULL"):
            run(
                "INSERT INTO run (script_id, title, filename, entry, runtime, options, status, "
                "reason, priority, attempt, lost, cancel_requested, created_at, notes, loaded) "
                "VALUES (1, 't', 'f', 'f', 'r', '{}', 'finished', '', 0, 0, 0, 0, "
                f"{now}, '[]', {loaded})"
            )
        run(
            "INSERT INTO stage (id, run_id, n, key, kind, name, status, reason, replay, inputs, "
            "outputs) VALUES (1, 1, 1, 'whole', 'whole', 'w', 'failed', '', 'not_run', '[]', '[]')"
        )
        for run_id, stage, category in ((1, 1, "mutation"), (2, "NULL", "timeout")):
            run(
                "INSERT INTO failure (run_id, stage_id, category, exception, message, hint, "
                f"function, text, frames, stack) VALUES ({run_id}, {stage}, '{category}', 'E', '', "
                "'', '', '', '[]', '')"
            )
    command.upgrade(config, "0005")
    with engine.connect() as connection:
        select = "SELECT model_class, category, owner, pin FROM run ORDER BY id"
        assert connection.exec_driver_sql(select).all() == [
            ("Net", "mutation", "", 0),
            ("", "timeout", "", 0),
            ("", None, "", 0),
        ]
    engine.dispose()


def test_the_tenth_revision_counts_what_each_owner_keeps(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    config = Config(ROOT / "alembic.ini")
    config.set_main_option("sqlalchemy.url", url)
    command.upgrade(config, "0009")
    engine = make_engine(url)
    now = "'2026-01-01 00:00:00.000000'"
    with engine.begin() as connection:
        run = connection.exec_driver_sql
        for number, size in ((1, 100), (2, 20)):
            run(f"INSERT INTO script VALUES ({number}, '{number}', 'py', {size}, {now})")
        run("INSERT INTO graph VALUES (1, 'd', 2, 1, x'000000', x'00')")
        for script, owner, status in (
            (1, "ana", "finished"),
            (1, "ana", "failed"),
            (2, "ben", "queued"),
        ):
            run(
                "INSERT INTO run (script_id, title, filename, entry, runtime, options, status, "
                "reason, priority, attempt, lost, cancel_requested, created_at, notes, owner) "
                f"VALUES ({script}, 't', 'f', 'f', 'r', '{{}}', '{status}', '', 0, 0, 0, 0, {now}, "
                f"'[]', '{owner}')"
            )
        for number, graph, file_bytes in ((1, 1, "NULL"), (2, "NULL", 1000), (3, 1, 7)):
            run(
                "INSERT INTO stage (run_id, n, key, kind, name, status, reason, replay, inputs, "
                f"outputs, graph_id, file_bytes) VALUES (1, {number}, '{number}', 'whole', 'w', "
                f"'passed', '', 'equal', '[]', '[]', {graph}, {file_bytes})"
            )
    command.upgrade(config, "0010")
    with engine.connect() as connection:
        stored = connection.exec_driver_sql("SELECT stored_bytes FROM run ORDER BY id").all()
        assert stored == [(4 + 1000 + 4 + 7,), (0,), (0,)]
        held = connection.exec_driver_sql("SELECT owner, bytes FROM holding ORDER BY owner").all()
        assert held == [("ana", 1015 + 100), ("ben", 20)]
    command.downgrade(config, "0009")
    assert "holding" not in inspect(engine).get_table_names()
    engine.dispose()


def test_the_head_is_read_from_the_file_names() -> None:
    scripts = ScriptDirectory.from_config(Config(ROOT / "alembic.ini"))
    assert head() == scripts.get_current_head()
    revisions = [script.revision for script in scripts.walk_revisions()]
    assert revisions == sorted(revisions, reverse=True), "numbered, so that the newest is last"


def test_a_current_database_is_started_on_without_alembic(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    migrate(url)
    code = (
        "import sys\n"
        "from app.services.migrate import migrate\n"
        f"migrate({url!r})\n"
        "print('alembic' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.stdout == "False\n"

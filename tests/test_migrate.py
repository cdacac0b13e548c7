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
from app.settings import ROOT


def test_a_migrated_schema_is_the_models(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new' / 'a.db'}"
    migrate(url)
    engine = make_engine(url)
    with engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, SQLModel.metadata) == []
        tables = set(inspect(connection).get_table_names())
    assert tables == {*SQLModel.metadata.tables, "alembic_version"}
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

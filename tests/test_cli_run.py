"""`stagelight run`: a script diagnosed without a server, by a real worker, and nothing left."""

import json
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import Engine

from app.db import make_engine, read_scope
from app.models import RunStatus, Verdict
from app.services.history import list_runs
from app.services.history_filters import Filters
from app.services.identity import local_person
from app.services.present import run_view
from app.services.storage import BlobStore
from app.services.views import RunView
from app.settings import ROOT, Settings
from tests.cli_support import Done, finish, start
from tests.web_support import seeding
from tests.worker_support import wait_until

FAILS = "import torch\nraise ValueError('no [red]weights[/red] \\x1b[31mhere')\n"
MODEL = """
import torch
from parts.net import Net
model = Net()
inputs = (torch.ones(2),)
"""
HANGS = "import time\nwhile True: time.sleep(1)\n"


class Folder:
    """A working directory, with a place for temporary files that must be empty at the end."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.temporary = root / "temporary"
        self.temporary.mkdir(parents=True)

    def add(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def run(self, *arguments: str, **more: str) -> Done:
        with start(self.root, "run", *arguments, TMPDIR=str(self.temporary), **more) as process:
            done = finish(process)
        assert "Traceback" not in done.err
        assert list(self.temporary.iterdir()) == [], "it leaves nothing behind"
        return done

    def read(self, name: str) -> str:
        return (self.root / name).read_text()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "project")


def example(name: str) -> str:
    return (ROOT / "examples" / f"{name}.py").read_text()


def test_a_blocked_model_ends_with_1_its_lines_and_all_reports(folder: Folder) -> None:
    folder.add("models/pose.py", example("pose_hrnet_broken"))
    reports = ("--json", "run.json", "--junit", "run.xml", "--sarif", "run.sarif")
    done = folder.run("models/pose.py", *reports)
    assert done.status == 1
    assert "stopped by a Python branch on a tensor's value at pose.py:145" in done.out
    assert "1. models/pose.py:145  data_dependent_branch in decode" in done.out
    assert "if score < self.threshold:" in done.out
    assert "passed   backbone (component)" in done.err
    assert "\x1b" not in done.out + done.err
    assert "\r" not in done.out + done.err
    run = RunView.model_validate_json(folder.read("run.json"))
    assert run.verdict is Verdict.PARTLY
    assert run.remedies == []
    cases = ET.fromstring(folder.read("run.xml")).findall(".//testcase")
    assert len(cases) == len(run.stages)
    assert ("models/pose.py", "145") in [(case.get("file"), case.get("line")) for case in cases]
    (log,) = json.loads(folder.read("run.sarif"))["runs"]
    places = [result["locations"][0]["physicalLocation"] for result in log["results"]]
    assert places[0]["artifactLocation"]["uri"] == "models/pose.py"
    assert places[0]["region"]["startLine"] == 145


def test_a_model_that_exports_ends_with_0_and_is_no_regression(
    folder: Folder, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        base = run_view(seed.session, seed.searched(2))
    folder.add("base.json", base.model_dump_json())
    folder.add("model.py", MODEL)
    for taken in ("app", "workers"):  # names of our own, which mean nothing here
        folder.add(f"{taken}/__init__.py", "raise SystemExit('run outside of the sandbox')\n")
    folder.add("parts/net.py", "from torch.nn import ReLU as Net\n")
    folder.add(".git/secret.py", "1/0\n")
    done = folder.run(".", "--entry", "model.py", "--baseline", "base.json", "--json", "-")
    assert done.status == 0
    assert RunView.model_validate_json(done.out).script.entry == "model.py"
    assert "The whole model exports and replays equal to eager." in done.err
    assert "No regression." in done.err


@pytest.mark.full
def test_an_error_of_the_script_ends_with_3_and_is_kept_where_that_was_asked(
    folder: Folder, tmp_path: Path
) -> None:
    folder.add("model.py", FAILS)
    data = tmp_path / "data"
    done = folder.run("model.py", "--keep", "--title", "kept", STAGELIGHT_DATA=str(data))
    assert done.status == 3
    assert "ValueError at model.py:2" in done.out
    assert "no [red]weights[/red] here" in done.out
    engine = make_engine(f"sqlite:///{data / 'stagelight.db'}")
    with read_scope(engine) as session:
        (run,) = list_runs(session, Filters(), 10).runs
    engine.dispose()
    assert (run.title, run.verdict) == ("kept", Verdict.SCRIPT_ERROR)
    assert run.owner == local_person()


@pytest.mark.full
def test_ctrl_c_cancels_it_and_leaves_nothing(folder: Folder) -> None:
    folder.add("model.py", HANGS)
    with start(folder.root, "run", "model.py", TMPDIR=str(folder.temporary)) as process:
        wait_until(lambda: running(folder.temporary))
        process.send_signal(signal.SIGINT)
        done = finish(process, 20)
    assert (done.status, done.out) == (4, "Cancelled before any stage.\n")
    assert done.err == ""
    assert list(folder.temporary.iterdir()) == []


def running(temporary: Path) -> bool:
    """Whether the worker has taken the run."""
    for path in temporary.glob("*/data/stagelight.db"):
        with closing(sqlite3.connect(path)) as database:
            try:
                found = database.execute("SELECT status FROM run").fetchall()
            except sqlite3.OperationalError:  # it is being migrated
                return False
            return found == [(RunStatus.RUNNING.value,)]
    return False


def test_a_worker_that_does_not_start_is_told_with_its_log(folder: Folder) -> None:
    folder.add("model.py", FAILS)
    folder.add("workers/__init__.py", "")
    folder.add("workers/__main__.py", "raise SystemExit('no worker today')\n")
    done = folder.run("model.py", PYTHONPATH=f"{folder.root}:{ROOT}")
    assert done.status == 4
    assert "The worker does not stay alive." in done.err
    assert "no worker today" in done.err

"""What the command line asks for: uploads, options, regressions, and how it refuses."""

import io
import os
import zipfile
from pathlib import Path

import pytest

from app.cli.console import make_console
from app.cli.exits import CommandError, Exit
from app.cli.outcome import Outcome, describe
from app.cli.progress import progress
from app.cli.regression import regression
from app.cli.reports import Reports
from app.cli.upload import pack, read_upload
from app.cli.verdicts import exit_of
from app.cli.wishes import read_options, split_pairs
from app.models import (
    RemedyStatus,
    ReplayStatus,
    Run,
    RunStatus,
    Search,
    StageKind,
    StageStatus,
    Verdict,
)
from app.services.options import RunOptions, make_options
from app.services.present import run_view
from app.services.remedies import remedy_details
from app.services.views import RunView
from tests.cli_support import Command
from tests.web_support import Seed, id_of


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """The command in a folder of its own, where no server answers."""
    monkeypatch.chdir(tmp_path)
    return Command(monkeypatch, capsys, "http://127.0.0.1:9")


def test_options_are_read_as_json_or_as_words() -> None:
    pairs = ["call=2", "device=as_written", 'stages=["encoder"]', "draft=true", "argv=[]"]
    options = read_options(pairs, strict=False, arguments=["--size", "s"])
    assert make_options(options) == RunOptions(
        call=2, device="as_written", stages=["encoder"], draft=True, argv=[], strict=False
    )
    assert read_options([], strict=None, arguments=["--size", "s"]) == {"argv": ["--size", "s"]}
    assert split_pairs(["q=a=b"], "--filter") == [("q", "a=b")]


@pytest.mark.parametrize("pair", ["call", "=2", ""])
def test_an_option_without_name_or_value_is_refused(pair: str) -> None:
    with pytest.raises(CommandError, match="has no value"):
        read_options([pair], strict=None, arguments=[])


def fill(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {name}\n")


def test_a_folder_becomes_a_zip_of_what_is_code(tmp_path: Path) -> None:
    fill(tmp_path, "main.py", "layers/pool.py", ".git/config", "layers/__pycache__/pool.pyc")
    (tmp_path / "link.py").symlink_to("main.py")
    data = pack(tmp_path)
    os.utime(tmp_path / "main.py", (0, 1_000_000_000))
    assert pack(tmp_path) == data, "the same files are the same script"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() == ["main.py", "layers/pool.py"]
        assert archive.read("main.py") == b"# main.py\n"


def test_files_are_found_where_they_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, "models/main.py", "models/layers/pool.py", "my net!.py")
    monkeypatch.chdir(tmp_path)
    folder = read_upload(Path("models"))
    assert folder.filename == "models.zip"
    assert folder.locate("layers/pool.py") == "models/layers/pool.py"
    assert folder.locate("torchvision/ops/boxes.py") is None
    single = read_upload(tmp_path / "my net!.py")
    assert single.locate("my net_.py") == "my net!.py"
    Path("packed.zip").write_bytes(pack(Path("models")))
    packed = read_upload(Path("packed.zip"))
    assert packed.locate("layers/pool.py") == "layers/pool.py"
    monkeypatch.chdir(tmp_path / "models")
    assert read_upload(tmp_path / "my net!.py").locate("my net_.py") == f"{tmp_path}/my net!.py"


def view(seed: Seed, verdict: Verdict | None, status: RunStatus = RunStatus.FINISHED) -> RunView:
    """A run that ended so."""
    return run_view(seed.session, seed.run(status=status, verdict=verdict))


def exported(seed: Seed, replay: ReplayStatus) -> RunView:
    run = seed.finished(Verdict.EXPORTED)
    seed.stage(run, 1, StageStatus.PASSED, StageKind.WHOLE, replay=replay)
    return run_view(seed.session, run)


def test_the_exit_status_is_the_verdicts(seed: Seed) -> None:
    assert exit_of(exported(seed, ReplayStatus.EQUAL)) is Exit.EXPORTED
    assert exit_of(exported(seed, ReplayStatus.NOT_RUN)) is Exit.EXPORTED
    assert exit_of(exported(seed, ReplayStatus.DIFFERENT)) is Exit.STOPPED
    assert exit_of(view(seed, Verdict.PARTLY)) is Exit.STOPPED
    assert exit_of(view(seed, Verdict.BLOCKED)) is Exit.STOPPED
    assert exit_of(view(seed, Verdict.SCRIPT_ERROR)) is Exit.SCRIPT
    assert exit_of(view(seed, None, status=RunStatus.FAILED)) is Exit.NO_VERDICT
    assert exit_of(view(seed, None, status=RunStatus.CANCELLED)) is Exit.NO_VERDICT
    late = view(seed, Verdict.EXPORTED, status=RunStatus.CANCELLED)
    assert exit_of(late) is Exit.EXPORTED, "its verdict stands"


def test_a_worse_verdict_is_a_regression_and_a_better_one_is_none(seed: Seed) -> None:
    runs = [
        exported(seed, ReplayStatus.EQUAL),
        exported(seed, ReplayStatus.DIFFERENT),
        *(view(seed, one) for one in (Verdict.PARTLY, Verdict.BLOCKED, Verdict.SCRIPT_ERROR)),
    ]
    for i, base in enumerate(runs):
        for k, head in enumerate(runs):
            assert bool(regression(base, head).worse) is (k > i), (i, k)
    (said,) = regression(runs[0], runs[1]).worse
    assert said == "The verdict was 'exported', and is 'exported, differs'."
    unknown = view(seed, None, status=RunStatus.FAILED)
    assert regression(unknown, runs[4]).worse == regression(runs[0], unknown).worse == ()
    assert regression(unknown, runs[0]).unjudged.startswith("The baseline has no verdict:")
    assert not regression(runs[0], runs[4]).unjudged


def blocked(seed: Seed, complete: Search, *fingerprints: str | None) -> RunView:
    run = seed.partly(search={"complete": complete})
    for position, fingerprint in enumerate(fingerprints, start=1):
        line = f"if {fingerprint or position}:"
        seed.blocker(run, position, fingerprint=fingerprint, text=line)
    return run_view(seed.session, run)


def test_a_new_blocker_is_a_regression_where_the_base_knew_all_of_its_own(seed: Seed) -> None:
    base = blocked(seed, Search.CLEAN, "v1:a", "v1:b")
    head = blocked(seed, Search.CLEAN, "v1:c", "v1:a")
    assert regression(base, base) == regression(base, blocked(seed, Search.STUCK, "v1:b"))
    (said,) = regression(base, head).worse
    assert said == "Something new stops it: a Python branch on a tensor's value at model.py:8."
    stuck = blocked(seed, Search.STUCK, "v1:b")
    assert (regression(stuck, head).worse, regression(stuck, head).unsure) == ((), 2)


def test_a_line_that_export_spells_otherwise_is_not_new(seed: Seed) -> None:
    """As strict export does, of which a fingerprint has less."""
    base = blocked(seed, Search.CLEAN, "v1:a")
    (cause,) = blocked(seed, Search.CLEAN, "v1:a").blockers
    strict = base.model_copy(
        update={"blockers": [cause.model_copy(update={"fingerprint": "v1:z", "expression": None})]}
    )
    assert regression(base, strict).worse == ()


def test_blockers_without_a_fingerprint_are_the_same_by_their_line(seed: Seed) -> None:
    base = blocked(seed, Search.CLEAN, None)
    assert regression(base, blocked(seed, Search.CLEAN, None)).worse == ()
    assert len(regression(base, blocked(seed, Search.CLEAN, None, None)).worse) == 1


def test_the_fix_of_the_whole_model_is_written_where_there_is_one(
    seed: Seed, tmp_path: Path
) -> None:
    fill(tmp_path, "model.py")
    upload = read_upload(tmp_path / "model.py")
    reports = Reports(patch=str(tmp_path / "fix.diff"))
    run = seed.searched(1)
    seed.remedy(run, 1)
    reports.write(outcome(seed, run), upload)
    assert not (tmp_path / "fix.diff").exists(), "the fix of one blocker is not all"
    seed.combined(run, 2)
    reports.write(outcome(seed, run), upload)
    assert "\n+model = torch.nn.ReLU()  # fix 2\n" in (tmp_path / "fix.diff").read_text()


def outcome(seed: Seed, run: Run) -> Outcome:
    return Outcome(run_view(seed.session, run), remedy_details(seed.session, id_of(run)))


def test_progress_tells_each_stage_and_each_fix_once_as_whole_lines(seed: Seed) -> None:
    said = io.StringIO()
    run = seed.searched(1)
    with progress(make_console(said), waiting="Starting") as told:
        told.show(run_view(seed.session, run))
        seed.remedy(run, 1)
        seed.remedy(run, 2, status=RemedyStatus.TRYING)
        told.show(run_view(seed.session, run))
        told.show(run_view(seed.session, run))
    assert [" ".join(line.split()) for line in said.getvalue().splitlines()] == [
        "loaded Net, 1,284,113 parameters",
        "passed part1 (component) 0.25 s, 1 node, replays equal",
        "failed part2 (component) data_dependent_branch at model.py:8",
        "failed whole model data_dependent_branch at model.py:8",
        "passed past its blockers, first export (bypass) 0.25 s, 1 node, replays equal",
        "works fix: Fix 1: torch.where in place of the branch",
    ]


def test_a_run_without_a_sandbox_says_so(seed: Seed) -> None:
    lines = [
        [line.plain for line in describe(outcome(seed, seed.partly(sandbox=tier)))]
        for tier in ("full", "off")
    ]
    assert set(lines[1]) - set(lines[0]) == {"It ran without a sandbox: STAGELIGHT_SANDBOX is off."}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "nowhere.py"), "does not exist"),
        (("run", "note.ipynb"), "is a Jupyter notebook"),
        (("run", "model.py", "--option", "colour=red"), "no option 'colour'"),
        (("run", "model.py", "--runtime", "torch-9"), "no runtime 'torch-9'"),
        (("run", "model.py", "--json", "nowhere/run.json"), "cannot be written"),
        (("run", "model.py", "--json", "-", "--sarif", "-"), "same place"),
        (("run", "model.py", "--patch", "fix.diff"), "--fixes"),
        (("run", "model.py", "--baseline", "model.py"), "no run that this version can read"),
        (("submit", "model.py", "--junit", "run.xml"), "--wait"),
        (("share",), "One thing"),
        (("share", "1", "--stage", "1.2"), "One thing"),
        (("show", "0"), "greater than"),
        (("show", "1", "--server", "ftp://here"), "no address"),
        (("show", "1", "--server", "http://[::"), "no address"),
        (("list", "--filter", "verdict"), "has no value"),
    ],
)
def test_what_cannot_be_done_ends_with_2_and_says_why(
    arguments: tuple[str, ...], said: str, command: Command, tmp_path: Path
) -> None:
    fill(tmp_path, "model.py", "note.ipynb")
    done = command(*arguments)
    assert (done.status, done.out) == (2, "")
    assert said in done.err


def test_a_setting_that_makes_no_sense_is_named(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, "model.py")
    monkeypatch.setenv("STAGELIGHT_MEMORY_MB", "much")
    for name in ("serve", "migrate"):
        done = command(name)
        assert done.status == 2
        assert done.err.startswith("STAGELIGHT_MEMORY_MB makes no sense: ")

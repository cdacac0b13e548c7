"""The documentation says what the code does: settings, categories, API, links, examples."""

import re
from pathlib import Path

import pytest

from app.models import Category, ReplayStatus, RunStatus, StageStatus, Verdict
from app.services.failure_views import BlockerDetail
from app.services.options import RunOptions
from app.services.views import RunView, StageDetail
from app.settings import ROOT, Settings
from tests.probe_support import run_probe

PREFIX = "STAGELIGHT_"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
FORMS = ["exports_itself", "names", "class"]  # in the order that the pages have them
PYTHON_BLOCK = re.compile(r"^```python\n(.+?)^```", flags=re.MULTILINE | re.DOTALL)


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text()


def rows(text: str) -> list[list[str]]:
    """The cells of every table row of a page."""
    lines = (line for line in text.splitlines() if line.startswith("| "))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def words(text: str) -> list[str]:
    """What stands in code as the first cell of a row."""
    return [row[0].strip("`") for row in rows(text) if row[0].startswith("`")]


def section(text: str, first: str, last: str) -> str:
    return text[text.index(first) : text.index(last)]


def documented_settings() -> dict[str, str]:
    """Field → default, as docs/settings.md has them."""
    return {
        row[0].strip("`").removeprefix(PREFIX).lower(): row[1].strip("`")
        for row in rows(page("settings.md"))
        if row[0].startswith(f"`{PREFIX}")
    }


def test_every_setting_is_documented_and_nothing_else() -> None:
    assert documented_settings().keys() == Settings.model_fields.keys()


@pytest.mark.parametrize("field", Settings.model_fields)
def test_a_documented_default_is_the_default(field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for other in Settings.model_fields:
        monkeypatch.delenv(f"{PREFIX}{other.upper()}", raising=False)
    default = getattr(Settings(), field)
    documented = documented_settings()[field]
    if not documented:
        assert default in (None, "", {})
        return
    monkeypatch.setenv(f"{PREFIX}{field.upper()}", documented)
    assert getattr(Settings(), field) == default


def test_an_empty_variable_is_as_if_it_were_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in Settings.model_fields:
        monkeypatch.setenv(f"STAGELIGHT_{field.upper()}", "")
    assert Settings().torch_home is None


def test_every_setting_has_a_unit_and_a_meaning() -> None:
    for row in rows(page("settings.md")):
        assert len(row) == 4, row
        assert row[2], row
        assert row[3], row


def test_every_setting_that_any_page_names_exists() -> None:
    # STAGELIGHT_CHROMIUM belongs to the tests, the other two to the command line.
    known = {f"{PREFIX}{field.upper()}" for field in Settings.model_fields}
    known |= {"STAGELIGHT_CHROMIUM", "STAGELIGHT_SERVER", "STAGELIGHT_TOKEN"}
    for path in PAGES:
        named = set(re.findall(r"STAGELIGHT_[A-Z_]+[A-Z]", path.read_text()))
        assert named <= known, path.name


def test_every_category_of_failures_is_documented_and_nothing_else() -> None:
    text = page("run.md")
    documented = words(text[text.index("## Categories of failures") :])
    assert documented == [category.value for category in Category]


@pytest.mark.parametrize(
    ("first", "last", "enum"),
    [
        ("## Verdict", "## Statuses", Verdict),
        ("Of a run:", "Of a stage:", RunStatus),
        ("Of a stage:", "Of a replay:", StageStatus),
        ("Of a replay:", "**Tolerance.**", ReplayStatus),
    ],
)
def test_every_status_is_documented_and_nothing_else(
    first: str, last: str, enum: type[Verdict | RunStatus | StageStatus | ReplayStatus]
) -> None:
    assert words(section(page("run.md"), first, last)) == [member.value for member in enum]


def test_every_option_is_documented_and_nothing_else() -> None:
    documented = words(section(page("scripts.md"), "## Options", "`dynamic_shapes` is an object"))
    assert documented == list(RunOptions.model_fields)


def test_the_documented_tolerance_is_that_of_the_replay() -> None:
    import torch
    from torch.testing._comparison import default_tolerances

    table = section(page("run.md"), "**Tolerance.**", "## The culprit line")
    documented = {
        dtype.strip(): (float(rtol), float(atol))
        for names, rtol, atol in (row for row in rows(table) if row[0] != "dtype")
        for dtype in names.split(",")
        if not set(names) <= {"-"}
    }
    assert len(documented) == 6
    for name, tolerances in documented.items():
        assert default_tolerances(getattr(torch, name)) == tolerances, name


def test_every_path_of_the_api_is_documented_and_nothing_else(tmp_path: Path) -> None:
    from app.main import create_app

    paths = create_app(Settings(data=tmp_path)).openapi()["paths"]
    existing = {f"{method.upper()} {path}" for path in paths for method in paths[path]}
    documented = re.findall(r"^### ([A-Z]+ /\S+)$", page("api.md"), flags=re.MULTILINE)
    assert sorted(documented) == sorted(existing)


@pytest.mark.parametrize(
    ("first", "last", "view"),
    [
        ("### GET /api/runs/{run_id}\n", "### GET /api/runs/{run_id}/blockers", RunView),
        (
            "### GET /api/runs/{run_id}/blockers",
            "### GET /api/runs/{run_id}/modules",
            BlockerDetail,
        ),
        ("### GET /api/runs/{run_id}/stages", "### GET /api/runs/{run_id}/log", StageDetail),
    ],
)
def test_every_key_of_an_answer_is_documented_and_nothing_else(
    first: str, last: str, view: type[RunView | StageDetail | BlockerDetail]
) -> None:
    cells = (row[0] for row in rows(section(page("api.md"), first, last)))
    documented = [word for cell in cells for word in re.findall(r"`(\w+)`", cell)]
    assert sorted(documented) == sorted(view.model_fields)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_link_to_a_file_leads_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text()):
        if not target.startswith(("http://", "https://")):
            assert (path.parent / target).exists(), target


def test_every_page_is_linked_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    for path in ROOT.glob("docs/*.md"):
        assert f"(docs/{path.name})" in readme


def test_every_file_that_the_readme_names_exists() -> None:
    readme = (ROOT / "README.md").read_text()
    named = re.findall(r"@(examples/\w+\.py)", readme) + re.findall(r"`([\w/]+/)`", readme)
    assert len(named) > 5
    made_by_make = {"static/vendor/"}
    for name in set(named) - made_by_make:
        assert (ROOT / name).exists(), name


SCRIPTS = sorted(
    {
        (form, block)
        for path in (ROOT / "README.md", ROOT / "docs" / "scripts.md")
        for form, block in zip(FORMS, PYTHON_BLOCK.findall(path.read_text()), strict=True)
    }
)


@pytest.mark.parametrize(("form", "block"), SCRIPTS, ids=[form for form, _ in SCRIPTS])
def test_the_scripts_on_a_page_are_read_as_it_says_and_export(
    form: str, block: str, tmp_path: Path
) -> None:
    said = run_probe(tmp_path, block)
    assert said.first("loaded").form == form
    assert said.stage("whole").status == StageStatus.PASSED

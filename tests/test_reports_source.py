"""Without source no line of code leaves: planted in every text of every row, in no form of any."""

from itertools import product

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, update

from app.db import session_scope
from app.models import Run, RunStatus, Verdict
from app.reports.report import Report
from app.reports.safe_text import safe_code, safe_expression, safe_name, safe_value
from app.services.storage import BlobStore
from app.settings import Settings
from tests.evil_support import seed_evil
from tests.share_support import passed_stage, stopped_run
from tests.web_support import Seed, seeding

MARK = "alert(1)"  # of what tests.evil_support writes into every text that a row has
PATHS = (
    *("run/2", "failure/2.1", "failure/2.2", "stage/2.1", "stage/2.2", "stage/2.3", "stage/2.4"),
    *("compare/1:2", "compare/2:1"),
)
FORMS = ("html", "json", "md")


@pytest.fixture
def planted(client: TestClient, engine: Engine, store: BlobStore, settings: Settings) -> TestClient:
    """A client of a run whose every text is code, but for the title, which a person chose."""
    with seeding(engine, store, settings) as seed:
        other = seed.searched(1, source=f"# {MARK}".encode())
        assert other.id == 1
        seed_evil(seed)
    with session_scope(engine) as session:
        session.execute(update(Run).values(title="a title", runtime="default"))
    return client


def test_what_is_planted_in_every_row_leaves_only_with_source(planted: TestClient) -> None:
    for path in (f"{path}.{form}" for path in PATHS for form in FORMS):
        assert MARK not in planted.get(f"/reports/{path}").text, path
        assert MARK in planted.get(f"/reports/{path}?source=1").text, path


def test_no_headline_tells_more(planted: TestClient, engine: Engine) -> None:
    for status, verdict in product(RunStatus, [None, *Verdict]):
        with session_scope(engine) as session:
            session.execute(update(Run).values(status=status, verdict=verdict, reason=MARK))
        for path in ("run/2", "compare/1:2"):
            made = planted.get(f"/reports/{path}.json").text
            assert MARK not in made, (status, verdict, path)
            assert Report.model_validate_json(made).headline


def test_what_is_told_without_source(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        run = stopped_run(seed)
        passed_stage(seed, run, 5)
    made = client.get("/reports/run/1.json").json()
    first = made["blockers"][0]
    assert (first["file"], first["line"], first["module"]) == ("model.py", 8, "decode")
    assert (first["expression"], first["value"]) == ("Eq(u0, 1)", "True")
    assert first["births"][0]["operation"] == "nonzero"
    assert [frame["where"] for frame in first["frames"]] == ["upload", "torch", "upload"]
    assert made["run"]["model"]["class_name"] == "Net"
    assert made["run"]["environment"]["packages"] == {"numpy": "2.3.1"}
    assert [stage["name"] for stage in made["stages"]][-1] == "neck"
    assert made["remedies"][0]["outcome"] == "works"
    stage = client.get("/reports/stage/1.5.json").json()["stage"]
    assert stage["shown_guards"][0]["meaning"] == "image.shape[0] == 8"
    assert 'def forward(self, image: "f32[s0, 3]"):' in stage["code"]
    assert "torch.ops.aten.relu.default(image)" in stage["code"]
    assert "hidden_recipe" not in str(stage)


def test_the_title_stays_and_the_log_is_in_neither(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    def seed_log(seed: Seed) -> None:
        run = seed.finished(Verdict.EXPORTED, title="my title")
        seed.log(run, "printed by the script\n")

    with seeding(engine, store, settings) as seed:
        seed_log(seed)
    for form in FORMS:
        assert "printed by" not in client.get(f"/reports/run/1.{form}?source=1").text
    assert client.get("/reports/run/1.json").json()["run"]["title"] == "my title"


@pytest.mark.parametrize(
    "text",
    ["backbone.body", "HeatmapDecode.forward.<locals>.<listcomp>", "src/my model.py", "2.13.0+cpu",
     "torch.fx.experimental.symbolic_shapes.GuardOnDataDependentSymNode", "backbone + neck"],
)  # fmt: skip
def test_a_name_is_told(text: str) -> None:
    assert safe_name(text) == text


@pytest.mark.parametrize(
    "text",
    ["f(x)", "x = 1", "'secret'", 'if x: "no"', "a\nb", "x" * 401, "f'{x}'", "",
     "if score < limit:", "return self.secret + x", "while a:", "score < limit", "a * b",
     "assert score"],
)  # fmt: skip
def test_what_may_be_code_is_no_name(text: str) -> None:
    assert safe_name(text) == ""


@pytest.mark.parametrize(
    "text",
    ["Eq(u0, 1)", "u0 == 1", "2*s0 + 1 <= 512", "Ne(Mod(s1, 8), 0)", "x.shape[1] == 8", "u0",
     "batch['image'].shape[0] >= 2", "-int_oo < s0 & s0 <= int_oo", "args[0].shape[2] % 4"],
)  # fmt: skip
def test_an_expression_of_torch_is_told(text: str) -> None:
    assert safe_expression(text) == text


@pytest.mark.parametrize(
    "text",
    ["secret(x)", "Eq(secret, 1)", "s0evil", "x.shape[1] == f(2)", "'a'", "u0 == x", "#", "\0"],
)
def test_what_may_be_code_is_no_expression(text: str) -> None:
    assert safe_expression(text) == ""


@pytest.mark.parametrize(
    ("text", "told"),
    [("True", "True"), ("-0.5", "-0.5"), ("1e-05", "1e-05"), ("nan", "nan"), ("tensor(1)", "")],
)
def test_a_value_is_a_number_or_a_truth_value(text: str, told: str) -> None:
    assert safe_value(text) == told


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"], exclude_characters="'\"\\")))
def test_code_loses_comments_and_what_its_literals_say(secret: str) -> None:
    mark = f"<{secret}>"
    code = (
        f"def forward(self, x):  # {mark}\n"
        f"    # File: m.py:1 in f, code: {mark}\n"
        f'    y = torch.ops.my.op(x, "{mark}", """{mark}\n{mark}""")\n'
        f"    return y\n"
    )
    left = safe_code(code)
    assert mark not in left
    assert left.startswith("def forward(self, x):\n\n    y = torch.ops.my.op(x, '…', '…')\n")


@pytest.mark.parametrize("text", ["def f(:\n  '''", "x = '", "\0", "  y\n z\n", "x = ?"])
def test_code_that_cannot_be_read_is_not_told(text: str) -> None:
    assert safe_code(text) == ""

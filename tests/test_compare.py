"""Two runs as GET /api/compare tells them apart: what is gone, what differs, what is not known."""

from collections import Counter
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import col, select

from app.models import (
    Blocker,
    ReplayStatus,
    Run,
    RunStatus,
    Search,
    Stage,
    StageKind,
    StageStatus,
    Verdict,
)
from app.services.options import RunOptions
from app.services.storage import BlobStore
from app.settings import Settings
from tests.web_support import LOADED, SCRIPT, Seed, count_queries, seeding
from tests.zip_support import make_zip

FIXED = SCRIPT.replace(b"ReLU()", b"GELU()")


@pytest.fixture
def seed(engine: Engine, store: BlobStore, settings: Settings) -> Any:
    """Makes runs, each in a transaction of its own."""

    def make(act: Any) -> Any:
        with seeding(engine, store, settings) as seed:
            return act(seed)

    return make


@pytest.fixture
def compare(client: TestClient) -> Any:
    """The comparison of two runs, by default of 1 and 2."""

    def fetch(base: int = 1, head: int = 2, more: str = "") -> Any:
        answer = client.get(f"/api/compare?base={base}&head={head}{more}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    return fetch


def blocked(seed: Seed, blockers: int = 2, **values: Any) -> Run:
    """A run whose search found so many, each with a fingerprint of its own."""
    run = seed.searched(blockers, **values)
    for blocker in seed.session.exec(select(Blocker).where(col(Blocker.run_id) == run.id)):
        blocker.fingerprint = f"v1:{blocker.position}"
    return run


def exported(seed: Seed, **values: Any) -> Run:
    """A run whose whole model exports, and its backbone alone."""
    run = seed.finished(Verdict.EXPORTED, **{"title": "exported", **values})
    seed.stage(run, 1, component="backbone")
    seed.stage(run, 3, kind=StageKind.WHOLE)
    return run


def changes(rows: list[Any]) -> list[str]:
    return [row["change"] for row in rows]


def row_of(rows: list[Any], name: str) -> Any:
    (found,) = [row for row in rows if row["name"] == name]
    return found


# -- verdicts and causes


def test_a_fix_is_told_in_a_sentence_and_its_blockers_are_gone(seed: Any, compare: Any) -> None:
    seed(blocked)
    seed(lambda s: exported(s, source=FIXED))
    found = compare()
    assert found["sentence"] == (
        "Run 2 exports and replays equal; run 1 exports in part, stopped by a Python branch on a "
        "tensor's value at model.py:8 and 1 more."
    )
    assert found["verdict_changed"] is True
    assert changes(found["causes"]) == ["gone", "gone"]
    assert found["causes"][0]["base"]["url"] == "/runs/1/blockers/1"
    assert found["differs"][:2] == ["2 causes gone", "the script"]
    assert "-model = torch.nn.ReLU()\n+model = torch.nn.GELU()\n" in found["diff"]
    assert changes(compare(2, 1)["causes"]) == ["new", "new"]


@pytest.mark.parametrize(
    ("complete", "change"),
    [(Search.CLEAN, "gone"), (Search.STUCK, "maybe_gone"), (Search.CAPPED, "maybe_gone")],
)
def test_a_blocker_is_gone_only_where_the_search_ended_clean(
    complete: Search, change: str, seed: Any, compare: Any
) -> None:
    seed(lambda s: blocked(s, 2))
    seed(lambda s: blocked(s, 1, complete=complete))
    found = compare()
    assert changes(found["causes"]) == ["still", change]
    assert bool(found["not_known"]) == (complete is not Search.CLEAN)
    assert not found["equal"]


def test_without_a_search_only_what_stops_the_whole_is_known(seed: Any, compare: Any) -> None:
    seed(lambda s: blocked(s, 2))
    seed(lambda s: s.partly())
    found = compare()
    assert changes(found["causes"]) == ["still", "maybe_gone"]
    assert found["causes"][0]["head"]["url"] == "/runs/2/blockers/1"
    assert "run 2 was not searched to the end" in found["not_known"][0]


def test_a_script_that_fails_hides_what_stops_the_export(seed: Any, compare: Any) -> None:
    def script_error(s: Seed) -> None:
        run = s.run(status=RunStatus.FINISHED, verdict=Verdict.SCRIPT_ERROR)
        s.failure(run, category="script_error", fingerprint="v1:9")

    seed(lambda s: blocked(s, 1))
    seed(script_error)
    found = compare()
    assert changes(found["causes"]) == ["new", "maybe_gone"]
    assert "did not come so far" in found["not_known"][0]
    assert changes(compare(2, 1)["causes"]) == ["gone", "maybe_new"]
    assert {row["change"] for row in found["model"]} == {"not_known"}


def test_a_run_that_goes_on_is_not_known(seed: Any, compare: Any) -> None:
    def running(s: Seed) -> None:
        run = s.run(status=RunStatus.RUNNING, loaded=LOADED)
        s.stage(run, 1)
        s.stage(run, 2, StageStatus.RUNNING)
        s.stage(run, 3, StageStatus.PENDING, StageKind.WHOLE)

    seed(lambda s: blocked(s, 1))
    seed(running)
    found = compare()
    assert found["sentence"].startswith("Run 2 is still running; run 1 ")
    assert found["verdict_changed"] is None
    assert changes(found["causes"]) == ["maybe_gone"]
    assert changes(found["stages"]) == ["changed", "not_known", "not_known", "not_known"]
    assert found["not_known"][0].startswith("Run 2 is not over")


def test_a_run_compared_with_itself_is_equal(seed: Any, compare: Any) -> None:
    seed(lambda s: blocked(s, 2))
    found = compare(1, 1)
    assert found["equal"]
    assert (found["differs"], found["not_known"]) == ([], [])
    assert found["sentence"].startswith("This is run 1 compared with itself: it exports in part")
    tables = ("stages", "options", "model", "environment", "times", "coverage")
    assert {row["change"] for name in tables for row in found[name]} == {"same"}
    assert changes(found["causes"]) == ["still", "still"]


# -- stages


def test_stages_stand_side_by_side_and_name_what_differs(seed: Any, compare: Any) -> None:
    def other(s: Seed) -> None:
        run = exported(s)
        backbone = s.session.exec(select(Stage).where(Stage.run_id == run.id, Stage.n == 1)).one()
        backbone.graph_id = s.graph("other", "def forward(self, x):\n    return (x + 1,)\n").id
        backbone.replay = ReplayStatus.DIFFERENT
        backbone.seconds = 1.0
        s.guard(backbone)
        s.stage(run, 4, kind=StageKind.DECOMPOSED, name="decomposed")

    seed(exported)
    seed(other)
    found = compare()
    backbone, whole, decomposed = found["stages"]
    assert backbone["changes"] == ["replay", "graph", "guards", "seconds"]
    base, head = backbone["base"]["graph"], backbone["head"]["graph"]
    assert backbone["graph_diff"] == f"/graphs/{head}?base={base}&stage=2.1"
    assert (whole["change"], decomposed["change"]) == ("same", "added")
    assert "2 of 3 stages" in found["differs"]
    assert changes(compare(2, 1)["stages"]) == ["changed", "same", "removed"]


def test_graphs_are_the_same_whatever_file_and_line_their_nodes_come_from(
    seed: Any, compare: Any
) -> None:
    code = "def f(self, x):\n    # File: {place} in f, code: return x.relu()\n    relu = x\n"

    def made(place: str, nodes: int = 1, text: str = code) -> Any:
        def act(s: Seed) -> None:
            run = s.finished(Verdict.EXPORTED)
            graph = s.graph(place, text.replace("{place}", place))
            graph.nodes = nodes
            s.stage(run, 1, kind=StageKind.WHOLE, graph_id=graph.id)

        return act

    seed(made("net.py:8"))
    seed(made("other.py:90"))
    seed(made("other.py:90", text=code.replace("relu()", "gelu()")))
    seed(made("net.py:8 ", nodes=2))
    for head, same in ((2, True), (3, False), (4, False)):
        (row,) = compare(1, head)["stages"]
        assert row["same_graph"] is same
        assert row["graph_diff"], "another graph in the store, so its diff can be seen"
        assert ("graph" in row["changes"]) is not same


def test_graphs_that_are_too_large_to_be_read_are_not_known(
    seed: Any, compare: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.compare_graphs.READ_NODES", 1)
    for salt in "ab":
        seed(
            lambda s, salt=salt: s.stage(
                s.finished(Verdict.EXPORTED),
                1,
                kind=StageKind.WHOLE,
                graph_id=s.graph(f"large {salt}").id,
            )
        )
    found = compare()
    assert changes(found["stages"]) == ["not_known"]
    assert found["not_known"] == ["The graphs of 1 stage are too large to be compared here."]
    assert not found["equal"]


def test_a_stage_fails_for_another_cause(seed: Any, compare: Any) -> None:
    def failing(fingerprint: str | None, line: int, text: str) -> Any:
        def act(s: Seed) -> None:
            run = s.finished(Verdict.BLOCKED)
            whole = s.stage(run, 1, StageStatus.FAILED, StageKind.WHOLE)
            s.failure(run, whole, fingerprint=fingerprint, line=line, text=text)

        return act

    for one in (
        *(failing("v1:1", 1, "if a:"), failing("v1:1", 2, "if b:"), failing("v1:2", 1, "if c:")),
        *(failing("v1:3", 9, "if a:"), failing(None, 9, "if a:"), failing(None, 1, "if d:")),
    ):
        seed(one)
    told = [compare(1, head)["stages"][0]["changes"] for head in range(2, 7)]
    assert told == [[], ["failure"], [], [], ["failure"]]


# -- guards


def guarded(*meanings: str, status: StageStatus = StageStatus.PASSED) -> Any:
    """A run whose backbone assumes these."""

    def act(s: Seed) -> None:
        run = s.finished(Verdict.EXPORTED)
        stage = s.stage(run, 1, status)
        for position, meaning in enumerate(meanings):
            s.guard(stage, position, meaning=meaning, line=position + 1)

    return act


def test_guards_are_paired_by_what_they_say(seed: Any, compare: Any) -> None:
    seed(guarded("a == 1", "b == 2", "c == 3"))
    seed(guarded("c == 3", "d == 4", "a == 1"))
    guards = compare()["guards"]
    assert (guards["same"], guards["differ"], guards["left_out"]) == (2, 2, 0)
    assert [(row["meaning"], row["change"]) for row in guards["rows"]] == [
        *(("d == 4", "added"), ("b == 2", "removed"), ("c == 3", "same"), ("a == 1", "same")),
    ]
    assert guards["rows"][2]["line"] == 1, "the place is the head's"


def test_guards_after_a_failure_are_not_known(seed: Any, compare: Any) -> None:
    seed(guarded("a == 1", "b == 2"))
    seed(guarded("a == 1", status=StageStatus.FAILED))
    found = compare()
    assert changes(found["guards"]["rows"]) == ["not_known", "same"]
    assert "1 guard may or may not be in both" in found["not_known"][0]


def test_what_is_left_out_of_many_guards_is_said(
    seed: Any, compare: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed(guarded(*(f"a{n} == 1" for n in range(9))))
    seed(guarded(*(f"a{n} == 1" for n in range(8)), "b == 1"))
    guards = compare(more="&guards=3")["guards"]
    assert (len(guards["rows"]), guards["left_out"], guards["same"]) == (3, 7, 8)
    assert changes(guards["rows"]) == ["added", "removed", "same"]
    monkeypatch.setattr("app.services.compare_read.GUARDS", 5)
    guards = compare()["guards"]
    assert guards["cut"]
    assert guards["differ"] == 0


# -- options, environment, script


def test_options_model_and_environment_are_compared_name_by_name(seed: Any, compare: Any) -> None:
    packages = LOADED | {
        "parameters": 5,
        "environment": {"python": "3.11.2", "torch": "2.14.0", "packages": {"numpy": "2.4"}},
    }
    seed(exported)
    seed(lambda s: exported(s, loaded=packages, options=RunOptions(strict=True), sandbox="full"))
    found = compare()
    assert row_of(found["environment"], "torch")["change"] == "changed"
    assert row_of(found["environment"], "python")["change"] == "same"
    assert row_of(found["environment"], "packages.numpy")["head"] == "2.4"
    assert row_of(found["environment"], "sandbox")["change"] == "not_known"
    assert row_of(found["model"], "parameters")["head"] == 5
    strict = row_of(found["options"], "strict")
    assert (strict["base"], strict["head"], strict["change"]) == (None, True, "changed")
    assert Counter(changes(found["options"]))["changed"] == 1
    assert found["differs"][-3:] == ["1 option", "the model", "the environment"]


def test_two_files_are_compared_whatever_they_are_called(seed: Any, compare: Any) -> None:
    seed(lambda s: exported(s, filename="broken.py"))
    seed(lambda s: exported(s, filename="fixed.py", source=FIXED))
    diff = compare()["diff"]
    assert diff.startswith("--- a/fixed.py\n+++ b/fixed.py\n")
    assert diff.count("\n-") == diff.count("\n+") - 1 == 1


def test_a_script_that_is_gone_from_the_store_is_said(
    seed: Any, compare: Any, settings: Settings
) -> None:
    seed(exported)
    seed(lambda s: exported(s, source=FIXED))
    for path in (settings.data / "scripts").rglob("*"):
        if path.is_file():
            path.unlink()
    found = compare()
    assert found["diff"] == ""
    assert "not in the store" in found["diff_missing"]
    assert found["same_script"] is False


def test_an_archive_that_differs_in_no_text_has_no_diff(seed: Any, compare: Any) -> None:
    for weights in (b"\0\1", b"\0\2"):
        archive = make_zip({"main.py": SCRIPT.decode(), "weights.bin": weights})
        seed(lambda s, data=archive: exported(s, source=data, filename="a.zip"))
    found = compare()
    assert (found["diff"], found["same_script"]) == ("", False)
    assert "no text" in found["diff_missing"]


# -- bounds


def test_it_takes_the_same_number_of_queries_at_any_size(
    app: FastAPI, client: TestClient, seed: Any
) -> None:
    def large(s: Seed) -> None:
        run = blocked(s, 8)
        for n in range(5, 30):
            stage = s.stage(run, n)
            s.guard(stage)
            s.guard(stage, 1, meaning=f"run {run.id}")

    for act in (blocked, blocked, large, large):
        seed(act)
    few = count_queries(app, lambda: client.get("/api/compare?base=1&head=2"))
    many = count_queries(app, lambda: client.get("/api/compare?base=3&head=4"))
    assert few == many == 12


def test_more_stages_than_are_compared_are_said(
    seed: Any, compare: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.compare_read.STAGES", 2)
    seed(blocked)
    found = compare(1, 1)
    assert [row["head"]["n"] for row in found["stages"]] == [1, 2]
    assert found["stages_cut"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        *(("base=1&head=9", 404), ("base=9&head=1", 404), (f"base=1&head={2**63}", 422)),
        *(("base=0&head=1", 422), ("base=1", 422), ("base=x&head=1", 422)),
        *(("base=1&head=%00", 422), ("base=1&head=%ED%A0%80", 422)),
        *(("base=1&head=1&guards=-1", 422), ("base=1&head=1&guards=2001", 422)),
    ],
)
def test_what_names_no_runs_is_an_error(
    query: str, status: int, seed: Any, client: TestClient
) -> None:
    seed(exported)
    answer = client.get(f"/api/compare?{query}")
    assert answer.status_code == status
    assert answer.json()["error"].keys() == {"code", "message", "hint"}

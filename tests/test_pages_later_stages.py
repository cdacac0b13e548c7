"""The pages of stages that come after a verdict: what only their kinds have to say."""

from typing import Any

from sqlalchemy import Engine

from app.models import Category, StageKind, StageStatus, Verdict
from app.services.storage import BlobStore
from app.settings import Settings
from tests.web_support import seeding

FRAME = {"file": "model.py", "line": 8, "function": "forward", "text": "if x > 0:"}


def page_of(
    kind: StageKind, get: Any, engine: Engine, store: BlobStore, settings: Settings, **values: Any
) -> str:
    """The text of the page of one such stage."""
    with seeding(engine, store, settings) as seed:
        seed.stage(seed.finished(Verdict.EXPORTED), 1, StageStatus.PASSED, kind, **values)
    text: str = get("/runs/1/stages/1")
    return text


def test_the_decomposed_stage_lists_operators_outside_core_aten(
    get: Any, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    outside = [{"name": "mine.<b>double", "count": 1_200}]
    detail = {"operators": 31, "outside": outside}
    text = page_of(StageKind.DECOMPOSED, get, engine, store, settings, detail=detail)
    assert "Operators outside core ATen 1 of 31 kinds of operators." in text
    assert "mine.<b>double 1,200" in text
    assert "decomposition took 250 ms" in text


def test_the_other_mode_is_compared_with_the_script_s_own(
    get: Any, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        run = seed.finished(Verdict.EXPORTED)
        seed.stage(run, 1, StageStatus.PASSED, StageKind.WHOLE)
        seed.stage(run, 2, StageStatus.PASSED, StageKind.STRICT)
    assert "Compare with whole model, as the script exports it" in get("/runs/1/stages/2")


def test_none_outside_is_said_too(
    get: Any, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    detail = {"operators": 5}
    text = page_of(StageKind.ONNX, get, engine, store, settings, detail=detail)
    assert "None: all 5 kinds of operators are in ONNX." in text
    assert "does not count for the verdict" in text


def test_onnx_says_why_an_operator_is_not_translated(
    get: Any, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    outside = [{"name": "aten.geqrf.default", "count": 1, "why": "nothing is registered"}]
    detail = {"operators": 5, "outside": outside}
    text = page_of(StageKind.ONNX, get, engine, store, settings, detail=detail)
    assert "Operators without a translation to ONNX 1 of 5 kinds" in text
    assert "aten.geqrf.default 1 nothing is registered" in text


def test_the_run_page_names_them_in_place_of_an_unknown_cause(
    get: Any, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        run = seed.finished(Verdict.EXPORTED)
        seed.stage(run, 1, StageStatus.PASSED, StageKind.WHOLE)
        reason = "There is no translation of aten.geqrf.default."
        stage = seed.stage(run, 2, StageStatus.FAILED, StageKind.ONNX, name="ONNX", reason=reason)
        seed.failure(run, stage, category=Category.UNKNOWN, file=None, line=None)
    assert f"ONNX {reason} onnx" in get("/runs/1")


def test_a_draft_is_marked_unproven_with_what_it_decided(
    get: Any, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    frame = {**FRAME, "where": "upload"}
    guess = {"kind": "data_dependent_error", "text": "Eq(u0, 1) is taken as True", "frame": frame}
    text = page_of(StageKind.DRAFT, get, engine, store, settings, detail={"guesses": [guess]})
    assert "unproven draft" in text
    assert "Unproven." in text
    assert "data-dependent error Eq(u0, 1) is taken as True model.py:8 if x > 0:" in text


def test_a_saved_program_is_offered_with_its_size_and_a_warning(
    get: Any, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    given: dict[str, Any] = {"file_sha256": "ab" * 32, "file_bytes": 3 * 2**20}
    text = page_of(StageKind.SERIALIZED, get, engine, store, settings, **given)
    assert "Download the .pt2, 3.0 MiB" in text
    assert "load it only where you would run that" in text
    assert "loading took 250 ms" in text


def test_the_run_page_heads_each_of_them_apart(
    get: Any, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    kinds = (StageKind.SERIALIZED, StageKind.STRICT, StageKind.DRAFT, StageKind.ONNX)
    with seeding(engine, store, settings) as seed:
        run = seed.finished(Verdict.EXPORTED)
        seed.stage(run, 1, StageStatus.PASSED, StageKind.WHOLE)
        for n, kind in enumerate(kinds, start=2):
            seed.stage(run, n, StageStatus.PASSED, kind)
    text = get("/runs/1")
    for words in (
        "Saved and loaded in a fresh process",
        "In the other mode",
        "Unproven: draft_export",
        "ONNX",
    ):
        assert words in text, words

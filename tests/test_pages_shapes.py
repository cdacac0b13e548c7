"""The page of a run's dimensions, the run's short word of it, and the same as JSON."""

from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.services.storage import BlobStore
from app.settings import Settings
from tests.web_support import FRAMES, seeding, text_of
from workers.answers.contract import Contract
from workers.rows import to_data

TRIED = {"eager": "ran", "program": "equal", "why": ""}
REFUSED = {"eager": "failed", "program": "refused", "why": "Guard failed: x.size()[2] % 4 == 0"}
GUARD = {
    "kind": "specialisation",
    "expression": "Eq(s1, 8)",
    "meaning": "clip.shape[1] == 8",
    "frame": FRAMES[2],
}
CODE = (
    'from torch.export import Dim\n\nbatch = Dim("batch")\ndynamic_shapes = {"clip": {0: batch}}\n'
)


def dimension(dim: int, **fields: Any) -> dict[str, Any]:
    known = {"name": f"clip.shape[{dim}]", "input": "clip", "dim": dim, "size": 8}
    return known | {"obtained": "static"} | fields


def contract(**fields: Any) -> dict[str, Any]:
    """One as the worker stores it."""
    dimensions = [
        dimension(
            0,
            size=1,
            role="batch",
            obtained="dynamic",
            symbol="batch",
            lower=1,
            grown=True,
            elsewhere=[4],
            tries=[TRIED | {"size": 3}],
        ),
        dimension(
            1,
            requested="DimHint(AUTO)",
            answered="static",
            causes=[GUARD],
            tries=[{"eager": "ran", "program": "refused", "size": 9, "together": True}],
        ),
        dimension(
            2,
            role="time",
            obtained="dynamic",
            lower=8,
            upper=64,
            step=4,
            exceptions=[12],
            tries=[REFUSED | {"size": 9}],
        ),
    ]
    known: dict[str, Any] = {"type": "contract", "how": "export", "dimensions": dimensions}
    known |= {"code": CODE, "form": "named", "own": TRIED, "exports": 3, "seconds": 4.2}
    known["relations"] = [{"meaning": "clip.shape[0] * clip.shape[2] % 4 == 0", "guard": GUARD}]
    known["cases"] = [TRIED | {"sizes": {"clip.shape[0]": 3, "clip.shape[2]": 16}}, TRIED]
    known["cut"] = ["asking for clip.shape[1] alone"]
    return to_data(Contract.model_validate(known | fields))


def seed(engine: Engine, store: BlobStore, settings: Settings, **fields: Any) -> None:
    with seeding(engine, store, settings) as seed:
        seed.partly(contract=contract(**fields))


def test_each_dimension_stands_with_what_it_can_be_and_why(
    get: Any, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    seed(engine, store, settings)
    text = get("/runs/1/shapes")
    for words in (
        "2 of 3 dimensions can be dynamic. 1 is fixed by the code though eager takes other sizes. "
        "1 is silently static: asked to be dynamic, and not.",
        "clip.shape[0] batch 1 4 nothing dynamic from 1 batch",
        "clip.shape[1] 8 DimHint(AUTO) silently static static eager takes other sizes "
        "clip.shape[1] == 8 model.py:8 if x > 0:",
        "9 with those tied to it refused, eager runs",
        "multiples of 4, 8 to 64, but not 12",
        "9 refused, eager fails",
        "clip.shape[0] * clip.shape[2] % 4 == 0",
        "clip.shape[0] = 3 , clip.shape[2] = 16 equal",
        "a further example of the script equal",
        "asking for clip.shape[1] alone",
        "Give an example with 2 or more: clip.shape[0] .",
        "equal to eager at 4 sets of sizes; 2 sizes outside were refused.",
        "3 exports, 4.2 s.",
    ):
        assert words in text, words


def test_the_text_to_paste_is_a_file_of_its_own(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    seed(engine, store, settings)
    assert 'data-copy="/runs/1/shapes.py"' in client.get("/runs/1/shapes").text
    answer = client.get("/runs/1/shapes.py")
    assert answer.text == CODE
    assert answer.headers["content-type"] == "text/x-python; charset=utf-8"


def test_a_program_that_differs_somewhere_is_no_success(
    get: Any, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    differs = {"eager": "ran", "program": "different", "why": "3 of 9 elements differ"}
    seed(engine, store, settings, cases=[differs | {"sizes": {"clip.shape[0]": 1}}])
    text = get("/runs/1/shapes")
    assert "at 1 of 3 sizes the program computes something else than eager" in text
    assert "clip.shape[0] = 1 different , eager runs" in text


def test_a_model_that_does_not_export_says_so(
    get: Any, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    failure = {"category": "data_dependent_branch", "exception": "E", "message": "No.\nMore"}
    rows = [dimension(0, obtained="not_known", tries=[{"size": 9, **TRIED, "program": "not_run"}])]
    fields = {"how": "eager", "code": "", "form": "", "cases": [], "relations": []}
    seed(engine, store, settings, failure=failure, dimensions=rows, **fields)
    text = get("/runs/1/shapes")
    assert "The model does not export, so this tells only which sizes eager takes. No." in text
    assert "not known" in text
    assert "To paste" not in text


def test_the_run_says_it_in_short(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    seed(engine, store, settings)
    html = client.get("/runs/1").text
    assert 'href="/runs/1/shapes"' in html
    assert "2 of 3 dimensions can be dynamic." in text_of(html)
    with seeding(engine, store, settings) as more:
        more.partly()
    assert 'href="/runs/2/shapes"' not in client.get("/runs/2").text


def test_the_api_answers_with_all_of_it(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    seed(engine, store, settings)
    told = client.get("/api/runs/1/shapes").json()
    assert told["code"] == CODE
    assert [one["obtained"] for one in told["dimensions"]] == ["dynamic", "static", "dynamic"]
    assert told["dimensions"][1]["causes"][0]["frame"]["line"] == 8
    with seeding(engine, store, settings) as more:
        more.partly()
    for path in ("/api/runs/2/shapes", "/runs/2/shapes", "/runs/2/shapes.py", "/runs/9/shapes"):
        assert client.get(path).status_code == 404, path


def test_what_a_script_names_is_escaped(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    evil = "<script>alert(1)</script>"
    guard = GUARD | {"meaning": evil, "frame": FRAMES[2] | {"text": evil}}
    rows = [dimension(0, name=evil, requested=evil, causes=[guard], failure=evil)]
    seed(engine, store, settings, dimensions=rows, code=f"# {evil}\ndynamic_shapes = {{}}\n")
    for path in ("/runs/1/shapes", "/runs/1"):
        assert evil not in client.get(path).text

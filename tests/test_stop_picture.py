"""The picture of where a model stops: in order of execution, the module that stops it opened."""

from collections.abc import Sequence
from itertools import pairwise

from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.models import Fate, Verdict
from app.services.failure_views import BlockerView
from app.services.module_tree import grow
from app.services.stop_picture import AROUND, WIDTH, Row, StopPicture, picture_of_stop
from app.services.storage import BlobStore
from app.services.views import ModuleView
from app.settings import Settings
from tests.web_support import CAUSE, EAGER, seeding

EXPORTED, FAILED, NOT_REACHED = Fate.EXPORTED, Fate.FAILED, Fate.NOT_REACHED


def module(path: str, fate: Fate | None = EXPORTED, kind: str = "") -> ModuleView:
    kind = kind or f"Of{path.replace('.', '')}"
    return ModuleView(path=path, class_name=kind, calls=1, parameters=1, fate=fate)


def blocker(path: str | None) -> BlockerView:
    given = CAUSE | {"module": path, "position": 1, "occurrences": [], "births": []}
    rest = {"value": "", "upload_file": None, "upload_line": None, "behind": False, "bypass": ""}
    return BlockerView.model_validate(rest | given)


def picture(modules: Sequence[ModuleView], path: str | None) -> StopPicture:
    stops = {} if path is None else {path: (1,)}
    made = picture_of_stop(grow(modules, stops), stops, "Net", blocker(path))
    assert made is not None
    return made


def titles(made: StopPicture) -> list[str]:
    return [row.title for row in made.rows]


def the_stop(made: StopPicture) -> Row:
    (row,) = [row for row in made.rows if row.here]
    return row


def test_the_module_that_stops_is_opened_and_marked() -> None:
    made = picture(
        [
            module("backbone"),
            module("backbone.conv"),
            module("decode", FAILED),
            module("decode.proj"),
            module("decode.nms", FAILED),
            module("out", NOT_REACHED),
        ],
        "decode.nms",
    )
    assert titles(made) == ["Net", "backbone", "decode", "proj", "nms", "out"]
    stop = the_stop(made)
    assert stop.title == "nms"
    assert stop.stop == "Export stops here: model.py:8"
    assert made.stop is not None
    assert stop.y < made.stop < stop.y + stop.height
    assert [row.title for row in made.rows if row.frame] == ["Net", "decode"]
    assert made.sentence == (
        "Export stops in decode.nms, at model.py:8. Modules: 3 exported, 2 failed, 1 not reached."
    )


def test_rows_are_below_each_other_and_in_their_frames() -> None:
    modules = [module("a"), module("b", FAILED), module("b.c"), module("b.d", FAILED)]
    made = picture(modules, "b.d")
    for row in made.rows:
        assert row.x >= 0
        assert row.x + row.width <= WIDTH
        assert row.y + row.height <= made.height
    plain = [row for row in made.rows if not row.frame]
    for one, other in pairwise(plain):
        assert one.y + one.height < other.y
    frame = next(row for row in made.rows if row.title == "b")
    for row in plain:
        if row.title in ("c", "d"):
            assert frame.y < row.y
            assert row.y + row.height < frame.y + frame.height


def test_a_long_file_name_is_cut_in_the_picture_and_whole_beside_it() -> None:
    failure = blocker("a").model_copy(update={"file": "packages/of/some/long/model.py"})
    made = picture_of_stop(grow([module("a", FAILED)], {}), {}, "Net", failure)
    assert made is not None
    assert the_stop(made).stop == "Export stops here: …s/of/some/long/model.py:8"
    assert "packages/of/some/long/model.py:8" in made.sentence


def test_further_blockers_are_named_at_the_modules_that_they_are_in() -> None:
    modules = [module("a", FAILED), module("b", FAILED), module("b.c", FAILED)]
    stops = {"a": (1,), "b.c": (2, 3)}
    made = picture_of_stop(grow(modules, stops), stops, "Net", blocker("a"))
    assert made is not None
    assert [(row.title, row.stop) for row in made.rows][1:] == [
        ("a", "Export stops here: model.py:8"),
        ("b", "blockers 2, 3"),
    ]


def test_the_code_of_the_model_itself_may_stop_it() -> None:
    made = picture([module("a"), module("b", NOT_REACHED)], "")
    assert the_stop(made).title == "Net"
    assert "the model's own code" in made.sentence


def test_a_failure_in_no_module_is_shown_at_the_first_that_failed() -> None:
    made = picture([module("a"), module("b", FAILED)], None)
    assert the_stop(made).title == "b"


def test_where_no_module_failed_nothing_is_marked() -> None:
    made = picture([module("a"), module("b", None)], None)
    assert made.stop is None
    assert [row.stop for row in made.rows] == ["", "", ""]


def test_modules_far_from_the_stop_are_one_row() -> None:
    modules = [module(f"layer{chr(97 + n)}") for n in range(26)]
    modules[13] = module("layern", FAILED)
    made = picture(modules, "layern")
    assert len(made.rows) == 1 + 2 * AROUND + 1 + 2
    assert made.rows[1].title == "layera … layerj"
    assert made.rows[1].detail == "10 modules: 10 exported"
    assert made.rows[1].fate is EXPORTED


def test_a_model_without_known_modules_has_no_picture() -> None:
    assert picture_of_stop(grow([], {}), {}, "Net", blocker("a")) is None


def test_the_page_of_a_run_has_it_escaped(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    modules = [
        {"path": "a<b>", "class_name": "\u202eN&", "calls": 1, "parameters": 1, "own": 1},
        {"path": "c", "class_name": "C", "calls": 1, "parameters": 1, "own": 1},
    ]
    with seeding(engine, store, settings) as seed:
        run = seed.searched(1, eager=EAGER | {"modules": modules})
        exported = seed.finished(Verdict.EXPORTED)
        failed, passed = run.id, exported.id
    html = client.get(f"/runs/{failed}").text
    assert "Where it stops" in html
    assert "a&lt;b&gt;" in html
    assert "\u202e" not in html
    assert "Where it stops" not in client.get(f"/runs/{passed}").text

"""The history over JSON: filters, times, tags, stars, notes, saved filters."""

from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.errors import StagelightError
from app.models import Category, RunStatus, Script, Verdict
from app.models.columns import utc_now
from app.services.annotations import annotate
from app.services.history_filters import FilterWords, read_time
from app.services.identity import nobody
from app.services.storage import BlobStore
from app.settings import Settings
from tests.web_support import seeding, submit

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.fixture
def team(engine: Engine, store: BlobStore, settings: Settings) -> str:
    """Four runs of two people, one a day; the SHA-256 of the first one's script."""
    day = timedelta(days=1)
    with seeding(engine, store, settings) as seed:
        one = seed.partly("uno", source=b"a = 1", owner="anna", created_at=utc_now() - 9 * day)
        one.category, one.model_class = Category.MUTATION, "HRNet"
        two = seed.finished(
            Verdict.EXPORTED,
            title="two",
            owner="ben",
            filename="b.py",
            runtime="torch-2.14",
            created_at=utc_now() - 3 * day,
        )
        three = seed.run("three", status=RunStatus.CANCELLED, owner="anna", pin=True)
        four = seed.run("four", owner="ben")
        for run, tags in ((one, ["ci"]), (two, ["ci", "v2"]), (three, ["v2"]), (four, [])):
            annotate(seed.session, run, nobody(), tags=tags)
    with seeding(engine, store, settings) as seed:
        script = seed.session.get_one(Script, one.script_id)
        return script.sha256


def titles(client: TestClient, query: str) -> list[str]:
    answer = client.get(f"/api/runs?{query}")
    assert answer.status_code == 200, answer.text
    return [run["title"] for run in answer.json()["runs"]]


FOUND = [
    ("status=cancelled", ["three"]),
    ("verdict=partly", ["uno"]),
    ("person=anna", ["three", "uno"]),
    ("person=anna&status=finished", ["uno"]),
    ("script=b.py", ["two"]),
    ("model=HRNet", ["uno"]),
    ("category=mutation", ["uno"]),
    ("category=timeout", []),
    ("runtime=torch-2.14", ["two"]),
    ("tag=ci", ["two", "uno"]),
    ("tag=ci&tag=v2", ["two"]),
    ("tag=CI&person=ben", ["two"]),
    ("tag=none", []),
    ("pin=1", ["three"]),
    ("pin=1&verdict=partly", []),
    ("since=7d", ["four", "three", "two"]),
    ("until=24h", ["two", "uno"]),
    ("since=7d&until=24h", ["two"]),
    ("since=7d&person=anna", ["three"]),
    ("since=2999-01-01", []),
    ("until=1999-01-01", []),
    ("q=uno&person=anna", ["uno"]),
    ("q=uno&person=ben", []),
    ("q=t&tag=v2", ["three", "two"]),
    ("status=&verdict=&person=&tag=&q=&since=&pin=", ["four", "three", "two", "uno"]),
]


@pytest.mark.usefixtures("team")
def test_each_filter_and_pairs_of_them(client: TestClient) -> None:
    for query, expected in FOUND:
        assert titles(client, query) == expected, query


def test_a_script_is_named_by_its_content_too(client: TestClient, team: str) -> None:
    assert titles(client, f"script={team}") == ["uno"]
    assert titles(client, f"script={team.upper()}") == ["uno"]
    assert titles(client, f"script={'0' * 64}") == []


@pytest.mark.usefixtures("team")
def test_pages_keep_their_filter(client: TestClient) -> None:
    first = client.get("/api/runs?tag=ci&limit=1").json()
    assert [run["title"] for run in first["runs"]] == ["two"]
    second = client.get(f"/api/runs?tag=ci&limit=1&cursor={first['next']}").json()
    assert ([run["title"] for run in second["runs"]], second["next"]) == (["uno"], None)


@pytest.mark.usefixtures("team")
def test_a_head_tells_what_people_and_the_run_say_of_it(client: TestClient) -> None:
    (head,) = client.get("/api/runs?q=uno").json()["runs"]
    told = {name: head[name] for name in ("owner", "tags", "pin", "note", "model_class")}
    assert told == {
        "owner": "anna",
        "tags": ["ci"],
        "pin": False,
        "note": "",
        "model_class": "HRNet",
    }
    assert head["category"] == "mutation"


MEANINGLESS = [
    ("status=asleep", "There is no status 'asleep'."),
    ("verdict=maybe", "There is no verdict"),
    ("category=bad", "There is no category"),
    ("since=yesterday", "'yesterday' is no time."),
    ("since=99999999d", "is no time"),
    ("since=0001-01-01T00:00%2B14:00", "is no time"),
    ("until=9999-12-31", "is no time"),
    ("pin=2", "The filter pin cannot be '2'."),
    ("tag=two%20words", "cannot be a tag"),
    ("&".join(f"tag=t{n}" for n in range(9)), "9 tags are too many."),
    (f"person={'x' * 301}", "301 characters"),
    ("model=%00", "cannot be seen"),
    ("verdit=blocked", "Query verdit: Extra inputs are not permitted."),
    ("cursor=0", "is no page"),
    (f"cursor={2**63}", "is no page"),
    ("cursor=x", "is no page"),
    ("q=::", "Nothing in '::' can be searched for."),
]


def test_a_filter_that_means_nothing_is_named(client: TestClient) -> None:
    for query, says in MEANINGLESS:
        answer = client.get(f"/api/runs?{query}")
        assert answer.status_code == 422, query
        assert says in answer.json()["error"]["message"], query
        assert answer.json()["error"]["hint"], query


@pytest.mark.parametrize(
    ("text", "end", "then"),
    [
        ("7d", False, datetime(2026, 11, 22, 12, tzinfo=UTC)),
        ("90 min", False, datetime(2026, 11, 29, 10, 30, tzinfo=UTC)),
        ("2w", True, datetime(2026, 11, 15, 12, tzinfo=UTC)),
        ("2026-11-01", False, datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-01", True, datetime(2026, 11, 2, tzinfo=UTC)),
        ("20261101", True, datetime(2026, 11, 2, tzinfo=UTC)),
        ("2026-W44-7", True, datetime(2026, 11, 2, tzinfo=UTC)),
        ("2026-11-01T08:30", True, datetime(2026, 11, 1, 8, 30, tzinfo=UTC)),
        ("2026-11-01T08:30+02:00", False, datetime(2026, 11, 1, 6, 30, tzinfo=UTC)),
    ],
)
def test_times_are_days_moments_or_ago(text: str, end: bool, then: datetime) -> None:
    assert read_time(text, NOW, end=end) == then


def test_tags_note_and_star_are_kept_as_they_are_given(client: TestClient) -> None:
    submit(client, tag="First")
    run = client.get("/api/runs/1").json()
    assert (run["tags"], run["pin"], run["note"]) == (["first"], False, "")
    changes = {"tags": ["b", "A", "b", "team/x:1.2-3_4"], "pin": True, "note": " a\r\n\x00b "}
    run = client.patch("/api/runs/1", json=changes).json()
    assert run["tags"] == ["a", "b", "team/x:1.2-3_4"]
    assert (run["pin"], run["note"], run["title"]) == (True, "a\n b", "model.py")
    run = client.patch("/api/runs/1", json={"pin": False}).json()
    assert (run["pin"], run["tags"]) == (False, ["a", "b", "team/x:1.2-3_4"])


REFUSED: list[tuple[dict[str, object], str]] = [
    ({"tags": ["two words"]}, "bad_tag"),
    ({"tags": [""]}, "bad_tag"),
    ({"tags": ["x" * 41]}, "bad_tag"),
    ({"tags": [f"t{n}" for n in range(21)]}, "bad_tag"),
    ({"note": "x" * 4_001}, "bad_note"),
    ({"title": "x" * 201}, "bad_title"),
    ({"stars": 1}, "invalid_request"),
    ({"pin": "perhaps"}, "invalid_request"),
]


def test_what_cannot_be_written_at_a_run_changes_nothing(client: TestClient) -> None:
    submit(client)
    for changes, code in REFUSED:
        answer = client.patch("/api/runs/1", json={"note": "new"} | changes)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, code), changes
        assert client.get("/api/runs/1").json()["note"] == ""


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        (b'{"note": "a\\ud800b"}', "invalid_request"),
        (b'{"tags": ["\\ud800"]}', "bad_tag"),
    ],
)
def test_surrogates_are_no_error_of_the_server(
    changes: bytes, code: str, client: TestClient
) -> None:
    submit(client)
    headers = {"content-type": "application/json"}
    answer = client.patch("/api/runs/1", content=changes, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, code)


def test_an_upload_with_a_bad_tag_leaves_nothing(client: TestClient) -> None:
    answer = submit(client, tag="a b")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "bad_tag")
    assert client.get("/api/runs").json()["runs"] == []


def test_a_changed_script_names_the_run_it_repeats(client: TestClient) -> None:
    submit(client)
    assert submit(client, b"changed = 1", parent="1").status_code == 201
    assert client.get("/api/runs/2").json()["parent"] == 1
    for parent in ("9", "x", "-1", "9" * 30):
        answer = submit(client, parent=parent)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_a_filter_is_saved_listed_and_deleted(client: TestClient) -> None:
    given = {"name": "Nightly: blocked", "query": "verdict=blocked&tag=nightly&before=7&x=1"}
    answer = client.post("/api/filters", json=given)
    assert answer.status_code == 201
    saved = answer.json()
    assert (saved["slug"], saved["url"]) == ("nightly-blocked", "/filters/nightly-blocked")
    assert saved["query"] == "verdict=blocked&tag=nightly"
    assert client.get("/api/filters").json()["filters"] == [saved]
    assert client.post("/api/filters", json=given).json()["error"]["code"] == "filter_exists"
    assert client.delete("/api/filters/nightly-blocked").status_code == 204
    assert client.delete("/api/filters/nightly-blocked").status_code == 404
    assert client.get("/api/filters").json()["filters"] == []


UNNAMEABLE = [
    ("x", "verdict=nope", "bad_filter"),
    ("x", "", "bad_name"),
    ("x", "unknown=1", "bad_name"),
    ("", "verdict=blocked", "bad_name"),
    ("::", "verdict=blocked", "bad_name"),
    ("x" * 81, "verdict=blocked", "bad_name"),
    ("\u0130" * 80, "verdict=blocked", "bad_name"),  # lower case has twice as many characters
    ("x", "&".join("tag=a" for _ in range(70)), "bad_filter"),
]


def test_a_filter_that_cannot_be_saved(client: TestClient) -> None:
    for name, query, code in UNNAMEABLE:
        answer = client.post("/api/filters", json={"name": name, "query": query})
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, code), (name, query)


def test_links_hold_only_what_is_filtered_by() -> None:
    words = FilterWords(verdict="blocked", tag=("a", "", "b"), q="x y")
    assert words.text() == "q=x+y&verdict=blocked&tag=a&tag=b"
    assert words.text(verdict="", tag=("b",)) == "q=x+y&tag=b"
    with pytest.raises(StagelightError):
        FilterWords(status="x").filters()

"""The pages of failures over all runs, and what a run's own pages say of them."""

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.models import Category, Search
from app.services.identity import local_person
from app.services.programs import program_store
from app.services.sightings import record_sightings
from app.services.storage import BlobStore
from app.services.trash import purge
from app.settings import Settings
from tests.failures_support import blocked, exported, failed, name_of
from tests.web_support import SCRIPT, seeding, text_of

PAGE = f"/failures/{name_of()}"
OTHER: dict[str, Any] = {"text": "n = int(x.sum())", "category": Category.TENSOR_TO_PYTHON}


@pytest.fixture
def seen(client: TestClient, engine: Engine, store: BlobStore, settings: Settings) -> TestClient:
    """A client where one failure was seen in two scripts and is gone from one."""
    with seeding(engine, store, settings) as seed:
        run = blocked(seed, {}, OTHER, filename="detector.py", title="detector")
        seed.remedy(run, 1)
        blocked(seed, {"line": 88}, filename="pose.py", runtime="torch-2.12", title="pose")
        exported(seed, filename="detector.py", source=SCRIPT.replace(b"ReLU", b"GELU"))
    return client


def say(client: TestClient, state: str, **fields: str) -> Any:
    return client.post(f"{PAGE}/state", data={"state": state, **fields})


def test_without_runs_there_are_no_failures(get: Any) -> None:
    assert "No run has failed yet." in get("/failures")
    assert "No failure matches this filter." in get("/failures?q=x")
    assert "Failures" in get("/")


def test_the_list_says_what_where_and_how_often(seen: TestClient, get: Any) -> None:
    text = get("/failures")
    for words in (
        "All 2 open 2 back 0 fixed 0 ignored 0",
        "open A Python branch on a tensor's value if x > 0: in Block · Eq(u0, 1) 2 runs 2 scripts",
        "open A tensor's value taken into Python n = int(x.sum())",
    ):
        assert words in text, words
    html = seen.get("/failures?q=sum&category=tensor_to_python").text
    assert "int(x.sum())" in html
    assert "Eq(u0, 1) 2" not in text_of(html)
    assert '<option value="tensor_to_python" selected>' in html
    assert 'href="/failures?state=fixed&amp;category=tensor_to_python&amp;q=sum"' in html


def test_the_form_is_taken_as_it_is_sent(seen: TestClient) -> None:
    answer = seen.get("/failures?state=&q=sum&category=&script=&runtime=")
    assert answer.status_code == 200
    assert "int(x.sum())" in answer.text
    assert seen.get("/api/failures?category=&state=").status_code == 200


def test_a_list_of_many_goes_on(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    causes = [{"text": f"y = {'x' * (n + 1)}"} for n in range(31)]
    with seeding(engine, store, settings) as seed:
        blocked(seed, *causes)
    first = client.get("/failures?state=open").text
    (more,) = re.findall(r'href="(/failures\?state=open&amp;cursor=1\.v1%3A\w+)"', first)
    last = client.get(more.replace("&amp;", "&")).text
    assert (first.count('class="what"'), last.count('class="what"')) == (30, 1)
    assert "Seen before these" not in last


def test_a_failure_tells_all_that_is_known(seen: TestClient, get: Any) -> None:
    text = get(PAGE)
    for words in (
        "Seen in 2 runs of 2 scripts: first in run 1",
        "model.py:88 in Block , as run 2 has it",
        "Eq(u0, 1) In the eager run it was True",
        "detector.py 1 run, last run 1 gone in run 3 ( compare )",
        "Gone in run 3 +1 \u22121 Compare with run 1",
        "model = torch . nn . GELU",
        "works Fix 1: torch.where in place of the branch rewrite, in 1 run, last run 1",
        "Line if x > 0 : if x > 0:",
        "Message does not count here",
        "Line number 88 8",
        "2 pose pose.py torch-2.12 blocker 1",
    ):
        assert words in text, words
    html = seen.get(PAGE).text
    for link in (
        "/docs/categories/data_dependent_branch",
        "/compare?base=1&amp;head=3",
        "/runs/2/blockers/1",
        "/runs/1#remedy-1",
        f"/api{PAGE}",
    ):
        assert f'href="{link}"' in html, link
    assert re.search(r'name="fixed_run"[^>]* value="3"', html), "it is suggested"


def test_occurrences_are_paged_without_scripts(
    client: TestClient, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        for n in range(31):
            blocked(seed, title=f"run-{n:02}")
    html = client.get(PAGE).text
    assert f'href="{PAGE}?before=2#occurrences"' in html
    older = client.get(f"{PAGE}?before=2").text
    assert ("run-00" in html, "run-00" in older) == (False, True)
    assert f'href="{PAGE}#occurrences"' in older
    assert "No run before this one has it." in client.get(f"{PAGE}?before=1").text


def test_saying_that_it_is_fixed(seen: TestClient, get: Any) -> None:
    answer = say(seen, "fixed", fixed_run="3", note="by a mask")
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    text = get(PAGE)
    assert f"Fixed, says {local_person()} ( just now ): in run 3 ." in text
    assert "“by a mask”" in text
    assert "Fixed in run 3 +1 \u22121" in text
    assert "fixed A Python branch" in get("/failures?state=fixed")
    say(seen, "ignored", fixed_run="3")
    assert f"Ignored, says {local_person()}" in get(PAGE)


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"state": "fixed", "fixed_run": "2"}, 409, "Run 2 has this failure itself."),
        ({"state": "fixed", "fixed_run": "77"}, 422, "There is no run 77."),
        ({"state": "fixed", "fixed_run": "nine"}, 422, "is no number"),
        ({"state": "fixed", "fixed_run": "٣"}, 422, "is no number"),
        ({"state": "fixed", "fixed_run": "9" * 19}, 422, "is no number"),
        ({"state": "gone"}, 422, "There is no state 'gone'. Choose one of: open, fixed, ignored."),
        ({"state": "open", "note": "x" * 501}, 422, "it may have 500. Shorten it."),
    ],
)
def test_a_form_with_a_mistake_comes_back_as_it_was(
    fields: dict[str, str], status: int, words: str, seen: TestClient
) -> None:
    answer = say(seen, **fields)
    assert answer.status_code == status
    assert words in text_of(answer.text)
    for entered in fields.values():
        assert f'value="{entered}"' in answer.text or entered == "gone"
    assert seen.get(f"/api{PAGE}").json()["state_by"] == ""


def test_a_regression_is_said_on_every_page_of_it(
    seen: TestClient, get: Any, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    say(seen, "fixed", fixed_run="3")
    with seeding(engine, store, settings) as seed:
        blocked(seed, complete=Search.CAPPED, filename="detector.py")
        blocked(seed)
    assert "It was fixed in run 3 and is back in run 4 , just now ." in get(PAGE)
    assert "is back A Python branch" in get("/failures?back=1")
    known = "Known failure : seen in 4 runs of 3 scripts, first just now ; was fixed in run 3 , "
    for page in ("/runs/4", "/runs/4/blockers/1"):
        assert f"{known}is back here ." in get(page), page
    assert f"{known}is back since run 4 ." in get("/runs/5")
    assert re.search(r'name="fixed_run"[^>]* value=""', seen.get(PAGE).text), "it did not last"


def test_a_run_says_what_others_know_of_its_failures(seen: TestClient, get: Any) -> None:
    text = get("/runs/1")
    assert "Known failure : seen in 2 runs of 2 scripts, first just now ." in text
    assert "New: this failure was seen in no other run." in text
    assert f'href="{PAGE}"' in seen.get("/runs/1").text
    say(seen, "ignored")
    assert f"; ignored ({local_person()})." in get("/runs/2/blockers/1")
    assert "Known failure" not in get("/runs/3")


def test_a_runs_own_failure_is_known_too(
    get: Any, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        for _ in range(2):
            failed(seed, category=Category.SCRIPT_ERROR, message="No module named 'nets'")
    assert "Known failure : seen in 2 runs of 1 script, first" in get("/runs/2")


def test_what_was_first_seen_by_an_older_version_says_so(
    get: Any, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    with seeding(engine, store, settings) as seed:
        run = seed.partly()
        seed.blocker(run, 1, fingerprint="v1:0123456789abcdef")
        record_sightings(seed.session, run)
    assert "first seen by an older version" in get("/failures/v1:0123456789abcdef")


def test_a_deleted_run_is_named_nowhere(
    seen: TestClient, get: Any, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    say(seen, "fixed", fixed_run="3")
    with seeding(engine, store, settings) as seed:
        blocked(seed)
        blocked(seed)
    seen.delete("/api/runs/3")
    seen.delete("/api/runs/4")
    assert "It was fixed and is back in run 5 , just now ." in get(PAGE)
    assert "was fixed, is back here ." in get("/runs/5")
    seen.delete("/api/runs/5")
    told = seen.get(f"/api{PAGE}").json()
    assert (told["state"], told["fixed_run"], told["back"]) == ("open", None, None)
    assert "back 0" in get("/failures")
    assert "No failure matches this filter." in get("/failures?back=1")
    assert "is back" not in get("/runs/2")
    seen.post("/api/runs/3/restore")
    seen.post("/api/runs/4/restore")
    assert "It was fixed in run 3 and is back in run 4 , just now ." in get(PAGE)
    assert "back 1" in get("/failures?back=1")


def test_what_is_back_stays_so_when_the_first_run_of_it_is_purged(
    seen: TestClient, get: Any, engine: Engine, store: BlobStore, settings: Settings
) -> None:
    say(seen, "fixed", fixed_run="3")
    with seeding(engine, store, settings) as seed:
        blocked(seed)
        blocked(seed)
    seen.delete("/api/runs/4")
    assert purge(engine, store, program_store(settings), hours=0) == 1
    assert "It was fixed in run 3 and is back in run 5 , just now ." in get(PAGE)

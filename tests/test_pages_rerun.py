"""Running a script again with changes: its text, another file."""

import re
from html import unescape

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.models import Run
from app.services.storage import BlobStore
from tests.web_support import SCRIPT, rows, submit
from tests.zip_support import make_zip


def shown_text(client: TestClient, run: int = 1) -> str:
    """The script as the form shows it, as a browser would send it back."""
    html = client.get(f"/runs/{run}/rerun").text
    (text,) = re.findall(r'<textarea name="pasted"[^>]*>\n(.*?)</textarea>', html, re.DOTALL)
    return unescape(text).replace("\r\n", "\n").replace("\n", "\r\n")


def rerun(client: TestClient, **fields: object) -> int:
    """Send the form with plain options; the new run's number."""
    data = {"entry": "model.py", "plan": "auto", "pasted": shown_text(client)} | fields
    files = data.pop("files", {"none": b""})
    answer = client.post("/runs/1/rerun", data=data, files=files)  # type: ignore[arg-type]
    assert answer.status_code == 303, answer.text
    return int(answer.headers["location"].rpartition("/")[2])


@pytest.mark.parametrize(
    "source",
    [SCRIPT, b"\n\nfirst = 1\r\nsecond = 2", b"\xef\xbb\xbfa = 1\n", "s = '<ä>&amp;'\n".encode()],
)
def test_the_same_text_is_the_same_script(source: bytes, client: TestClient) -> None:
    submit(client, source)
    number = rerun(client)
    first, second = (client.get(f"/api/runs/{n}").json() for n in (1, number))
    assert second["script"] == first["script"]
    assert second["parent"] == 1


def test_changed_text_is_a_new_script_of_the_same_name(
    client: TestClient, store: BlobStore
) -> None:
    submit(client, b"a = 1\nb = 2\n", title="mine")
    number = rerun(client, pasted="a = 1\r\nb = 3\r\n", strict="true")
    run = client.get(f"/api/runs/{number}").json()
    assert store.get(run["script"]["sha256"]) == b"a = 1\nb = 3\n"
    assert (run["parent"], run["title"], run["script"]["filename"]) == (1, "mine", "model.py")
    changes = client.get(f"/api/runs/{number}/changes").json()
    assert "-b = 2\n+b = 3\n" in changes["diff"]
    assert [one["name"] for one in changes["options"]] == ["strict"]


def test_another_file_takes_its_place(client: TestClient) -> None:
    submit(client)
    number = rerun(client, files={"script": ("better.py", b"b = 1\n")})
    run = client.get(f"/api/runs/{number}").json()
    assert (run["script"]["filename"], run["script"]["entry"]) == ("better.py", "better.py")
    assert run["parent"] == 1
    archive = make_zip({"model.py": "a = 1", "other.py": "b = 1"})
    number = rerun(client, files={"script": ("all.zip", archive)})
    assert client.get(f"/api/runs/{number}").json()["script"]["entry"] == "model.py"


def test_a_file_and_a_changed_text_are_one_too_many(client: TestClient, engine: Engine) -> None:
    submit(client)
    answer = client.post(
        "/runs/1/rerun",
        data={"entry": "model.py", "plan": "auto", "pasted": "changed = 1"},
        files={"script": ("b.py", b"b = 1")},
    )
    assert answer.status_code == 422
    assert "Keep one of them." in answer.text
    assert "changed = 1</textarea>" in answer.text
    assert rows(engine, Run) == 1


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("all.zip", make_zip({"main.py": "a = 1"})),
        ("model.py", b"a = '\x0c\x1b'\n"),
        ("model.py", b"a = 1\n" + b"#" * 200_001),
    ],
)
def test_what_a_form_could_not_give_back_is_not_in_it(
    name: str, source: bytes, client: TestClient
) -> None:
    submit(client, source, name)
    html = client.get("/runs/1/rerun").text
    assert 'name="pasted"' not in html
    assert 'type="file" name="script"' in html
    entry = client.get("/api/runs/1").json()["script"]["entry"]
    answer = client.post("/runs/1/rerun", data={"entry": entry, "plan": "auto"})
    assert answer.status_code == 303
    first, second = (client.get(f"/api/runs/{n}").json()["script"] for n in (1, 2))
    assert first == second


def test_the_form_of_a_run_whose_script_is_gone_says_so(
    client: TestClient, store: BlobStore
) -> None:
    submit(client)
    store.delete(client.get("/api/runs/1").json()["script"]["sha256"])
    answer = client.get("/runs/1/rerun")
    assert answer.status_code == 404
    assert "not in the store" in answer.text

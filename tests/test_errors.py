"""Every error has one shape: JSON for programs, a page for people."""

from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from tests.web_support import SCRIPT


def code_of(answer: Any) -> str:
    """The code of an error, once its shape is what it must be."""
    body = answer.json()
    assert body.keys() == {"error"}
    assert body["error"].keys() == {"code", "message", "hint"}
    assert all(isinstance(text, str) for text in body["error"].values())
    assert body["error"]["message"].endswith(".")
    return str(body["error"]["code"])


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/nothing", 404, "not_found"),
        ("GET", "/api", 404, "not_found"),
        ("GET", "/api/runs/7", 404, "not_found"),
        ("GET", "/api/runs/seven", 404, "not_found"),
        ("PUT", "/api/runs", 405, "method_not_allowed"),
        ("POST", "/healthz", 405, "method_not_allowed"),
        ("GET", "/api/runs?limit=1000", 422, "invalid_request"),
        ("GET", "/api/runs?verdict=fine", 422, "bad_filter"),
        ("POST", "/api/runs", 422, "invalid_request"),
        ("PATCH", "/api/runs/7", 422, "invalid_request"),
        ("DELETE", "/api/runs/7", 404, "not_found"),
        ("POST", "/api/runs/7/cancel", 404, "not_found"),
        ("POST", "/api/runs/7/rerun", 404, "not_found"),
    ],
)
def test_errors_of_the_api_have_one_shape(
    method: str, path: str, status: int, code: str, client: TestClient
) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, code_of(answer)) == (status, code)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/runs/7", 404),
        ("GET", "/runs/seven", 404),
        ("GET", "/runs/7/stages/1", 404),
        ("GET", "/runs/7/rerun", 404),
        ("GET", "/graphs/7", 404),
        ("GET", "/static/nothing.css", 404),
        ("GET", "/static/../pyproject.toml", 404),
        ("GET", "/static/%2e%2e/pyproject.toml", 404),
        ("POST", "/", 405),
        ("GET", "/trends?status=asleep", 422),
        ("POST", "/runs/7/cancel", 404),
        ("POST", "/runs/7/delete", 404),
    ],
)
def test_elsewhere_an_error_is_a_page(
    method: str, path: str, status: int, client: TestClient
) -> None:
    answer = client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert f"<h1>{status}</h1>" in answer.text


def test_broken_json_is_an_invalid_request(client: TestClient) -> None:
    answer = client.patch("/api/runs/1", content="{", headers={"Content-Type": "application/json"})
    assert (answer.status_code, code_of(answer)) == (422, "invalid_request")


def test_a_broken_form_is_a_bad_request(client: TestClient) -> None:
    headers = {"Content-Type": "multipart/form-data"}
    answer = client.post("/api/runs", content=b"nonsense", headers=headers)
    assert (answer.status_code, code_of(answer)) == (400, "bad_request")


def test_a_request_of_another_method_is_told_which_it_may_use(client: TestClient) -> None:
    assert client.put("/api/runs/1").headers["allow"]


@pytest.fixture
def small(tmp_path: Path) -> TestClient:
    """An application that takes very small uploads, without a database."""
    settings = Settings(data=tmp_path, upload_bytes=10_000, script_bytes=5_000)
    return TestClient(create_app(settings), base_url="http://127.0.0.1")


def test_a_body_that_says_it_is_too_large_is_not_taken(small: TestClient) -> None:
    answer = small.post("/api/runs", files={"script": ("a.zip", bytes(2_000_000))})
    assert (answer.status_code, code_of(answer)) == (413, "too_large")
    page = small.post("/runs", files={"script": ("a.zip", bytes(2_000_000))})
    assert (page.status_code, page.headers["content-type"]) == (413, "text/html; charset=utf-8")


def test_a_body_that_does_not_say_its_size_is_cut_off(small: TestClient) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="script"; filename="a.zip"\r\n\r\n'

    def body() -> Any:
        yield head
        for _ in range(40):
            yield bytes(100_000)

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = small.post("/api/runs", content=body(), headers=headers)
    assert (answer.status_code, code_of(answer)) == (413, "too_large")


def test_pasted_text_that_is_too_large_says_so(small: TestClient) -> None:
    answer = small.post("/runs", data={"pasted": "x" * 1_050_000}, files={"none": b""})
    assert answer.status_code == 413
    assert "too large" in answer.text


def test_a_bug_is_answered_without_what_it_knows(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr("app.routes.api_runs.list_runs", fail)
    monkeypatch.setattr("app.routes.home.list_runs", fail)
    client = TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False)
    answer = client.get("/api/runs")
    assert (answer.status_code, code_of(answer)) == (500, "internal")
    page = client.get("/")
    assert page.status_code == 500
    for text in (answer.text, page.text):
        assert "secret" not in text
        assert "Traceback" not in text
    for response in (answer, page):
        assert "default-src 'none'" in response.headers["content-security-policy"]


def test_a_database_without_tables_is_not_ready(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    client = TestClient(create_app(Settings(data=tmp_path / "empty")), base_url="http://127.0.0.1")
    answer = client.get("/readyz")
    assert (answer.status_code, code_of(answer)) == (503, "not_ready")
    assert "stagelight migrate" in answer.json()["error"]["hint"]
    assert client.get("/healthz").status_code == 200


def test_a_database_that_does_not_answer_is_not_ready(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "nowhere")
    client = TestClient(create_app(settings), base_url="http://127.0.0.1")
    answer = client.get("/readyz")
    assert (answer.status_code, code_of(answer)) == (503, "not_ready")


def test_openapi_describes_every_answer_and_every_error(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    paths = document["paths"]
    assert {
        "/api/account/usage",
        "/api/shares", "/api/shares/{share_id}", "/api/reports/{kind}/{what}.{form}",
        "/api/compare", "/api/failures", "/api/failures/{fingerprint}",
        "/api/failures/{fingerprint}/occurrences", "/api/trends", "/api/scripts", "/api/filters",
        "/api/filters/{slug}", "/api/runs/{run_id}/restore", "/api/runs", "/api/runs/{run_id}",
        "/api/runs/{run_id}/stages/{n}",
        "/api/runs/{run_id}/events", "/api/runs/{run_id}/log", "/api/runs/{run_id}/cancel",
        "/api/runs/{run_id}/blockers/{position}", "/api/runs/{run_id}/modules",
        "/api/runs/{run_id}/rerun", "/api/graphs/{graph_id}", "/api/graphs/compare",
        "/api/graphs/{graph_id}/export/{format}", "/api/graphs/{graph_id}/pairs",
        "/api/graphs/{graph_id}/boxes", "/api/graphs/{graph_id}/find",
        "/api/runs/{run_id}/comments", "/api/runs/{run_id}/comments/{comment_id}",
        "/api/account", "/api/account/sessions", "/api/account/sessions/{session_id}",
        "/api/account/tokens", "/api/account/tokens/{token_id}",
        "/api/runs/{run_id}/remedies", "/api/runs/{run_id}/remedies/{position}.patch",
        "/api/runs/{run_id}/remedies/{position}/run", "/api/runs/{run_id}/changes",
        "/api/runs/{run_id}/shapes", "/api/runtimes", "/api/examples",
        "/api/admin/people", "/api/admin/people/{person_id}", "/api/admin/people/{person_id}/usage",
        "/api/admin/people/{person_id}/reset", "/api/admin/people/{person_id}/sessions",
        "/api/admin/people/{person_id}/sessions/{session_id}", "/api/admin/invites",
        "/api/admin/people/{person_id}/tokens", "/api/admin/people/{person_id}/tokens/{token_id}",
        "/api/admin/invites/{invite_id}", "/api/admin/audit", "/api/admin/storage",
        "/api/admin/work",
        "/api/examples/{name}", "/api/workers", "/api/settings", "/healthz", "/readyz", "/metrics",
        "/api/admin/webhooks", "/api/admin/webhooks/{webhook_id}",
        "/api/admin/webhooks/{webhook_id}/secret", "/api/admin/webhooks/{webhook_id}/ping",
        "/api/admin/webhooks/{webhook_id}/deliveries",
        "/api/admin/webhooks/{webhook_id}/deliveries/{delivery_id}/again",
    } == paths.keys()  # fmt: skip
    for path, methods in paths.items():
        for method, operation in methods.items():
            where = f"{method} {path}"
            responses = operation["responses"]
            good = next(answer for status, answer in responses.items() if status[0] == "2")
            assert operation.get("description"), where
            assert good.get("content") or method == "delete", where
            for content in good.get("content", {}).values():
                assert content["schema"], where
            for status in ("4XX", "5XX"):
                schema = responses[status]["content"]["application/json"]["schema"]
                assert schema["$ref"].endswith("/ErrorBody"), where
            assert "422" not in responses, where


def test_uploads_are_still_taken_beside_all_that(client: TestClient) -> None:
    assert client.post("/api/runs", files={"script": ("m.py", SCRIPT)}).status_code == 201

"""Who may write, change and delete comments, where there are accounts."""

import pytest
from fastapi import FastAPI
from sqlalchemy import Engine
from sqlmodel import col, select

from app.db import read_scope
from app.models import Act, Audit, PersonRole
from app.services.storage import BlobStore
from app.settings import Settings
from tests.people_support import add_person, logged_in
from tests.web_support import seeding

pytestmark = pytest.mark.accounts


@pytest.fixture(autouse=True)
def comment(app: FastAPI, engine: Engine, store: BlobStore, settings: Settings) -> None:
    """Run 1, and on it comment 1 by ana."""
    with seeding(engine, store, settings) as seed:
        seed.run()
    for name, role in (
        ("ana", PersonRole.MEMBER),
        ("ben", PersonRole.MEMBER),
        ("vic", PersonRole.VIEWER),
        ("ada", PersonRole.ADMIN),
    ):
        add_person(engine, name, role)
    with logged_in(app, "ana") as client:
        client.post("/api/runs/1/comments", json={"text": "By ana."})


@pytest.mark.parametrize(
    ("name", "write", "edit", "delete"),
    [
        ("ana", 201, 200, 204),
        ("ben", 201, 404, 404),
        ("vic", 404, 404, 404),
        ("ada", 201, 404, 204),
    ],
)
def test_ones_own_are_ones_own_and_an_admin_deletes_any(
    name: str, write: int, edit: int, delete: int, app: FastAPI
) -> None:
    address, text = "/api/runs/1/comments", {"text": "else"}
    with logged_in(app, name) as client:
        page = client.get("/runs/1").text
        assert "By ana." in page
        assert ('action="/runs/1/comments"' in page) is (write == 201)
        assert ('action="/runs/1/comments/1/edit"' in page) is (edit == 200)
        assert ('action="/runs/1/comments/1/delete"' in page) is (delete == 204)
        assert len(client.get(address).json()["comments"]) == 1, "everybody reads them"
        assert client.post(address, json=text).status_code == write
        assert client.patch(f"{address}/1", json=text).status_code == edit
        form = client.post("/runs/1/comments/1/edit", data=text).status_code
        assert form == (303 if edit == 200 else 404)
        if delete == 404:
            assert client.post("/runs/1/comments/1/delete").status_code == 404
        assert client.delete(f"{address}/1").status_code == delete


def test_a_deletion_is_in_the_audit_log(app: FastAPI, engine: Engine) -> None:
    with logged_in(app, "ada") as client:
        client.delete("/api/runs/1/comments/1")
    with read_scope(engine) as session:
        (row,) = session.exec(select(Audit).where(col(Audit.act) == Act.COMMENT_DELETED)).all()
    assert (row.actor, row.act, row.subject) == ("ada", Act.COMMENT_DELETED, "run 1")
    assert row.detail == {"comment": 1, "author": "ana"}

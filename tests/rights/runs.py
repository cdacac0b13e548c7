"""Rows of runs: pages and API."""

from tests.rights.row import OWN, READ, WRITE, Row
from tests.web_support import SCRIPT

DELETED, QUEUED = {"run_id": "3"}, {"run_id": "4"}
TITLE, ABOUT = {"title": "x"}, {"tags": "x", "note": "x"}
FILTER = {"name": "Another", "query": "status=failed"}

ROWS = (
    # Pages.
    Row("GET", "/", READ),
    Row("GET", "/_history", READ),
    Row("GET", "/trends", READ),
    Row("GET", "/_trends", READ),
    Row("GET", "/scripts", READ, query="name=model.py"),
    Row("POST", "/runs", WRITE, 303, script=SCRIPT),
    Row("GET", "/runs/{run_id}", READ),
    Row("GET", "/runs/{run_id}/_run", READ),
    Row("GET", "/runs/{run_id}/_log", READ),
    Row("GET", "/runs/{run_id}/blockers/{position}", READ),
    Row("GET", "/runs/{run_id}/blockers/{position}/_remedies", READ),
    Row("GET", "/runs/{run_id}/blockers/{position}/_repro", READ),
    Row("GET", "/runs/{run_id}/blockers/{position}/repro.py", READ, at={"position": "3"}),
    Row("GET", "/runs/{run_id}/modules", READ),
    Row("GET", "/runs/{run_id}/shapes", READ),
    Row("GET", "/runs/{run_id}/shapes.py", READ),
    Row("GET", "/runs/{run_id}/stages/{n}", READ),
    Row("GET", "/runs/{run_id}/stages/{n}/_stage", READ),
    Row("GET", "/runs/{run_id}/stages/{n}/program.pt2", READ),
    Row("POST", "/runs/{run_id}/title", OWN, 303, form=TITLE),
    Row("POST", "/runs/{run_id}/star", WRITE, 303, form={"pin": "true"}),
    Row("POST", "/runs/{run_id}/about", WRITE, 303, form=ABOUT),
    Row("POST", "/runs/{run_id}/cancel", OWN, 303, at=QUEUED),
    Row("POST", "/runs/{run_id}/delete", OWN, 303),
    Row("POST", "/runs/{run_id}/restore", OWN, 303, at=DELETED),
    Row("GET", "/runs/{run_id}/rerun", WRITE),
    Row("POST", "/runs/{run_id}/rerun", WRITE, 303, form=TITLE),
    Row("POST", "/runs/{run_id}/remedies/{position}/run", WRITE, 303),
    Row("GET", "/filters/{slug}", READ, 303),
    Row("POST", "/filters", WRITE, 303, form=FILTER),
    Row("POST", "/filters/{slug}/delete", OWN, 303),
    # The API.
    Row("GET", "/api/runs", READ),
    Row("POST", "/api/runs", WRITE, 201, script=SCRIPT),
    Row("GET", "/api/runs/{run_id}", READ),
    Row("PATCH", "/api/runs/{run_id}", OWN, json=TITLE),
    Row("PATCH", "/api/runs/{run_id}", WRITE, json={"tags": ["x"], "note": "x", "pin": True}),
    Row("DELETE", "/api/runs/{run_id}", OWN, 204),
    Row("POST", "/api/runs/{run_id}/cancel", OWN, at=QUEUED),
    Row("POST", "/api/runs/{run_id}/restore", OWN, at=DELETED),
    Row("POST", "/api/runs/{run_id}/rerun", WRITE, 201),
    Row("POST", "/api/runs/{run_id}/remedies/{position}/run", WRITE, 201),
    Row("GET", "/api/runs/{run_id}/events", READ),
    Row("GET", "/api/runs/{run_id}/log", READ),
    Row("GET", "/api/runs/{run_id}/modules", READ),
    Row("GET", "/api/runs/{run_id}/shapes", READ),
    Row("GET", "/api/runs/{run_id}/stages/{n}", READ),
    Row("GET", "/api/runs/{run_id}/blockers/{position}", READ),
    Row("GET", "/api/runs/{run_id}/remedies", READ),
    Row("GET", "/api/runs/{run_id}/remedies/{position}.patch", READ),
    Row("GET", "/api/runs/{run_id}/changes", READ, at={"run_id": "2"}),
    Row("GET", "/api/trends", READ),
    Row("GET", "/api/scripts", READ, query="name=model.py"),
    Row("GET", "/api/filters", READ),
    Row("POST", "/api/filters", WRITE, 201, json=FILTER),
    Row("DELETE", "/api/filters/{slug}", OWN, 204),
)

"""Rows of links, of what they open, and of reports as files."""

from tests.rights.row import OWN, PUBLIC, READ, SAFE, WRITE, Row

ROWS = (
    Row("GET", "/share", READ, query="run=1"),
    Row("POST", "/share", WRITE, 201, form={"run": "1", "days": "7"}),
    Row("GET", "/shares", READ),
    Row("POST", "/shares/{share_id}/revoke", OWN, 303),
    Row("GET", "/api/shares", READ),
    Row("POST", "/api/shares", WRITE, 201, json={"run": 1}),
    Row("DELETE", "/api/shares/{share_id}", OWN, 204),
    Row("GET", "/reports/{kind}/{what}.{form}", READ),
    Row("GET", "/api/reports/{kind}/{what}.{form}", READ),
    *(
        row
        for method in SAFE
        for row in (
            Row(method, "/s/{token}", PUBLIC),
            Row(method, "/s/{token}/report.{form}", PUBLIC),
            Row(method, "/s/{token}/repro.py", PUBLIC),
            Row(method, "/s/{rest:path}", PUBLIC, 404),
        )
    ),
)

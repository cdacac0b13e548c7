"""Rows of failures over all runs."""

from tests.rights.row import READ, WRITE, Row

FIXED = {"state": "fixed"}

ROWS = (
    Row("GET", "/failures", READ),
    Row("GET", "/failures/{fingerprint}", READ),
    Row("POST", "/failures/{fingerprint}/state", WRITE, 303, form=FIXED),
    Row("GET", "/api/failures", READ),
    Row("GET", "/api/failures/{fingerprint}", READ),
    Row("GET", "/api/failures/{fingerprint}/occurrences", READ),
    Row("PATCH", "/api/failures/{fingerprint}", WRITE, json=FIXED),
)

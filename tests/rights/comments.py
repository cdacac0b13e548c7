"""Rows of what people say of a run. Comment 1 is olga's."""

from tests.rights.row import OWN, READ, WRITE, Cast, Row

AUTHOR = frozenset({Cast.OWNER})  # an admin deletes what somebody says, and does not change it
RUN = ("run_id",)
PAGE, API = "/runs/{run_id}", "/api/runs/{run_id}/comments"

ROWS = (
    Row("GET", f"{PAGE}/_comments", READ),
    Row("POST", f"{PAGE}/comments", WRITE, 303, form={"text": "The decode."}),
    Row(
        "POST",
        f"{PAGE}/comments/{{comment_id}}/edit",
        AUTHOR,
        303,
        form={"text": "The head."},
        seen=RUN,
    ),
    Row("POST", f"{PAGE}/comments/{{comment_id}}/delete", OWN, 303, seen=RUN),
    Row("GET", API, READ),
    Row("POST", API, WRITE, 201, json={"text": "The decode."}),
    Row("PATCH", f"{API}/{{comment_id}}", AUTHOR, json={"text": "The head."}, seen=RUN),
    Row("DELETE", f"{API}/{{comment_id}}", OWN, 204, seen=RUN),
)

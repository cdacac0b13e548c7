"""Rows of what admins look after. Person 2 is olga, 5 is disabled; token 1 is olga's."""

from tests.rights.row import ADMIN, Row

PERSON, API = "/admin/people/{person_id}", "/api/admin/people/{person_id}"
GONE = {"person_id": "5"}  # dora, who is disabled

ROWS = (
    *(Row("GET", path, ADMIN) for path in ("/admin", "/admin/invites", "/admin/workers")),
    *(Row("GET", path, ADMIN) for path in ("/admin/storage", "/admin/audit", "/admin/settings")),
    Row("GET", PERSON, ADMIN),
    Row("POST", f"{PERSON}/role", ADMIN, 303, form={"role": "viewer"}),
    Row("POST", f"{PERSON}/disable", ADMIN, 303),
    Row("POST", f"{PERSON}/enable", ADMIN, 303, at=GONE),
    Row("POST", f"{PERSON}/quota", ADMIN, 303, form={"runs": "5"}),
    Row("POST", f"{PERSON}/reset", ADMIN, 201),
    Row("POST", f"{PERSON}/sessions/revoke", ADMIN, 303),
    Row("POST", f"{PERSON}/sessions/{{session_id}}/revoke", ADMIN, 303),
    Row("POST", f"{PERSON}/tokens/{{token_id}}/revoke", ADMIN, 303),
    Row("POST", "/admin/invites", ADMIN, 201, form={"role": "viewer", "days": "7"}),
    Row("POST", "/admin/invites/{invite_id}/revoke", ADMIN, 303),
    Row("GET", "/api/admin/people", ADMIN),
    Row("GET", API, ADMIN),
    Row("PATCH", API, ADMIN, json={"role": "viewer"}),
    Row("GET", f"{API}/usage", ADMIN),
    Row("POST", f"{API}/reset", ADMIN, 201),
    Row("GET", f"{API}/sessions", ADMIN),
    Row("DELETE", f"{API}/sessions", ADMIN, 204),
    Row("DELETE", f"{API}/sessions/{{session_id}}", ADMIN, 204),
    Row("GET", f"{API}/tokens", ADMIN),
    Row("DELETE", f"{API}/tokens/{{token_id}}", ADMIN, 204),
    Row("GET", "/api/admin/invites", ADMIN),
    Row("POST", "/api/admin/invites", ADMIN, 201, json={"role": "viewer"}),
    Row("DELETE", "/api/admin/invites/{invite_id}", ADMIN, 204),
    Row("GET", "/api/admin/audit", ADMIN),
    Row("GET", "/api/admin/storage", ADMIN),
    Row("GET", "/api/admin/work", ADMIN),
)

"""Rows of one's own account. Token 1 and session 6 are olga's; everybody has a second session."""

from tests.rights.entry import PASSWORD
from tests.rights.row import ACCOUNT, Cast, Row

HERS = frozenset({Cast.OWNER})  # nobody else's, an admin's neither
SESSION = {"session_id": "6"}
NEW = "nine dark lamps in a heap"
CHANGE = {"old": PASSWORD, "new": NEW, "again": NEW}

ROWS = (
    Row("GET", "/account", ACCOUNT),
    Row("POST", "/account/sessions/revoke", ACCOUNT, 303),
    Row("POST", "/account/sessions/{session_id}/revoke", HERS, 303, at=SESSION),
    Row("POST", "/account/password", ACCOUNT, 303, form=CHANGE),
    Row("POST", "/account/tokens", ACCOUNT, 201, form={"name": "ci", "scope": "read", "days": "9"}),
    Row("POST", "/account/tokens/{token_id}/revoke", HERS, 303),
    Row("GET", "/api/account", ACCOUNT),
    Row("GET", "/api/account/usage", ACCOUNT),
    Row("GET", "/api/account/sessions", ACCOUNT),
    Row("DELETE", "/api/account/sessions", ACCOUNT, 204),
    Row("DELETE", "/api/account/sessions/{session_id}", HERS, 204, at=SESSION),
    Row("GET", "/api/account/tokens", ACCOUNT),
    Row("POST", "/api/account/tokens", ACCOUNT, 201, json={"name": "ci"}),
    Row("DELETE", "/api/account/tokens/{token_id}", HERS, 204),
)

"""Rows of webhooks. Webhook 1 has had delivery 1; webhook 2 is paused."""

from tests.rights.row import ADMIN, Row

PAGE, API = "/admin/webhooks", "/api/admin/webhooks"
ONE, API_ONE = f"{PAGE}/{{webhook_id}}", f"{API}/{{webhook_id}}"
AGAIN = "deliveries/{delivery_id}/again"
PAUSED = {"webhook_id": "2"}
URL = "https://93.184.216.34/hook"

ROWS = (
    Row("GET", PAGE, ADMIN),
    Row("POST", PAGE, ADMIN, 201, form={"url": URL, "event": "run.finished"}),
    Row("GET", ONE, ADMIN),
    Row("POST", f"{ONE}/pause", ADMIN, 303),
    Row("POST", f"{ONE}/resume", ADMIN, 303, at=PAUSED),
    Row("POST", f"{ONE}/secret", ADMIN),
    Row("POST", f"{ONE}/delete", ADMIN, 303),
    Row("POST", f"{ONE}/ping", ADMIN, 303),
    Row("POST", f"{ONE}/{AGAIN}", ADMIN, 303),
    Row("GET", API, ADMIN),
    Row("POST", API, ADMIN, 201, json={"url": URL}),
    Row("GET", API_ONE, ADMIN),
    Row("PATCH", API_ONE, ADMIN, json={"active": False}),
    Row("DELETE", API_ONE, ADMIN, 204),
    Row("POST", f"{API_ONE}/secret", ADMIN),
    Row("POST", f"{API_ONE}/ping", ADMIN, 202),
    Row("GET", f"{API_ONE}/deliveries", ADMIN),
    Row("POST", f"{API_ONE}/{AGAIN}", ADMIN, 202),
)

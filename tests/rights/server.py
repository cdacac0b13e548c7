"""Rows of what belongs to no noun: the server, its files and its documentation."""

from tests.rights.row import ADMIN, PUBLIC, READ, Row

ROWS = (
    Row("GET", "/settings", READ),
    Row("GET", "/docs", READ),
    Row("GET", "/docs/categories", READ, 308),
    Row("GET", "/docs/{name}", READ, at={"name": "settings"}),
    Row("GET", "/docs/categories/{name}", READ, at={"name": "mutation"}),
    Row("GET", "/docs/pictures/{name}", READ, at={"name": "compare.png"}),
    Row("GET", "/api/runtimes", READ),
    Row("GET", "/api/examples", READ),
    Row("GET", "/api/examples/{name}", READ, at={"name": "pose_hrnet_broken"}),
    Row("GET", "/api/workers", READ),
    Row("GET", "/api/settings", ADMIN),
    Row("GET", "/metrics", READ),
    Row("GET", "/openapi.json", READ),
    Row("HEAD", "/openapi.json", READ),
    Row("GET", "/healthz", PUBLIC),
    Row("GET", "/readyz", PUBLIC),
    Row("GET", "/robots.txt", PUBLIC),
    Row("GET", "/static/{path}", PUBLIC, at={"path": "css/base.css"}),
    Row("HEAD", "/static/{path}", PUBLIC, at={"path": "css/base.css"}),
)

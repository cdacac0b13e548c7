"""Rows of the ways in: login, invites, single sign-on. There is no provider."""

from tests.rights.row import ACCOUNT, LOGIN_PAGE, PUBLIC, READ, Row

INVITE_TOKEN = "an-invite-" + "x" * 22  # of invite 1
PASSWORD = "eight bright lamps in a row"

INVITE = {"token": INVITE_TOKEN}
CHOSEN = {"name": "Nina", "password": PASSWORD, "again": PASSWORD}

ROWS = (
    Row("GET", "/login", PUBLIC, but=dict.fromkeys(READ, 303)),
    Row("POST", "/login", PUBLIC, 303, form={"name": "olga", "password": PASSWORD}),
    Row("POST", "/logout", ACCOUNT, but=dict.fromkeys(PUBLIC, LOGIN_PAGE)),
    Row("POST", "/login/oidc", PUBLIC, 404),
    Row("GET", "/login/oidc/callback", PUBLIC, 404),
    Row("GET", "/invite/{token:path}", PUBLIC, at=INVITE),
    Row("POST", "/invite/{token:path}", PUBLIC, 303, at=INVITE, form=CHOSEN),
)

"""Who may do what: a row for each route, and a team to try each row with.

A new route needs a row in the module of its noun; a new module is named in ROWS.
"""

from tests.rights import (
    account,
    admin,
    comments,
    entry,
    failures,
    graphs,
    runs,
    server,
    shares,
    webhooks,
)
from tests.rights.row import Row

ROWS: tuple[Row, ...] = (
    *runs.ROWS,
    *graphs.ROWS,
    *failures.ROWS,
    *shares.ROWS,
    *server.ROWS,
    *comments.ROWS,
    *entry.ROWS,
    *account.ROWS,
    *admin.ROWS,
    *webhooks.ROWS,
)

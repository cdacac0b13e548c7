"""Which right a request needs, by its method and path alone: what is not named here needs a login.

Pure: the gate asks before anything of a request is read. Whether an object is the asker's own is
for app/access.py.
"""

from app.services.asker import Right
from app.services.invites import INVITE
from app.share_pages import SHARED

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LOGIN = "/login"
LOGOUT = "/logout"

# What anybody may ask for. A path that ends with a slash stands for all below it.
_PUBLIC = (
    *(LOGIN, f"{LOGIN}/", INVITE, SHARED, "/static/"),
    *("/healthz", "/readyz", "/robots.txt"),
)
_ACCOUNT = ("/account", "/account/", "/api/account", "/api/account/", LOGOUT)
_ADMIN = ("/admin", "/admin/", "/api/admin", "/api/admin/", "/api/settings")


def right_of(method: str, path: str) -> Right:
    """What is needed to ask for this."""
    for right, paths in (
        (Right.PUBLIC, _PUBLIC),
        (Right.ACCOUNT, _ACCOUNT),
        (Right.ADMIN, _ADMIN),
    ):
        if any(path == one or (one.endswith("/") and path.startswith(one)) for one in paths):
            return right
    return Right.READ if method in SAFE_METHODS else Right.WRITE

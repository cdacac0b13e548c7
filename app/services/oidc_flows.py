"""Logins with OpenID Connect that are under way: kept until the browser is back, once."""

from datetime import timedelta

from sqlalchemy import delete
from sqlmodel import Session, col

from app.models import OidcFlow
from app.models.columns import utc_now
from app.services.oidc import OidcError, Start
from app.services.tokens import hash_of, new_token

FLOW_SECONDS = 600  # that somebody may take to log in at the provider


class FlowGoneError(OidcError):
    """There is no such login under way: not in this browser, not any more, or it was used."""

    code = "oidc_gone"
    status = 400

    def __init__(self) -> None:
        super().__init__(
            "This login was not begun in this browser, or too long ago.", "Begin again."
        )


def begin_flow(session: Session, start: Start, goal: str, invite_id: int | None) -> str:
    """Remember a login that begins; returns the token for the browser's cookie."""
    token, now = new_token(), utc_now()
    session.execute(delete(OidcFlow).where(col(OidcFlow.expires_at) <= now))
    session.add(
        OidcFlow(
            cookie_sha256=hash_of(token),
            state_sha256=hash_of(start.state),
            nonce=start.nonce,
            code_verifier=start.code_verifier,
            next=goal,
            invite_id=invite_id,
            created_at=now,
            expires_at=now + timedelta(seconds=FLOW_SECONDS),
        )
    )
    return token


def take_flow(session: Session, cookie: str, state: str) -> OidcFlow:
    """The login that this browser began and this answer belongs to; it is gone with that.

    Both are compared as hashes, so that nothing which a stranger can time depends on how much of
    one is right. Of two that bring the same, the database gives it to one.
    """
    taken = (
        delete(OidcFlow)
        .where(
            col(OidcFlow.cookie_sha256) == hash_of(cookie),
            col(OidcFlow.state_sha256) == hash_of(state),
            col(OidcFlow.expires_at) > utc_now(),
        )
        .returning(OidcFlow)
    )
    flow = session.scalar(taken)
    if flow is None:
        raise FlowGoneError
    return flow

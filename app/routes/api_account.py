"""One's own account as JSON. It takes a login: a token makes no tokens."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from app.db import read_scope, session_scope
from app.models import Scope
from app.routes.once import told_once
from app.services.accounts import AccountView, account_of
from app.services.api_tokens import (
    DAYS,
    TokenList,
    TokenView,
    list_tokens,
    make_token,
    revoke_token,
)
from app.services.sessions import SessionList, end_other_sessions, end_session, list_sessions
from app.web import Here, Id, Who

router = APIRouter(prefix="/api/account", tags=["account"])


class TokenRequest(BaseModel):
    """What a new token is for, how it is called and how many days it holds."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(max_length=1_000)]
    scope: Scope = Scope.READ
    days: Annotated[int, Field(strict=True)] = DAYS


class TokenMade(TokenView):
    """A new token, with what a program shows, which is told this once."""

    token: str


@router.get("")
def show(web: Here, asker: Who) -> AccountView:
    """Who is logged in."""
    with read_scope(web.engine) as session:
        return account_of(session, asker)


@router.get("/sessions")
def sessions(web: Here, asker: Who) -> SessionList:
    """Where one is logged in, newest first."""
    with read_scope(web.engine) as session:
        return SessionList(sessions=list_sessions(session, asker))


@router.delete("/sessions", status_code=204)
def end_others(web: Here, asker: Who) -> Response:
    """End all of one's sessions but this one."""
    with session_scope(web.engine) as session:
        end_other_sessions(session, asker)
    return Response(status_code=204)


@router.delete("/sessions/{session_id}", status_code=204)
def end(web: Here, asker: Who, session_id: Id) -> Response:
    """End one of one's sessions; this one too."""
    with session_scope(web.engine) as session:
        end_session(session, asker, session_id)
    return Response(status_code=204)


@router.get("/tokens")
def tokens(web: Here, asker: Who) -> TokenList:
    """One's API tokens, newest first."""
    with read_scope(web.engine) as session:
        return TokenList(tokens=list_tokens(session, asker))


@router.post("/tokens", status_code=201)
def make(web: Here, asker: Who, response: Response, wanted: TokenRequest) -> TokenMade:
    """Make an API token. What a program shows is in this answer, and nowhere else."""
    with session_scope(web.engine) as session:
        token, text = make_token(session, asker, wanted.name, wanted.scope, wanted.days)
    told_once(response)
    return TokenMade(**token.model_dump(), expired=False, token=text)


@router.delete("/tokens/{token_id}", status_code=204)
def revoke(web: Here, asker: Who, token_id: Id) -> Response:
    """End one of one's API tokens now."""
    with session_scope(web.engine) as session:
        revoke_token(session, asker, token_id)
    return Response(status_code=204)

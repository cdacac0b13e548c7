"""Tokens of links, logins and programs: made once, and kept only as what they hash to."""

import hashlib
import re
import secrets

TOKEN_BYTES = 24  # 192 bits of chance

_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")  # what that many bytes are in base64


def new_token() -> str:
    """A token that nobody can guess."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def is_token(text: str) -> bool:
    """Whether it can be one at all."""
    return _TOKEN.fullmatch(text) is not None


def hash_of(token: str) -> str:
    """What is kept of a token.

    A plain hash does: there is nothing to guess in 192 bits. A row is found by it, so nothing that
    a stranger can time depends on how much of a token is right.
    """
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()

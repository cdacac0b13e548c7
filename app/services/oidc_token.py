"""What an ID token must be before a word of it is believed. Pure."""

from dataclasses import dataclass
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from app.text import one_line

# Signatures by a key that the provider alone has. Never `none`, nor HS256, whose key is the
# client's secret, or for a verifier that is fooled the public key. Ed25519 is EdDSA's newer name.
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")
LEEWAY_SECONDS = 60  # that the provider's clock may be wrong
SUBJECT_CHARACTERS = 255  # as many as the standard allows

# What somebody is called, the shortest first.
_NAMES = ("preferred_username", "nickname", "name")


class NotHeldError(Exception):
    """What was sent is not what was asked for, or not from whom. Says why, for the log."""


class UnknownKeyError(NotHeldError):
    """It is signed with a key that is not among those at hand."""


@dataclass(frozen=True)
class Expected:
    """What a token must repeat, and what it must have been sent with."""

    issuer: str
    client_id: str
    nonce: str
    access_token: str


def check_id_token(token: str, keys: KeySet, expected: Expected) -> dict[str, Any]:
    """The claims of a token that holds; NotHeldError says why one does not."""
    registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
    try:
        signed = jwt.decode(token, keys, registry=registry)
        claims = CodeIDToken(
            signed.claims,
            signed.header,
            {
                "iss": {"essential": True, "value": expected.issuer},
                "aud": {"essential": True, "value": expected.client_id},
                "sub": {"essential": True},
            },
            {
                "nonce": expected.nonce,
                "client_id": expected.client_id,
                "access_token": expected.access_token,
            },
        )
        claims.validate(leeway=LEEWAY_SECONDS)
    except InvalidKeyIdError as error:
        raise UnknownKeyError(str(error)) from error
    except (JoseError, ValueError, TypeError) as error:  # not all that is malformed is a JoseError
        raise NotHeldError(f"{type(error).__name__}: {error}") from error
    if len(claims["sub"]) > SUBJECT_CHARACTERS:
        raise NotHeldError("the subject is too long")
    return dict(claims)


def name_in(claims: dict[str, Any]) -> str:
    """What somebody is called by these claims; empty if they do not say."""
    told = (claims.get(key) for key in _NAMES)
    return next((name for one in told if isinstance(one, str) and (name := one_line(one))), "")

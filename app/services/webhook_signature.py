"""What shows that a request is ours: secrets and signatures as Standard Webhooks has them.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hashlib
import hmac
import secrets

from app.version import installed_version

SECRET_BYTES = 32

_PREFIX = "whsec_"


def new_secret() -> str:
    """A secret that nobody can guess."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signature_of(secret: str, event_id: str, timestamp: int, body: bytes) -> str:
    """The header webhook-signature."""
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    signed = f"{event_id}.{timestamp}.".encode() + body
    return f"v1,{base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()}"


def headers_of(event_id: str, timestamp: int, signature: str) -> dict[str, str]:
    """What is sent with the body, but for Host and the length."""
    return {
        "Content-Type": "application/json",
        "User-Agent": f"Stagelight/{installed_version()}",
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature,
    }

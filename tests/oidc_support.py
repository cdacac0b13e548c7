"""An OpenID Connect provider that says whatever a test has it say: what a good one never would."""

import base64
import hashlib
import hmac
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from fastapi.testclient import TestClient
from httpx2 import Response
from joserfc import jwt
from joserfc.jwk import ECKey, Key, KeySet
from joserfc.jws import JWSRegistry
from pydantic import SecretStr

from app.services.oidc import Identity, Provider, Return

CLIENT_ID = "stagelight"
SECRET = "as good as any other"  # of the client
CALLBACK = "/login/oidc/callback"
REDIRECT_URI = f"http://127.0.0.1{CALLBACK}"
DISCOVERY = "/.well-known/openid-configuration"


def new_key(kid: str = "one") -> Key:
    return ECKey.generate_key("P-256", {"kid": kid, "use": "sig"})


@dataclass
class Forger:
    """The provider. `answers`: what it says at a path, instead of what it should."""

    issuer: str
    key: Key = field(default_factory=new_key)
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    drip: float = 0  # seconds that it waits before each byte
    wait: threading.Event = field(default_factory=threading.Event)  # unset: it does not answer
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)  # paths and forms
    headers: list[dict[str, str]] = field(default_factory=list)
    claims: dict[str, Any] = field(default_factory=dict)  # of the next ID token, beside the usual
    header: dict[str, Any] = field(default_factory=lambda: {"alg": "ES256", "kid": "one"})
    nonce: str = ""

    def id_token(self) -> str:
        """What a code is exchanged for."""
        registry = JWSRegistry(algorithms=[self.header["alg"]], strict_check_header=False)
        return jwt.encode(self.header, self.said(), self.key, registry=registry)

    def said(self) -> dict[str, Any]:
        """The claims; None is one that is left out."""
        now = int(time.time())
        usual = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": "248289761001",
            "iat": now,
            "exp": now + 300,
            "nonce": self.nonce,
            "preferred_username": "ana",
        }
        return {key: one for key, one in (usual | self.claims).items() if one is not None}

    def answer(self, path: str) -> tuple[int, Any]:
        """What it says at a path: a status and JSON, or bytes."""
        if path in self.answers:
            return self.answers[path]
        match path:
            case _ if path == DISCOVERY:
                return 200, self.discovery()
            case "/keys":
                return 200, KeySet([self.key]).as_dict()
            case "/token":
                return 200, self.tokens(self.id_token())
            case "/userinfo":
                return 200, {"sub": self.said()["sub"], "name": "Ana of userinfo"}
        return 404, {}

    def discovery(self, **changed: Any) -> dict[str, Any]:
        """What it says of itself."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize?tenant=a",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
        } | changed

    def tokens(self, id_token: object) -> dict[str, Any]:
        """Its answer to a code."""
        return {"access_token": "opaque", "token_type": "Bearer", "id_token": id_token}

    def settings(self, name: str = "Forger") -> dict[str, Any]:
        """What makes Stagelight ask it."""
        return {
            "accounts": True,
            "oidc_issuer": self.issuer,
            "oidc_client_id": CLIENT_ID,
            "oidc_client_secret": SecretStr(SECRET),
            "oidc_name": name,
        }

    def paths(self) -> list[str]:
        """What it was asked, in order."""
        return [path for path, _ in self.asked]


@contextmanager
def forging() -> Iterator[Forger]:
    """One that listens on the loopback."""
    forger = Forger("")
    forger.wait.set()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            forger.headers.append(dict(self.headers))
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            forger.asked.append((self.path, dict(parse_qsl(body.decode()))))
            forger.wait.wait(10)
            status, said = forger.answer(self.path)
            data = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            step = 1 if forger.drip else len(data)
            for start in range(0, len(data), step or 1):
                time.sleep(forger.drip)
                self.wfile.write(data[start : start + step])

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        forger.issuer = f"http://127.0.0.1:{server.server_address[1]}"
        yield forger
        server.shutdown()
        thread.join()


def begin(client: TestClient, **form: str) -> dict[str, str]:
    """Begin a login; what the browser is to bring to the provider."""
    answer = client.post("/login/oidc", data=form)
    assert answer.status_code == 200, answer.text
    url = urlsplit(re.fullmatch(r"0; url=(.+)", answer.headers["refresh"])[1])  # type: ignore[index]
    return {key: one for key, (one,) in parse_qs(url.query).items()}


def come_back(client: TestClient, asked: dict[str, str], **brought: str) -> Response:
    """Bring back a code, as the provider would have the browser do."""
    return client.get(CALLBACK, params={"code": "c0de", "state": asked["state"]} | brought)


def dance(client: TestClient, forger: Forger, **form: str) -> Response:
    """All of a login."""
    asked = begin(client, **form)
    forger.nonce = asked["nonce"]
    return come_back(client, asked)


def ask(provider: Provider, forger: Forger, **brought: str) -> Identity:
    """All of what Stagelight and the provider say to each other at a login."""
    start = provider.start(REDIRECT_URI)
    forger.nonce = start.nonce
    back = Return(
        REDIRECT_URI,
        code=brought.get("code", "c0de"),
        error=brought.get("error", ""),
        issuer=brought.get("iss", ""),
        nonce=start.nonce,
        code_verifier=start.code_verifier,
    )
    return provider.finish(back)


def part(data: Any) -> str:
    """A part of a token."""
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def hand_made(header: dict[str, Any], claims: dict[str, Any], secret: bytes = b"") -> str:
    """A token that no library would make: unsigned, or with whatever as a secret."""
    text = f"{part(header)}.{part(claims)}"
    if not secret:
        return f"{text}."
    return f"{text}.{part(hmac.digest(secret, text.encode(), hashlib.sha256))}"

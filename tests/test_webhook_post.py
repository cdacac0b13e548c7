"""A letter is sent: signed, to the address that was checked, once, and not for ever."""

import base64
import datetime
import hashlib
import hmac
import json
import re
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.services.deliveries import Letter
from app.services.webhook_events import FailureNews, RunNews
from app.services.webhook_signature import new_secret, signature_of
from tests.test_docs import PYTHON_BLOCK, page, section
from tests.test_docs import rows as doc_rows
from tests.webhook_support import LOOPBACK, SECRET, Receiver, Said, post, receiving, say

PAYLOAD = {"type": "ping", "id": "e1", "data": {"run": {"id": 7, "url": "/runs/7", "title": "ü"}}}
TRICKLE: Said = tuple((0.05, b"%c" % c) for c in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200)


def letter(url: str) -> Letter:
    return Letter(1, 1, 1, url, SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", PAYLOAD)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def test_a_signature_is_that_of_standard_webhooks() -> None:
    """The example of the specification's own libraries."""
    signature = signature_of(
        SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_is_one_of_standard_webhooks_and_new_each_time() -> None:
    secret = new_secret()
    assert len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32
    assert secret != new_secret()


def test_what_is_sent_can_be_verified_by_whoever_has_the_secret(receiver: Receiver) -> None:
    answer = post().send(letter(receiver.url))
    assert (answer.good, answer.status, answer.text, answer.problem) == (True, 200, "thanks", "")
    (got,) = receiver.got
    assert got.path == "/hook?team=a"
    assert got.headers["Host"] == f"127.0.0.1:{receiver.port}"
    assert got.headers["Content-Type"] == "application/json"
    run = json.loads(got.body)["data"]["run"]
    assert run == {"id": 7, "url": "https://lab.example/runs/7", "title": "ü"}
    signed = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode() + got.body
    mac = hmac.digest(base64.b64decode(SECRET.removeprefix("whsec_")), signed, hashlib.sha256)
    assert got.headers["webhook-signature"] == f"v1,{base64.b64encode(mac).decode()}"
    assert answer.signature == got.headers["webhook-signature"]
    assert int(answer.sent_at.timestamp()) == int(got.headers["webhook-timestamp"])


def test_the_lines_of_the_documentation_verify_it(receiver: Receiver) -> None:
    (lines,) = PYTHON_BLOCK.findall(page("webhooks.md"))
    there: dict[str, Any] = {}
    exec(lines, there)
    verify = there["verify"]
    post().send(letter(receiver.url))
    (got,) = receiver.got
    assert verify(SECRET, got.headers, got.body)
    assert not verify(SECRET, got.headers, got.body + b" ")
    assert not verify(new_secret(), got.headers, got.body)
    assert not verify(SECRET, got.headers | {"webhook-id": "other"}, got.body)
    assert not verify(SECRET, got.headers | {"webhook-timestamp": "1614265330"}, got.body)


@pytest.mark.parametrize(
    ("first", "last", "view"),
    [("### The run", "### The failure", RunNews), ("### The failure", "## Is it", FailureNews)],
)
def test_every_key_of_a_payload_is_documented_and_nothing_else(
    first: str, last: str, view: type[RunNews | FailureNews]
) -> None:
    table = section(page("webhooks.md"), first, last)
    cells = (row[0] for row in doc_rows(table))
    documented = [word for cell in cells for word in re.findall(r"`(\w+)`", cell)]
    assert sorted(documented) == sorted(view.model_fields)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_failure_and_is_not_followed(status: int, receiver: Receiver) -> None:
    receiver.answers = [say(status, b"", b"Location: %b" % receiver.url.encode()), say(200)]
    answer = post().send(letter(receiver.url))
    assert (answer.good, answer.status) == (False, status)
    assert "redirects are not followed" in answer.problem
    assert len(receiver.got) == 1


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([say(200, after=2)], "There was no answer within 0.3 s."),
        ([TRICKLE], "There was no answer within 0.3 s."),
        ([()], "What it answered is no HTTP: Server disconnected"),
        ([((0, b"SSH-2.0-OpenSSH\r\n\r\n"),)], "What it answered is no HTTP"),
    ],
)
def test_no_answer_is_a_failure_in_time(answers: list[Said], said: str, receiver: Receiver) -> None:
    receiver.answers = answers
    answer = post(seconds=0.3).send(letter(receiver.url))
    assert (answer.good, answer.status) == (False, None)
    assert answer.problem.startswith(said)


def test_of_an_answer_the_beginning_is_kept(receiver: Receiver) -> None:
    receiver.answers = [say(200, b"<b>\0\xff" + b"x" * 5_000_000, b"Content-Length: 9000000")]
    answer = post().send(letter(receiver.url))
    assert answer.good
    assert answer.text == "<b>\ufffd" + "x" * (1_024 - 5)


def test_an_answer_that_never_ends_has_arrived(receiver: Receiver) -> None:
    head = say(200, b"begun", b"Content-Length: 99")
    receiver.answers = [(*head, *((0.05, b".") for _ in range(60)))]
    answer = post(seconds=0.5).send(letter(receiver.url))
    assert (answer.good, answer.text[:5]) == (True, "begun")


def test_a_compressed_answer_is_not_unpacked(receiver: Receiver) -> None:
    receiver.answers = [say(200, b"\x1f\x8b bomb", b"Content-Encoding: gzip")]
    answer = post().send(letter(receiver.url))
    assert (answer.good, answer.text) == (True, "\x1f\ufffd bomb")


def test_nobody_there_is_a_failure() -> None:
    with receiving() as gone:
        url = gone.url
    assert post().send(letter(url)).problem.startswith("The connection failed: ")


def test_a_proxy_of_the_environment_is_not_used(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert post().send(letter(receiver.url)).good


def test_the_loopback_is_refused_where_no_setting_names_it(receiver: Receiver) -> None:
    answer = post(networks=()).send(letter(receiver.url))
    assert (answer.good, answer.problem) == (False, "127.0.0.1 is no public address.")
    assert receiver.got == []


def test_it_connects_to_the_address_that_was_checked_and_asks_once(receiver: Receiver) -> None:
    asked = []

    def look_up(host: str, port: int, _seconds: float) -> list[str]:
        asked.append((host, port))
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    answer = post(look_up=look_up).send(letter(f"http://hooks.test:{receiver.port}/x"))
    assert answer.good
    assert asked == [("hooks.test", receiver.port)]
    assert receiver.got[0].headers["Host"] == f"hooks.test:{receiver.port}"


def test_a_name_that_leads_elsewhere_later_is_checked_again(receiver: Receiver) -> None:
    answers = iter((["127.0.0.1"], ["127.0.0.1", "10.0.0.1"]))
    sender = post(look_up=lambda *_: next(answers))
    url = f"http://hooks.test:{receiver.port}/x"
    assert sender.send(letter(url)).good
    assert sender.send(letter(url)).problem.startswith("hooks.test is 10.0.0.1, which is no public")
    assert len(receiver.got) == 1


def test_another_address_of_a_name_is_tried_where_one_takes_no_connection(
    receiver: Receiver,
) -> None:
    sender = post(look_up=lambda *_: ["127.0.0.2", "127.0.0.1"])
    assert sender.send(letter(f"http://hooks.test:{receiver.port}/x")).good


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and certificate of hooks.test, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "hooks.test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hooks.test")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    path = tmp_path_factory.mktemp("tls") / "hooks.pem"
    path.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(pem)
    )
    return path


@pytest.mark.parametrize(
    ("host", "trusted", "said"),
    [
        ("hooks.test", True, ""),
        ("other.test", True, "Hostname mismatch"),
        ("hooks.test", False, "self-signed certificate"),
    ],
)
def test_over_tls_the_certificate_must_be_the_names(
    host: str, trusted: bool, said: str, certificate: Path
) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate)
    named: list[str | None] = []
    server.sni_callback = lambda _socket, name, _context: named.append(name)
    tls = ssl.create_default_context(cafile=certificate) if trusted else None
    with receiving(server) as receiver:
        sender = post(look_up=lambda *_: ["127.0.0.1"], tls=tls, networks=LOOPBACK)
        answer = sender.send(letter(f"https://{host}:{receiver.port}/x"))
    assert named == [host]
    assert answer.good is (said == "")
    assert said in answer.problem
    assert len(receiver.got) == (said == "")

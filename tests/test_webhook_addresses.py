"""Where a webhook may lead: nowhere that is not public, however it is written."""

import threading
from ipaddress import ip_network

import pytest

from app.services.webhook_addresses import (
    WebhookUrlError,
    addresses_of,
    ask_resolver,
    check_url,
    may_reach,
)
from app.settings import Settings

PUBLIC = "93.184.216.34"


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "192.168.1.1"),
        *("169.254.169.254", "100.64.0.1", "192.0.0.9", "192.0.2.1", "198.18.0.1", "192.88.99.1"),
        *("198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1"),
        *("255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00::1"),
        *("fec0::1", "ff02::1", "ff0e::1", "2001:db8::1", "2001:10::1", "3fff::1", "5f00::1"),
        *("100::1", "64:ff9b:1::1", "::127.0.0.1", "::ffff:0:127.0.0.1", "4000::1"),
        # IPv4 inside of IPv6: mapped, 6to4, NAT64, Teredo's server and its client.
        *("::ffff:10.0.0.1", "::ffff:169.254.169.254", "2002:7f00:1::", "2002:a9fe:a9fe::1"),
        *("64:ff9b::a00:1", "64:ff9b::7f00:1", "2001:0:7f00:1::f7f7:f7f7"),
        "2001:0:808:808:0:0:f5ff:fffe",
    ],
)
def test_an_address_that_is_not_public_is_out_of_reach(address: str) -> None:
    assert not may_reach(address, ())


@pytest.mark.parametrize(
    "address",
    [
        *(PUBLIC, "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "2002:808:808::1"),
        *("64:ff9b::808:808", "2001:0:808:808::f7f7:f7f7"),
    ],
)
def test_a_public_one_is_not(address: str) -> None:
    assert may_reach(address, ())


def test_a_network_of_the_settings_is_within_reach_and_no_other() -> None:
    networks = Settings(webhook_networks="10.1.0.0/16, fd12::/48").reachable_networks
    assert networks == (ip_network("10.1.0.0/16"), ip_network("fd12::/48"))
    for address in ("10.1.2.3", "fd12::9", "::ffff:10.1.2.3", "64:ff9b::a01:203", PUBLIC):
        assert may_reach(address, networks), address
    for address in ("10.2.0.1", "fd13::1", "127.0.0.1", "::1"):
        assert not may_reach(address, networks), address


@pytest.mark.parametrize("text", ["10.0.0.0/33", "10.0.0.1/8", "example.com", "10.0.0.0/8;::/0"])
def test_a_setting_that_is_no_network_stops_the_start(text: str) -> None:
    with pytest.raises(ValueError, match="write STAGELIGHT_WEBHOOK_NETWORKS as"):
        Settings(webhook_networks=text)


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "LOCALHOST", "localhost.", "127.0.0.1", "[::1]", "0", "0.0.0.0"),
        *("2130706433", "0x7f000001", "017700000001", "127.1", "0177.0.0.1", "0x7f.1"),
        *("[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[fe80::1]", "[64:ff9b::7f00:1]"),
        *("169.254.169.254", "2852039166", "10.0.0.1"),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_however_a_host_is_written_it_is_looked_up_and_refused(scheme: str, host: str) -> None:
    """By the system's resolver, which knows these spellings; `localhost.` not each one does."""
    with pytest.raises(WebhookUrlError, match=r"no public address|No address of localhost\. is"):
        check_url(f"{scheme}://{host}:8443/hook", ())


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "none of http"),
        ("hooks.example", "none of http"),
        ("//hooks.example/x", "none of http"),
        ("ftp://hooks.example/x", "none of http"),
        ("file:///etc/passwd", "none of http"),
        ("gopher://hooks.example:70/_x", "none of http"),
        ("http://", "none of http"),
        ("http:///x", "none of http"),
        ("http://hooks.example:0/", "none of http"),
        ("http://hooks.example:99999/", "cannot be read"),
        ("http://hooks.example:80x/", "cannot be read"),
        ("http://[::1/", "cannot be read"),
        ("http://me:secret@hooks.example/", "a user, a password"),
        ("http://127.0.0.1@hooks.example/", "a user, a password"),
        ("http://hooks.example/#top", "a user, a password or a fragment"),
        ("http://hooks.example\\@127.0.0.1/", "a user, a password"),
        ("http://hooks.example/a b", "other characters"),
        ("http://hooks.example/\r\nX: y", "other characters"),
        ("http://h\u00f6\u00f6ks.example/", "other characters"),
        ("http://\u2460\u2461\u2466.0.0.1/", "other characters"),
        ("http://hooks.example/" + "x" * 2_000, "over 2,000"),
    ],
)
def test_what_is_no_plain_address_is_refused_before_it_is_looked_up(url: str, said: str) -> None:
    def look_up(*_: object) -> list[str]:
        raise AssertionError("looked up")

    with pytest.raises(WebhookUrlError, match=said):
        check_url(url, (), look_up)


def test_a_public_address_is_taken_with_any_port() -> None:
    asked = []

    def look_up(host: str, port: int, _seconds: float) -> list[str]:
        asked.append((host, port))
        return [PUBLIC]

    for url in ("https://hooks.example/x?a=b", "http://HOOKS.example:8080", "https://[2606::1]:1/"):
        check_url(url, (), look_up)
    assert asked == [("hooks.example", 443), ("hooks.example", 8080), ("2606::1", 1)]


def test_one_address_of_a_name_that_is_private_is_enough() -> None:
    with pytest.raises(WebhookUrlError, match=r"hooks\.example is 10\.0\.0\.1, which is no public"):
        addresses_of("hooks.example", 80, (), 1, lambda *_: [PUBLIC, "10.0.0.1"])


@pytest.mark.parametrize("host", ["no-such-name.invalid", "a" * 64 + ".example", "a..b"])
def test_a_name_without_an_address_says_so(host: str) -> None:
    with pytest.raises(WebhookUrlError, match="is found by the server's resolver"):
        check_url(f"http://{host}/", ())


def test_a_resolver_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = threading.Event()

    def hang(*_: object, **__: object) -> list[object]:
        answer.wait(30)
        return []

    monkeypatch.setattr("socket.getaddrinfo", hang)
    with pytest.raises(WebhookUrlError, match="is found in time"):
        addresses_of("hooks.example", 80, (), 0.05, ask_resolver)
    answer.set()

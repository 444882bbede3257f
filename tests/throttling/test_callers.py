"""Who is counted: users, addresses as servers and proxies write them, and Python code."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from django_flex.access.actor import Actor
from django_flex.throttling import CODE, UNKNOWN, caller, client_address, network
from tests.throttling.counting import user, visitor

V6 = ("network", str(0x2001_0DB8_0000_0000))

ADDRESSES = [
    ("1.2.3.4", ("address", "1.2.3.4")),
    (" 1.2.3.4 ", ("address", "1.2.3.4")),
    ("1.2.3.4:80", ("address", "1.2.3.4")),
    ("::ffff:1.2.3.4", ("address", "1.2.3.4")),
    ("::ffff:0102:0304", ("address", "1.2.3.4")),
    ("[::ffff:1.2.3.4]:80", ("address", "1.2.3.4")),
    ("::1", ("network", "0")),
    ("2001:db8::1", V6),
    ("2001:DB8:0:0:ffff:ffff:ffff:ffff", V6),
    ("[2001:db8::2]", V6),
    ("[2001:db8::3]:443", V6),
    ("2001:db8::4%eth0", V6),
    ("2001:db8:0:1::1", ("network", str(0x2001_0DB8_0000_0001))),
    ("", UNKNOWN),
    ("unix:", UNKNOWN),
    ("unknown", UNKNOWN),
    ("_hidden", UNKNOWN),
    ("1.2.3", UNKNOWN),
    ("1.2.3.4.5", UNKNOWN),
    ("1.2.3.256", UNKNOWN),
    ("01.2.3.4", UNKNOWN),
    ("\u0661.2.3.4", UNKNOWN),
    ("1.2.3.4, 5.6.7.8", UNKNOWN),
    ("[", UNKNOWN),
    ("[]", UNKNOWN),
    (":", UNKNOWN),
    ("/run/gunicorn.sock", UNKNOWN),
    ("2001:db8::1%" + "x" * 1_000, UNKNOWN),
    ("\x00", UNKNOWN),
]


@pytest.mark.parametrize(("text", "expected"), ADDRESSES, ids=[repr(a[:30]) for a, _ in ADDRESSES])
def test_an_address_is_read_as_servers_and_proxies_write_it(
    text: str, expected: tuple[str, str]
) -> None:
    assert expected == network(text)
    assert expected == caller(visitor(text), 0)


@pytest.mark.parametrize("address", [None, b"1.2.3.4", 5])
def test_a_server_that_gives_no_text_is_no_error(address: Any) -> None:
    assert UNKNOWN == caller(visitor(address), 0)


def test_a_request_without_an_address_is_no_error() -> None:
    assert UNKNOWN == caller(Actor(None, SimpleNamespace(META={})), 0)


FORWARDED = [
    # proxies of ours, X-Forwarded-For, the client
    (0, "6.6.6.6", "9.9.9.9"),
    (1, None, "9.9.9.9"),
    (1, "", "9.9.9.9"),
    (1, "1.1.1.1", "1.1.1.1"),
    (1, "6.6.6.6, 1.1.1.1", "1.1.1.1"),
    (1, "6.6.6.6,1.1.1.1:5678", "1.1.1.1"),
    (2, "6.6.6.6, 1.1.1.1, 2.2.2.2", "1.1.1.1"),
    (2, "1.1.1.1, 2.2.2.2", "1.1.1.1"),
    (2, "1.1.1.1", "1.1.1.1"),
    (3, "6.6.6.6, 1.1.1.1, [2001:db8::1]:80, 2.2.2.2", "1.1.1.1"),
]


@pytest.mark.parametrize(("proxies", "forwarded", "client"), FORWARDED)
def test_only_what_our_own_proxies_wrote_is_believed(
    proxies: int, forwarded: str | None, client: str
) -> None:
    meta = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    assert ("address", client) == caller(visitor("9.9.9.9", **meta), proxies)


@pytest.mark.parametrize("forwarded", [",", "1.1.1.1,", "6.6.6.6, nonsense"])
def test_a_header_that_makes_no_sense_is_one_caller(forwarded: str) -> None:
    assert UNKNOWN == caller(visitor("9.9.9.9", HTTP_X_FORWARDED_FOR=forwarded), 1)


def test_the_header_is_not_looked_at_without_proxies() -> None:
    assert "9.9.9.9" == client_address({"REMOTE_ADDR": "9.9.9.9", "HTTP_X_FORWARDED_FOR": "x"}, 0)


def test_a_user_is_counted_wherever_they_are() -> None:
    signed_in = user(5)
    signed_in.request = visitor("1.2.3.4").request
    assert ("user", "types:SimpleNamespace", "int:5") == caller(signed_in, 0)


def test_a_user_without_a_key_is_counted_by_address() -> None:
    service = Actor(SimpleNamespace(is_authenticated=True), visitor("1.2.3.4").request)
    assert ("address", "1.2.3.4") == caller(service, 0)


def test_an_account_that_was_switched_off_is_counted_by_address() -> None:
    former = SimpleNamespace(pk=5, is_authenticated=True, is_active=False)
    assert ("address", "1.2.3.4") == caller(Actor(former, visitor("1.2.3.4").request), 0)


def test_python_code_without_a_user_is_one_caller() -> None:
    assert CODE == caller(Actor(), 0)

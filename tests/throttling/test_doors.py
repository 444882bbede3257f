"""Rate limits through each front door: the same refusal, the same count, the same headers."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.doors.fronts import DOORS, OPEN, Door, HttpDoor, RestGet, grant

pytestmark = pytest.mark.usefixtures("bookings")

TWO = {"RATE_LIMIT": {"list": "2/d"}}


@pytest.fixture
def somebody() -> User:
    """A user who made no request yet, in this run or another."""
    return User(pk=uuid4().int >> 80, username="somebody")


def test_each_door_refuses_what_is_beyond_the_limit(any_door: Door, somebody: User) -> None:
    replies = [any_door.list({"fields": "id"}, user=somebody, **TWO) for _ in range(2)]
    assert [200, 200] == [reply.status for reply in replies]
    refused = any_door.list({"fields": "id"}, user=somebody, **TWO)
    assert 429 == refused.status
    wait = refused.body["retry_after"]
    assert {
        "error": "Rate limit exceeded",
        "code": "rate_limit.exceeded",
        "retry_after": wait,
    } == refused.body
    assert 1 <= wait <= 86_400
    assert 0 == refused.statements
    if isinstance(any_door, HttpDoor):
        assert str(wait) == refused.headers["Retry-After"]
        assert '"list";q=2;w=86400' == refused.headers["RateLimit-Policy"]
        # Where the view is the project's own, so is the reply to what is let through.
        passed = replies if any_door.has_roles else []
        left = [reply.headers["RateLimit"].partition(";t=")[0] for reply in (*passed, refused)]
        assert ['"list";r=1', '"list";r=0', '"list";r=0'][-len(left) :] == left


def test_a_door_without_limits_says_nothing_of_them(any_door: Door, somebody: User) -> None:
    reply = any_door.list({"fields": "id"}, user=somebody)
    assert 200 == reply.status
    assert not {"RateLimit", "RateLimit-Policy"} & set(reply.headers)


def test_all_doors_count_together(settings: Any, somebody: User) -> None:
    doors = [make(settings) for make in DOORS.values()]
    limits = {"RATE_LIMIT": f"{len(doors) - 1}/d"}
    statuses = [door.list({"fields": "id"}, user=somebody, **limits).status for door in doors]
    assert [200] * (len(doors) - 1) + [429] == statuses


def test_a_refusal_is_http_200_where_all_replies_are(any_door: Door, somebody: User) -> None:
    for _ in range(2):
        any_door.list(user=somebody, ALWAYS_HTTP_200=True, **TWO)
    refused = any_door.list(user=somebody, ALWAYS_HTTP_200=True, **TWO)
    assert 429 == refused.body["status_code"]


def test_a_denied_request_counts(role_door: Door, somebody: User) -> None:
    options: dict[str, Any] = {"expose": grant(fields=["id"]), "user": somebody, **TWO}
    denied = [role_door.list({"fields": "price"}, **options).status for _ in range(3)]
    assert [403, 403, 429] == denied


def test_a_caller_without_a_role_is_counted(role_door: Door, somebody: User) -> None:
    expose = {"booking": {"managers": "*", "rate_limit": "2/d"}}
    # The groups of the caller are read, to find that none is a role.
    answers = [role_door.list(expose=expose, user=somebody, statements=2) for _ in range(3)]
    assert [403, 403, 429] == [reply.status for reply in answers]


def test_roles_have_rates_of_their_own(role_door: Door, somebody: User) -> None:
    expose = grant(role="authenticated", rate_limit="1/d")
    expose["booking"]["rate_limit"] = "5/d"
    statuses = [role_door.list(expose=expose, user=somebody).status for _ in range(2)]
    assert [200, 429] == statuses


def test_an_anonymous_caller_is_counted_by_address(settings: Any) -> None:
    RestGet(settings).open("booking", OPEN, {"RATE_LIMIT": "1/d", "TRUSTED_PROXIES": 1})
    network = f"2001:db8:{uuid4().hex[:4]}:{uuid4().hex[:4]}"

    def status(address: str) -> int:
        headers = {"X-Forwarded-For": f"6.6.6.6, {address}"}
        return Client().get("/api/booking/", headers=headers).status_code

    assert 200 == status(f"[{network}::1]:4711")
    assert 429 == status(f"{network}:ffff::1")
    assert 200 == status(f"2001:db8:{uuid4().hex[:4]}:{uuid4().hex[:4]}::1")


@pytest.mark.parametrize(
    ("method", "url", "first"),
    [("OPTIONS", "/api/booking/", 200), ("OPTIONS", "/api/", 200), ("GET", "/api/", 200)],
)
def test_questions_for_a_description_are_counted(
    settings: Any, method: str, url: str, first: int
) -> None:
    RestGet(settings).open("booking", OPEN, {"RATE_LIMIT": "2/d", "TRUSTED_PROXIES": 1})
    headers = {"X-Forwarded-For": f"2001:db8:{uuid4().hex[:4]}:{uuid4().hex[:4]}::1"}

    found = [Client().generic(method, url, headers=headers) for _ in range(3)]

    assert [first, first, 429] == [one.status_code for one in found]
    assert '"options";q=2;w=86400' == found[0].headers["RateLimit-Policy"]
    # A list is counted apart.
    assert 200 == Client().get("/api/booking/", headers=headers).status_code

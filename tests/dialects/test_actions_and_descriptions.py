"""Model actions, and what OPTIONS tells, in the words and the envelope of another dialect."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import RequestFactory

from django_flex.actions.declare.registry import registry
from django_flex.conf import get_settings
from django_flex.dialects.base import Dialect
from django_flex.http.endpoint import Door, serve
from django_flex.http.routing import Route, action_route, route
from tests.actions import handlers
from tests.dialects.tiny import TALKATIVE, TINY
from tests.testapp.models import Booking

OPS = ["get", "approve", "close_all", "close_each", "explain_why", "fail", "confirm"]
GRANT = {"fields": ["id", "status", "seats"], "filters": ["status"], "ops": OPS}


@pytest.fixture(autouse=True)
def actions(settings: Any, bookings: None) -> Iterator[None]:
    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "EXPOSE": {"booking": {"anon": GRANT}},
    }
    with registry.isolated():
        handlers.register()
        yield


def send(
    method: str, where: Callable[[], Route], body: Any = None, dialect: Dialect = TINY
) -> tuple[int, Any]:
    settings = get_settings()
    content = "" if body is None else json.dumps(body)
    request = RequestFactory().generic(method, "/", content, content_type="application/json")
    door = Door(settings=settings, policy=settings.policy, dialect=dialect)
    response: Any = serve(request, where, door)
    return response.status_code, json.loads(response.content) if response.content else None


def run(name: str, pk: int | None, body: Any) -> tuple[int, Any]:
    return send(
        "POST", lambda: action_route("booking", None if pk is None else str(pk), name), body
    )


def test_a_row_that_an_action_returns_is_in_the_envelope_of_the_dialect() -> None:
    status, body = run("confirm", 2, {"data": {"note": "fine"}, "select": "status"})

    assert (200, {"data": {"id": 2, "status": "confirmed"}, "meta": {}}) == (status, body)
    assert "fine" == Booking.objects.get(pk=2).internal_notes


def test_what_else_an_action_returns_is_data() -> None:
    reply = run("explain_why", 2, {"data": {"text": "late"}})

    assert (200, {"data": {"said": "late (0)"}, "meta": {}}) == reply


def test_what_an_action_says_besides_is_kept_apart() -> None:
    status, body = run("approve", 2, {})

    assert (200, {"approved_by": "AnonymousUser"}) == (status, body["meta"])
    assert "approved" == body["data"]["status"]


def test_rows_of_a_bulk_action_are_a_list_here() -> None:
    status, body = run("close_all", None, {"keys": [1, 2], "data": {"status": "over"}})

    assert (200, {"done": 2, "failed": []}) == (status, body["meta"])
    assert [(1, "over"), (2, "over")] == [(row["id"], row["status"]) for row in body["data"]]


def test_a_row_that_fails_alone_is_told_in_the_dialect() -> None:
    pending = list(Booking.objects.filter(status="pending").values_list("pk", flat=True))
    status, body = run("close_each", None, {"keys": [*pending, 4004]})

    assert 200 == status
    assert "4004" in body["meta"]["failed"]
    assert {"data", "meta"} == body.keys()


@pytest.mark.parametrize(
    ("name", "pk", "body", "expected"),
    [
        ("approve", 4004, {}, (404, "object.not_found")),
        ("unlock", 2, {}, (404, "action.not_found")),
        ("nothing", 2, {}, (404, "action.not_found")),
        ("confirm", 2, {"data": {"nothing": 1}}, (400, "query.unknown_key")),
        ("approve", 2, {"_if": {}}, (400, "query.invalid")),
        ("close_all", None, {"where": {"seats": {"eq": 1}}}, (403, "filter.denied")),
    ],
    ids=["no-row", "not-granted", "unknown", "unknown-input", "word-of-ours", "filter"],
)
def test_refusals_are_in_the_envelope_of_the_dialect(
    name: str, pk: int | None, body: Any, expected: tuple[int, str]
) -> None:
    status, told = run(name, pk, body)

    assert expected == (status, told["errors"][0]["code"])


def test_an_action_that_the_payload_names_is_missing_in_the_words_of_the_payload() -> None:
    by_payload = send("POST", lambda: route("booking"), {"do": "nothing", "key": 2})

    assert (400, "query.value") == (by_payload[0], by_payload[1]["errors"][0]["code"])


OPTIONS = {
    "model": ("booking", {"do": sorted(set(OPS) - {"get"}), "select": ["id", "seats", "status"]}),
    "all": ("", {"have": ["booking"]}),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_facts_are_rendered_by_a_dialect_that_offers_them(name: str) -> None:
    path, expected = OPTIONS[name]
    status, body = send("OPTIONS", lambda: route(path), dialect=TALKATIVE)

    body["data"].get("select", []).sort()
    assert (200, expected) == (status, body["data"])


@pytest.mark.parametrize("name", OPTIONS)
def test_a_dialect_that_does_not_offer_facts_allows_methods_only(name: str) -> None:
    path, _ = OPTIONS[name]

    assert (204, None) == send("OPTIONS", lambda: route(path))


def test_no_facts_are_told_of_a_model_without_a_grant() -> None:
    for dialect in (TINY, TALKATIVE):
        status, body = send("OPTIONS", lambda: route("customer"), dialect=dialect)
        assert (404, "resource.not_found") == (status, body["errors"][0]["code"])


QUESTIONS = {
    "all": ((None, None), {"do": sorted(set(OPS) - {"get"})}),
    "one": ((None, "confirm"), {"do": "confirm", "takes": ["note", "seats", "customer"]}),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_actions_are_described_by_a_dialect_that_offers_it(name: str) -> None:
    (pk, action), expected = QUESTIONS[name]
    status, body = send("GET", lambda: action_route("booking", pk, action), dialect=TALKATIVE)

    if isinstance(body["data"]["do"], list):
        body["data"]["do"].sort()
    assert (200, expected) == (status, body["data"])


def test_what_can_be_done_with_a_row_is_described() -> None:
    status, body = send("GET", lambda: action_route("booking", "1", None), dialect=TALKATIVE)

    assert (200, 1) == (status, body["data"]["key"])
    assert {"approve": "It is confirmed", "confirm": None} == {
        name: body["data"]["do"][name] for name in ("approve", "confirm")
    }


def test_a_dialect_without_descriptions_has_nothing_where_they_are() -> None:
    status, body = send("GET", lambda: action_route("booking", None, None))

    assert (404, "not_found") == (status, body["errors"][0]["code"])

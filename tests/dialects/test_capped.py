"""The caps hold in a dialect that checks none of them, with the same reply as in ours."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from django_flex.actions.declare.registry import registry
from django_flex.conf import get_settings
from django_flex.engine.call import Call
from django_flex.http.endpoint import Door, serve
from django_flex.http.routing import Route, action_route, route
from django_flex.plan.shape import FlexResult
from django_flex.query.ast import Batch, Operation
from django_flex.query.operations import BATCH
from tests.actions import handlers
from tests.dialects.tiny import Tiny
from tests.testapp.models import Booking

CAPS = {
    "DEFAULT_LIMIT": 1,
    "MAX_LIMIT": 2,
    "MAX_OFFSET": 3,
    "MAX_CONDITIONS": 4,
    "MAX_NESTING": 2,
    "MAX_IN_ITEMS": 3,
    "MAX_FIELDS": 5,
    "MAX_ORDERS": 2,
    "MAX_TEXT_LENGTH": 10,
    "MAX_SEARCH_LENGTH": 8,
    "MAX_SEARCH_WORDS": 2,
    "MAX_ITEMS": 2,
    "MAX_BATCH": 2,
}
GRANT = {
    "fields": ["id", "status", "seats", "lines.product"],
    "filters": "*",
    "order_by": "*",
    "search": ["status"],
    "ops": ["list", "edit", "close_all", "confirm"],
}


class Batching(Tiny):
    """The tiny dialect with batches: ``{"all": [{"sort": "seats"}, …]}``, all of the same model."""

    def operation_of(self, payload: Mapping[str, Any]) -> str:
        return BATCH if "all" in payload else super().operation_of(payload)

    def parse_batch(self, call: Call) -> Batch:
        parts: Any = call.payload["all"]
        made = (Operation(one.get("as"), one, f"all[{n}]") for n, one in enumerate(parts))
        return Batch(tuple(made), atomic=True, dry_run=False)

    def resource_of(self, payload: Mapping[str, Any]) -> Any:
        return "booking"

    def with_references(
        self, payload: Mapping[str, Any], replies: Mapping[str, Any], place: str, limits: Any
    ) -> Mapping[str, Any]:
        return {name: value for name, value in payload.items() if name != "as"}

    def reply_to_batch(self, replies: Any) -> FlexResult:
        return FlexResult(data={"data": [one.data for one in replies]})


@pytest.fixture(autouse=True)
def project(settings: Any, bookings: None) -> Iterator[None]:
    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "EXPOSE": {"booking": {"anon": GRANT}},
        "MAX_ACTION_ROWS": 3,
        **CAPS,
    }
    with registry.isolated():
        handlers.register()
        yield


def send(body: Any, action: str | None = None, pk: int | None = None, tiny: bool = True) -> Any:
    """Return the status and the body of a reply."""
    settings = get_settings()

    def find() -> Route:
        if action is None:
            return route("booking" if "_batch" not in body and "all" not in body else "")
        return action_route("booking", None if pk is None else str(pk), action)

    method = "POST" if action is not None or "all" in body or "_batch" in body else "QUERY"
    request = RequestFactory().generic(
        method, "/", json.dumps(body), content_type="application/json"
    )
    door = Door(settings=settings, policy=settings.policy)
    response: Any = serve(request, find, replace(door, dialect=Batching()) if tiny else door)
    return response.status_code, json.loads(response.content)


def deep(levels: int, name: str, test: Any) -> Any:
    for _ in range(levels):
        test = {name: [test]}
    return test


SEATS, STATUS = {"seats": {"eq": 1}}, {"status": {"eq": "x"}}
WORDS = {"text": "x" * 11, "nul": "\0"}
#: What is asked in ours, and in the tiny dialect; with the action that is called, and its row.
REFUSED: dict[str, tuple[Any, Any, str | None, int | None]] = {
    "offset": ({"offset": 4}, {"skip": 4}, None, None),
    "fields": ({"fields": "id,id,id,id,id,id"}, {"select": "id,id,id,id,id,id"}, None, None),
    "orders": ({"order_by": "id,seats,id"}, {"sort": "id,seats,id"}, None, None),
    "conditions": (
        {"filters": {"or": [{"seats": 1}] * 5}},
        {"where": {"any": [SEATS] * 5}},
        None,
        None,
    ),
    "nesting": (
        {"filters": deep(3, "or", {"seats": 1})},
        {"where": deep(3, "any", SEATS)},
        None,
        None,
    ),
    "values": (
        {"filters": {"seats.in": [1, 2, 3, 4]}},
        {"where": {"seats": {"in": [1, 2, 3, 4]}}},
        None,
        None,
    ),
    **{
        name: ({"filters": {"status": text}}, {"where": {"status": {"eq": text}}}, None, None)
        for name, text in WORDS.items()
    },
    **{
        f"search-{name}": ({"search": text}, {"find": text}, None, None)
        for name, text in {"long": "x" * 9, "words": "a b c", "empty": " ", "nul": "\0"}.items()
    },
    "related-offset": (
        {"related": {"lines": {"offset": 4}}},
        {"with": "lines:1:4"},
        None,
        None,
    ),
    "related-entries": (
        {"related": {f"l{n}": {"from": "lines"} for n in range(21)}},
        {"with": ",".join(["lines:1"] * 21)},
        None,
        None,
    ),
    "batch": ({"_batch": [{"_model": "booking"}] * 3}, {"all": [{}] * 3}, None, None),
    "names": (
        {"_batch": [{"_model": "booking", "_name": "a"}] * 2},
        {"all": [{"as": "a"}] * 2},
        None,
        None,
    ),
    "empty-batch": ({"_batch": []}, {"all": []}, None, None),
    "keys": ({"_ids": [1, 2, 3, 4]}, {"keys": [1, 2, 3, 4]}, "close_all", None),
    "no-keys": ({"_ids": []}, {"keys": []}, "close_all", None),
    "key-of-a-list": ({"_ids": [[1]]}, {"keys": [[1]]}, "close_all", None),
    "keys-by-filter": (
        {"_filters": {"or": [{"seats": 1}] * 5}},
        {"where": {"any": [SEATS] * 5}},
        "close_all",
        None,
    ),
    "text-of-an-action": (
        {"_filters": {"status": "x" * 11}},
        {"where": {"status": {"eq": "x" * 11}}},
        "close_all",
        None,
    ),
    "fields-of-an-action": (
        {"_fields": "id,id,id,id,id,id", "note": "x"},
        {"select": "id,id,id,id,id,id", "data": {"note": "x"}},
        "confirm",
        1,
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_beyond_a_cap_is_refused_in_any_dialect(name: str) -> None:
    ours, theirs, action, pk = REFUSED[name]
    before = list(Booking.objects.order_by("pk").values())
    with CaptureQueriesContext(connection) as captured:
        status, expected = send(ours, action, pk, tiny=False)
        told, body = send(theirs, action, pk)
    assert 400 == status == told, (expected, body)

    (error,) = body["errors"]
    assert (expected["error"], expected["code"]) == (error["message"], error["code"])
    assert 0 == len(captured)
    assert before == list(Booking.objects.order_by("pk").values())


def test_a_page_is_reduced_in_any_dialect() -> None:
    status, body = send({"take": 100, "with": "lines:100"})

    assert (200, 2, True) == (status, len(body["data"]), body["meta"]["more"])
    assert all(len(row["lines"]["rows"]) <= 2 for row in body["data"])


def test_a_list_of_related_rows_that_is_only_named_is_reduced(settings: Any) -> None:
    booking = Booking.objects.order_by("pk")[0]
    for n in range(5):
        booking.lines.create(product=str(n), quantity=1)
    settings.DJANGO_FLEX = {**settings.DJANGO_FLEX, "DEFAULT_LIMIT": 4}

    _, body = send({"select": "lines.product", "sort": "id"})

    assert 2 == len(body["data"][0]["lines"])


def test_a_batch_in_another_dialect_is_answered() -> None:
    status, body = send({"all": [{"take": 2}, {"sort": "-seats", "as": "b"}]})

    assert (200, [2, 1]) == (status, [len(one["data"]) for one in body["data"]])


def test_a_batch_holds_no_batch_in_any_dialect() -> None:
    status, body = send({"all": [{"take": 1}, {"all": [{}]}]})

    assert (400, "query.invalid") == (status, body["errors"][0]["code"])

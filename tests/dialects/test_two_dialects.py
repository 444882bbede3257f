"""Two dialects at one pipeline: what one refuses the other refuses, and both find the same."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from django_flex import FlexQueryView
from django_flex.http.endpoint import Door
from tests.dialects.tiny import TINY
from tests.testapp.models import Booking

READABLE = ["status", "price", "seats", "customer.name"]
GRANT = {
    "rows": {"status.ne": "cancelled"},
    "fields": READABLE,
    "filters": ["status", "status.in", "price.gte", "customer.name.icontains"],
    "order_by": ["price", "-price"],
    "ops": ["get", "list", "add", "edit"],
    "write_fields": ["status", "seats", "price", "customer"],
}


class OurView(FlexQueryView):
    model = Booking
    flex_permissions = {"anon": GRANT}
    require_auth = False
    allowed_actions = ("get", "list", "add", "edit", "delete")


class TinyView(OurView):
    def get_door(self) -> Door:
        return replace(super().get_door(), dialect=TINY)


class ClosedView(OurView):
    flex_permissions = {}


class ClosedTinyView(TinyView):
    flex_permissions = {}


@dataclass(frozen=True)
class Said:
    """What a reply says, in whatever envelope."""

    status: int
    code: str | None = None
    rows: Any = None
    more: bool | None = None
    total: int | None = None


def send(view: Any, method: str, pk: int | None, parameters: Any, body: Any) -> tuple[int, Any]:
    query = {k: v if isinstance(v, str) else json.dumps(v) for k, v in parameters.items()}
    content = "" if body is None else json.dumps(body)
    request: HttpRequest = RequestFactory().generic(
        method, f"/?{urlencode(query)}", content, content_type="application/json"
    )
    response: HttpResponse = view.as_view()(request, **({} if pk is None else {"pk": pk}))
    return response.status_code, json.loads(response.content)


def by_flex(reply: tuple[int, Any]) -> Said:
    status, body = reply
    if "error" in body:
        return Said(status, body["code"])
    if "pagination" not in body:
        return Said(status, rows=body)
    page = body["pagination"]
    rows = [{"id": int(key)} | row for key, row in body["results"].items()]
    return Said(status, rows=rows, more=page["has_more"], total=page.get("count"))


def by_tiny(reply: tuple[int, Any]) -> Said:
    status, body = reply
    if "errors" in body:
        return Said(status, body["errors"][0]["code"])
    meta = body.get("meta", {})
    return Said(status, rows=body["data"], more=meta.get("more"), total=meta.get("total"))


#: What is asked, in the parameters of one dialect and of the other.
LISTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "all": ({}, {}),
    "fields": ({"fields": "status, price"}, {"select": "status, price"}),
    "nested": ({"fields": "customer.name"}, {"select": "customer.name"}),
    "alias": ({"fields": "who:customer.name"}, {"select": "who:customer.name"}),
    "equal": ({"filters.status": "confirmed"}, {"where": {"status": {"eq": "confirmed"}}}),
    "at-least": ({"filters.price.gte": "100"}, {"where": {"price": {"gte": 100}}}),
    "one-of": (
        {"filters.status.in": "confirmed,pending"},
        {"where": {"status": {"in": ["confirmed", "pending"]}}},
    ),
    "any": (
        {"q": {"filters": {"or": [{"status": "pending"}, {"price.gte": 200}]}}},
        {"where": {"any": [{"status": {"eq": "pending"}}, {"price": {"gte": 200}}]}},
    ),
    "of-a-related-row": (
        {"filters.customer.name.icontains": "khan"},
        {"where": {"customer.name": {"has": "khan"}}},
    ),
    "order": ({"order_by": "-price"}, {"sort": "-price"}),
    "page": (
        {"order_by": "price", "limit": "2", "offset": "1"},
        {"sort": "price", "take": "2", "skip": "1"},
    ),
    "count": ({"count": "true", "limit": "1"}, {"total": "true", "take": "1"}),
    # Hidden rows are found by no filter.
    "hidden": ({"filters.status": "cancelled"}, {"where": {"status": {"eq": "cancelled"}}}),
}


@pytest.mark.parametrize("name", LISTS)
def test_both_dialects_find_the_same_by_one_statement(name: str, bookings: None) -> None:
    ours, theirs = LISTS[name]
    expected = by_flex(send(OurView, "GET", None, ours, None))
    with CaptureQueriesContext(connection) as captured:
        found = by_tiny(send(TinyView, "GET", None, theirs, None))
    assert 200 == expected.status
    if "order_by" not in ours:
        expected.rows.sort(key=lambda row: row["id"])
        found.rows.sort(key=lambda row: row["id"])
    assert expected == found
    assert (2 if name == "count" else 1) == len(captured)


REFUSED: dict[str, tuple[int, str, dict[str, Any], dict[str, Any]]] = {
    "hidden-field": (
        403,
        "field.denied",
        {"fields": "internal_notes"},
        {"select": "internal_notes"},
    ),
    "unknown-field": (403, "field.denied", {"fields": "nothing"}, {"select": "nothing"}),
    "hidden-filter": (
        403,
        "filter.denied",
        {"filters.internal_notes": "x"},
        {"where": {"internal_notes": {"eq": "x"}}},
    ),
    "unknown-filter": (
        403,
        "filter.denied",
        {"filters.nothing": "x"},
        {"where": {"nothing": {"eq": "x"}}},
    ),
    "operator-not-granted": (
        403,
        "filter.denied",
        {"filters.price.lt": "5"},
        {"where": {"price": {"lt": 5}}},
    ),
    "hidden-order": (403, "order.denied", {"order_by": "seats"}, {"sort": "seats"}),
    "unknown-order": (403, "order.denied", {"order_by": "nothing"}, {"sort": "nothing"}),
    "unfit-value": (
        400,
        "query.value",
        {"filters.price.gte": "many"},
        {"where": {"price": {"gte": "many"}}},
    ),
    "no-limit": (400, "query.value", {"limit": "0"}, {"take": "0"}),
    "too-many-conditions": (
        400,
        "query.limit",
        {"q": {"filters": {"or": [{"status": "x"}] * 101}}},
        {"where": {"any": [{"status": {"eq": "x"}}] * 101}},
    ),
    "no-path": (400, "query.invalid", {"fields": "a..b"}, {"select": "a..b"}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_both_dialects_refuse_the_same_before_any_statement(name: str, db: None) -> None:
    status, code, ours, theirs = REFUSED[name]
    with CaptureQueriesContext(connection) as captured:
        assert Said(status, code) == by_flex(send(OurView, "GET", None, ours, None))
        assert Said(status, code) == by_tiny(send(TinyView, "GET", None, theirs, None))
    assert 0 == len(captured)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"select": "internal_notes"}, {"select": "unknown_notes1"}),
        (
            {"where": {"internal_notes": {"eq": 1}}},
            {"where": {"unknown_notes1": {"eq": 1}}},
        ),
        ({"sort": "internal_notes"}, {"sort": "unknown_notes1"}),
    ],
    ids=["select", "where", "sort"],
)
def test_unknown_and_forbidden_look_the_same_in_another_envelope(
    first: dict[str, Any], second: dict[str, Any], db: None
) -> None:
    forbidden = send(TinyView, "GET", None, first, None)
    unknown = send(TinyView, "GET", None, second, None)
    assert str(forbidden).replace("internal_notes", "unknown_notes1") == str(unknown)


@pytest.mark.parametrize(("view", "reads"), [(ClosedView, by_flex), (ClosedTinyView, by_tiny)])
@pytest.mark.parametrize("pk", [None, 1], ids=["list", "get"])
def test_nothing_is_granted_by_default(view: Any, reads: Any, pk: int | None, db: None) -> None:
    assert Said(401, "auth.required") == reads(send(view, "GET", pk, {}, None))


@pytest.mark.parametrize("key", [1, 4004, "hidden"], ids=["seen", "missing", "hidden"])
def test_both_dialects_get_the_same_row_or_none(key: Any, bookings: None) -> None:
    hidden = Booking.objects.filter(status="cancelled").values_list("pk", flat=True).first()
    pk = hidden if key == "hidden" else key
    expected = by_flex(send(OurView, "GET", pk, {"fields": "status"}, None))
    assert (200 if key == 1 else 404) == expected.status
    assert expected == by_tiny(send(TinyView, "GET", pk, {"select": "status"}, None))


#: method, key, body of one dialect and of the other, status
WRITES: dict[str, tuple[str, int | None, Any, Any, int]] = {
    "edit": ("PATCH", 1, {"seats": 7}, {"data": {"seats": 7}}, 200),
    "edit-of-nothing": ("PATCH", 4004, {"seats": 7}, {"data": {"seats": 7}}, 404),
    "forbidden-column": (
        "PATCH",
        1,
        {"internal_notes": "x"},
        {"data": {"internal_notes": "x"}},
        403,
    ),
    "unknown-column": ("PATCH", 1, {"nothing": "x"}, {"data": {"nothing": "x"}}, 403),
    "unfit-value": ("PATCH", 1, {"seats": "many"}, {"data": {"seats": "many"}}, 400),
    "into-hiding": ("PATCH", 1, {"status": "cancelled"}, {"data": {"status": "cancelled"}}, 403),
    "delete-not-granted": ("DELETE", 1, None, None, 401),
    "unseen-related-row": ("PATCH", 1, {"customer": 4004}, {"data": {"customer": 4004}}, 400),
}


@pytest.mark.parametrize("name", WRITES)
def test_both_dialects_write_and_refuse_the_same(name: str, bookings: None) -> None:
    method, pk, ours, theirs, status = WRITES[name]
    before = list(Booking.objects.order_by("pk").values())
    expected = by_flex(send(OurView, method, pk, {}, ours))
    between = list(Booking.objects.order_by("pk").values())
    found = by_tiny(send(TinyView, method, pk, {}, theirs))
    after = list(Booking.objects.order_by("pk").values())
    assert (status, status) == (expected.status, found.status)
    assert expected.code == found.code
    assert (status == 200) == (before != between)
    assert between == after
    if status == 200:
        assert expected.rows == {key: found.rows[key] for key in expected.rows}


def test_a_row_is_added_in_the_words_of_either_dialect(bookings: None) -> None:
    values = {"status": "pending", "price": "5.00", "seats": 2, "customer": 1}
    ours = send(OurView, "POST", None, {}, {"_action": "add", "_fields": "seats", **values})
    theirs = send(TinyView, "POST", None, {}, {"select": "seats", "data": values})
    assert (201, {"seats": 2}) == ours
    key = Booking.objects.order_by("pk").last()
    assert key is not None
    assert (201, {"data": {"id": key.pk, "seats": 2}}) == theirs


def test_a_batch_is_refused_by_a_dialect_that_has_none(db: None) -> None:
    status, body = send(TinyView, "POST", None, {}, {"_batch": []})
    assert (400, "query.invalid") == (status, body["errors"][0]["code"])


def test_the_log_tells_the_same_of_either_dialect(
    configure: Any, bookings: None, caplog: pytest.LogCaptureFixture
) -> None:
    configure(AUDIT_QUERIES=True)
    caplog.set_level(logging.INFO, logger="django_flex.audit")
    send(OurView, "GET", None, {"fields": "status", "filters.price.gte": "100"}, None)
    send(OurView, "PATCH", 1, {}, {"seats": 7})
    send(OurView, "GET", None, {"fields": "internal_notes"}, None)
    send(TinyView, "GET", None, {"select": "status", "where": {"price": {"gte": 100}}}, None)
    send(TinyView, "PATCH", 1, {}, {"data": {"seats": 7}})
    send(TinyView, "GET", None, {"select": "internal_notes"}, None)
    told = [{**vars(record)["flex"], "ms": 0} for record in caplog.records]
    assert told[:3] == told[3:]
    read, write, refused = told[:3]
    assert ("status", ("price.gte",), ()) == (read["fields"], read["filters"], read["written"])
    assert read["rows"] > 1
    assert (("seats",), 1) == (write["written"], write["rows"])
    assert ("internal_notes", "field.denied", 0) == (
        refused["fields"],
        refused["code"],
        refused["rows"],
    )


class NestedView(OurView):
    flex_permissions = {
        "anon": {**GRANT, "fields": ["status", "customer.name", "lines.product", "tags.slug"]}
    }


class NestedTinyView(NestedView):
    def get_door(self) -> Door:
        return replace(super().get_door(), dialect=TINY)


@pytest.mark.parametrize("pk", [None, 1], ids=["list", "get"])
def test_pages_of_related_rows_are_in_the_envelope_of_either_dialect(
    pk: int | None, bookings: None
) -> None:
    entry = {"limit": 1, "shape": "list"}
    ours = {"fields": "status, lines.product", "related": {"lines": entry}}
    theirs = {"select": "status, lines.product", "with": "lines:1"}

    expected = by_flex(send(NestedView, "GET", pk, {"q": ours}, None)).rows
    found = by_tiny(send(NestedTinyView, "GET", pk, theirs, None)).rows

    for row, other in zip(*([one] if pk else one for one in (expected, found)), strict=True):
        page = row.pop("lines")
        assert {"offset": 0, "limit": 1, "has_more": page["pagination"]["has_more"]} == (
            page["pagination"]
        )
        assert {"rows": page["results"], "more": page["pagination"]["has_more"]} == (
            other.pop("lines")
        )
        assert row == other

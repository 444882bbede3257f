"""The order of lists that name none: of the entry, or of the model where a setting says so."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.checks import CheckMessage
from django.db.models import F, Q
from django.db.models.functions import Lower

from django_flex import FlexQuery
from django_flex.checks import check_settings
from django_flex.query.ast import OrderTerm
from tests.doors.fronts import (
    EVERYTHING,
    OPEN,
    ROLE_DOORS,
    Decorator,
    Door,
    Execute,
    RestGet,
    grant,
)
from tests.testapp.models import Booking, Customer, Line

pytestmark = pytest.mark.usefixtures("bookings")


def sorted_by(order: Any, model: str = "booking", **others: Any) -> dict[str, Any]:
    """Return an EXPOSE with everything, where one model has a default order."""
    return {**OPEN, model: {**OPEN[model], "default_order_by": order}, **others}


@pytest.fixture
def execute(settings: Any, db: None) -> Door:
    """The door without HTTP."""
    return Execute(settings)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("-id", [6, 5, 4, 3, 2, 1]),
        ("status, -id", [5, 4, 3, 1, 6, 2]),
        (["urgent", "-id"], [5, 3, 2, 6, 4, 1]),
        (("-seats.nulls_last",), [2, 6, 1, 4, 3, 5]),
        ("customer.name", [1, 3, 4, 2, 6, 5]),
        ("-customer.metadata.level.nulls_last", [1, 3, 2, 6, 4, 5]),
        ("", [1, 2, 3, 4, 5, 6]),
        (None, [1, 2, 3, 4, 5, 6]),
    ],
)
def test_a_list_has_the_default_order(execute: Door, order: Any, expected: list[int]) -> None:
    assert expected == execute.list({"fields": "id"}, expose=sorted_by(order)).ids


def test_every_door_that_takes_entries_has_it(role_door: Door) -> None:
    reply = role_door.list({"fields": "id"}, expose=sorted_by("-status"))

    assert ([2, 6, 1, 3, 4, 5], [2, 6, 1, 3, 4, 5]) == (reply.ids, reply.body["pagination"]["ids"])


def test_a_query_may_name_another_order(execute: Door) -> None:
    expose = sorted_by("-id")

    assert [1, 2, 3, 4, 5, 6] == execute.list({"order_by": "pk"}, expose=expose).ids
    assert [5, 4, 3, 1, 2, 6] == execute.list({"order_by": "status"}, expose=expose).ids


def test_the_next_page_goes_on_without_naming_it(execute: Door) -> None:
    expose, pages = sorted_by("-status"), []
    query: Any = {"fields": "id", "limit": 2}
    while query:
        reply = execute.list(query, expose=expose)
        pages += reply.ids
        query = reply.body["pagination"].get("next")
        assert query is None or "order_by" not in query

    assert [2, 6, 1, 3, 4, 5] == pages


@pytest.mark.parametrize("order", ["-status", "seats", "customer.name, -price", "-id"])
def test_cursors_go_through_it_forward_and_back(execute: Door, order: str) -> None:
    expose = sorted_by(order)
    whole = execute.list({"fields": "id", "cursor": True}, expose=expose).ids
    assert whole == execute.list({"fields": "id", "cursor": True, "order_by": order}).ids
    forward, reply = [], execute.list({"fields": "id", "limit": 2, "cursor": True}, expose=expose)
    while True:
        forward += reply.ids
        following = reply.body["pagination"].get("next")
        if following is None:
            break
        reply = execute.list(following, expose=expose)
    back = execute.list(reply.body["pagination"]["prev"], expose=expose)

    assert (whole, whole[2:4]) == (forward, back.ids)


def test_a_cursor_ends_with_the_order_that_it_was_made_for(execute: Door) -> None:
    query = {"fields": "id", "limit": 2, "cursor": True}
    following = execute.list(query, expose=sorted_by("-status")).body["pagination"]["next"]

    for order in ("status", "seats", "created_at", None):
        reply = execute.list(following, expose=sorted_by(order))
        assert (400, "query.cursor") == (reply.status, reply.body["code"])


def test_a_role_that_may_not_see_the_order_gets_none(execute: Door) -> None:
    seen: dict[str, Any] = {"fields": ["id", "status"], "order_by": []}
    cases = {
        "internal_notes": [1, 2, 3, 4, 5, 6],  # hidden
        "status, -internal_notes": [1, 2, 3, 4, 5, 6],  # a part of it
        "-customer.name": [1, 2, 3, 4, 5, 6],
        "-status": [2, 6, 1, 3, 4, 5],  # readable
    }
    for order, expected in cases.items():
        expose = grant(**seen)
        expose["booking"]["default_order_by"] = order
        assert expected == execute.list({"fields": "id"}, expose=expose).ids


def test_an_order_that_is_granted_needs_not_be_readable(execute: Door) -> None:
    expose = grant(fields=["id"], order_by=["-seats"])
    expose["booking"]["default_order_by"] = "-seats.nulls_last"
    assert [2, 6, 1, 4, 3, 5] == execute.list({"fields": "id"}, expose=expose).ids

    expose["booking"]["default_order_by"] = "seats.nulls_last"
    assert [1, 2, 3, 4, 5, 6] == execute.list({"fields": "id"}, expose=expose).ids


def test_hidden_related_rows_sort_like_missing_ones(execute: Door) -> None:
    named: dict[str, Any] = {"customer": {"anon": {**EVERYTHING, "rows": Q(pk__in=[3, 4])}}}
    shown = execute.list({"fields": "id"}, expose=sorted_by("customer.name.nulls_last", **named))
    Customer.objects.filter(pk__in=[1, 2]).update(name="Aaa")
    changed = execute.list({"fields": "id"}, expose=sorted_by("customer.name.nulls_last", **named))

    assert [4, 5, 1, 2, 3, 6] == shown.ids == changed.ids


def test_distinct_rows_are_the_first_in_it(execute: Door) -> None:
    query = {"fields": "id, status", "distinct": "status"}
    reply = execute.list(query, expose=sorted_by("-id"))

    assert [6, 5, 4, 3, 1] == reply.ids


def test_combinations_and_aggregates_have_no_default_order(execute: Door) -> None:
    combined = execute.list({"fields": "urgent", "distinct": True}, expose=sorted_by("-id"))
    counted = execute.aggregate({"aggregate": "count"}, expose=sorted_by("-id"))

    assert [{"urgent": False}, {"urgent": True}] == combined.body["results"]
    assert (200, 6) == (counted.status, counted.body["results"]["count"])


def test_a_stream_has_it(execute: Door) -> None:
    execute.list({}, expose=sorted_by("-id"))
    stream = FlexQuery("booking").stream({"fields": "id", "limit": 3})

    assert b'{"id":6}\n{"id":5}\n{"id":4}\n' == b"".join(stream)


@pytest.mark.parametrize("fields", ["id, lines.product", "id, lines.id, lines.product"])
def test_nested_lists_have_that_of_their_own_model(query_door: Door, fields: str) -> None:
    expose = sorted_by("-quantity, id", "line")
    reply = query_door.list({"fields": fields}, expose=expose, statements=2)

    assert ["mop", "sweep"] == [line["product"] for line in reply.results[0]["lines"]]


def test_a_nested_list_may_name_another(execute: Door) -> None:
    query = {"fields": "id", "related": {"lines": {"fields": "id", "order_by": "id"}}}
    reply = execute.list(query, expose=sorted_by("-id", "line"), statements=2)

    assert [{"id": 1}, {"id": 2}] == reply.results[0]["lines"]


def test_a_nested_list_under_a_row_has_it(execute: Door) -> None:
    reply = execute.get(1, {"fields": "lines.id"}, expose=sorted_by("-id", "line"))

    assert [{"id": 2}, {"id": 1}] == reply.body["lines"]


def test_a_nested_list_is_not_sorted_by_what_is_hidden(execute: Door) -> None:
    expose = grant(fields=["id", "lines.id"])
    expose["line"] = {"default_order_by": "-quantity"}

    assert [{"id": 1}, {"id": 2}] == execute.get(1, {"fields": "lines.id"}, expose=expose).body[
        "lines"
    ]


def test_a_nested_order_over_hidden_rows_is_of_each_caller(settings: Any) -> None:
    """What a caller sees is not what the caller before saw."""
    own = {"rows": {"name": {"$user": "username"}}}
    settings.DJANGO_FLEX = {
        "EXPOSE": {
            "customer": {"authenticated": {**EVERYTHING, **own}},
            "company": {"authenticated": {**EVERYTHING}},
            "booking": {
                "authenticated": EVERYTHING,
                "default_order_by": "customer.name.nulls_last, id",
            },
            "address": {"authenticated": EVERYTHING},
        }
    }
    asked = {"fields": "booking_set.id", "_id": 1}
    seen = {}
    for name in ("Omar Khan", "Aisha Khan"):
        user = User(pk=len(name), username=name)
        user.save()
        reply = FlexQuery("address").execute(asked, user=user).to_dict()
        seen[name] = [row["id"] for row in reply["booking_set"]]

    assert {"Omar Khan": [6, 1], "Aisha Khan": [1, 6]} == seen


ORDERINGS = {
    "plain": (["-status", "pk"], [2, 6, 1, 3, 4, 5]),
    "expressions": ([F("seats").desc(nulls_last=True), F("id").asc()], [2, 6, 1, 4, 3, 5]),
    "nulls-first": ([F("seats").asc(nulls_first=True), "-id"], [5, 3, 4, 1, 6, 2]),
    "bare-expression": ([F("status")], [5, 4, 3, 1, 2, 6]),
    "over-a-relation": (["-customer__name"], [5, 2, 6, 4, 1, 3]),
    "key-of-a-relation": (["-customer_id"], [5, 4, 2, 6, 1, 3]),
    "a-relation": (["-customer"], [5, 4, 2, 6, 1, 3]),
}


@pytest.mark.parametrize(
    ("ordering", "expected"), [pytest.param(*case, id=name) for name, case in ORDERINGS.items()]
)
def test_a_setting_takes_the_order_of_the_model(
    execute: Door, monkeypatch: Any, ordering: Any, expected: list[int]
) -> None:
    monkeypatch.setattr(Booking._meta, "ordering", ordering)

    assert [1, 2, 3, 4, 5, 6] == execute.list({"fields": "id"}).ids
    assert expected == execute.list({"fields": "id"}, USE_META_ORDERING=True).ids


def test_a_relation_in_it_sorts_as_the_related_model_does(execute: Door, monkeypatch: Any) -> None:
    monkeypatch.setattr(Booking._meta, "ordering", ["-customer", "id"])
    monkeypatch.setattr(Customer._meta, "ordering", ["-name"])

    assert [1, 3, 4, 2, 6, 5] == execute.list({"fields": "id"}, USE_META_ORDERING=True).ids
    assert ["Aisha Khan", "Aisha Khan"] == [
        one.customer.name for one in Booking.objects.select_related("customer")[:2]
    ]


def test_the_order_of_the_entry_wins(execute: Door, monkeypatch: Any) -> None:
    monkeypatch.setattr(Booking._meta, "ordering", ["status"])

    assert [6, 5, 4, 3, 2, 1] == execute.list(
        {"fields": "id"}, expose=sorted_by("-id"), USE_META_ORDERING=True
    ).ids


def test_nested_lists_take_the_order_of_their_model(execute: Door, monkeypatch: Any) -> None:
    monkeypatch.setattr(Line._meta, "ordering", ["-quantity"])
    reply = execute.get(1, {"fields": "lines.id"}, USE_META_ORDERING=True)

    assert [{"id": 2}, {"id": 1}] == reply.body["lines"]


@pytest.mark.parametrize("kind", ["view", "viewset", "decorator"])
def test_doors_with_grants_of_their_own_take_it_too(
    settings: Any, monkeypatch: Any, kind: str
) -> None:
    monkeypatch.setattr(Booking._meta, "ordering", ["-id"])
    door = {**ROLE_DOORS, "decorator": Decorator}[kind](settings)

    assert [6, 5, 4, 3, 2, 1] == door.list({"fields": "id"}, USE_META_ORDERING=True).ids


def test_unrestricted_code_has_the_order_of_the_entry(settings: Any) -> None:
    settings.DJANGO_FLEX = {"EXPOSE": sorted_by("-id")}
    reply = FlexQuery(Booking).unrestricted().execute({"fields": "id"}).to_dict()

    assert [6, 5, 4, 3, 2, 1] == reply["pagination"]["ids"]


def _problems(settings: Any, expose: Any, **others: Any) -> list[CheckMessage]:
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": expose, **others}
    known = {"django_flex.W013", "django_flex.I003"}
    return [one for one in check_settings() if one.id not in known]


@pytest.mark.parametrize(
    ("order", "identifier", "said"),
    [
        ("stauts", "E006", "'stauts' does not exist on testapp.booking"),
        ("-customer.nme", "E006", "'customer.nme' does not exist"),
        ("lines.product", "E009", "'lines.product' has no single value to sort by"),
        ("id, created_at.year", "E009", "'created_at.year' cannot be in a default order"),
        ("-customer.name.len", "E009", "'customer.name.len' cannot be in a default order"),
        ("lines.count", "E009", "'lines.count' cannot be in a default order"),
        ("lines.quantity.sum", "E009", "'lines.quantity.sum' cannot be in a default order"),
        ("year", "E006", "'year' does not exist"),
        ("random", "E009", "'random' cannot be in a default order"),
        ("internal.year", "E006", "'internal.year' does not exist"),
        ("customer.metadata", "E009", "databases sort whole JSON values such as 'metadata' unlike"),
        ("status,", "E009", "The list has an empty part"),
        (5, "E009", "A comma-separated string or a JSON list of strings is needed"),
        ({"status": 1}, "E009", "A comma-separated string"),
        ("status desc", "E009", "'status desc' is not a path"),
    ],
)
def test_a_mistake_in_it_is_reported(settings: Any, order: Any, identifier: str, said: str) -> None:
    found = _problems(settings, {"booking": {"anon": "*", "default_order_by": order}})
    message = next(one for one in found if one.id == f"django_flex.{identifier}")

    assert said in message.msg
    assert "['default_order_by']" in message.msg


def test_a_role_that_gets_no_order_is_reported(settings: Any) -> None:
    expose = grant(fields=["id", "status"], order_by=[], filters=[])
    for order, reported in (("status", False), ("-status, seats", True), ("customer.name", True)):
        expose["booking"]["default_order_by"] = order
        ids = [one.id for one in _problems(settings, expose)]
        assert reported is ("django_flex.W030" in ids)


@pytest.mark.parametrize(
    "ordering", [["?"], [Lower("status")], [Lower("status").desc()], ["lines__product"]]
)
def test_an_order_of_a_model_that_no_query_can_have_is_reported(
    settings: Any, execute: Door, monkeypatch: Any, ordering: Any
) -> None:
    monkeypatch.setattr(Booking._meta, "ordering", ordering)

    assert [1, 2, 3, 4, 5, 6] == execute.list({"fields": "id"}, USE_META_ORDERING=True).ids
    messages = _problems(settings, grant(), USE_META_ORDERING=True)
    assert "django_flex.W029" in [one.id for one in messages]
    assert "django_flex.W029" not in [one.id for one in _problems(settings, grant())]


def test_orders_that_go_in_a_circle_are_reported(settings: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(Booking._meta, "ordering", ["customer"])
    monkeypatch.setattr(Customer._meta, "ordering", ["booking"])
    found = _problems(settings, grant(), USE_META_ORDERING=True)

    assert "django_flex.W029" in [one.id for one in found]


def test_options_tell_the_order_that_applies(client: Any, settings: Any) -> None:
    expose = grant(fields=["id", "status"])
    for order, told in (("-status, id", ["-status", "id"]), ("seats", None), (None, None)):
        expose["booking"]["default_order_by"] = order
        settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": expose}
        assert told == client.options("/api/bookings/").json().get("default_order_by")


def test_terms_read_as_they_are_written() -> None:
    assert "-a.b.nulls_last" == str(OrderTerm(("a", "b"), descending=True, nulls="last"))


SHAPES: dict[str, Any] = {"map": dict, "list": list}


@pytest.mark.parametrize("default", SHAPES)
@pytest.mark.parametrize("asked", [None, *SHAPES])
def test_the_default_shape_is_that_of_lists_that_name_none(
    door: Door, default: str, asked: str | None
) -> None:
    query: dict[str, Any] = {"fields": "id", "limit": 2, "order_by": "-id"}
    query |= {"shape": asked} if asked else {}
    pages: list[Any] = []
    while query:
        body = door.list(query, DEFAULT_SHAPE=default).body
        rows = body["results"]
        assert isinstance(rows, SHAPES[asked or default])
        assert ("ids" in body["pagination"]) is isinstance(rows, dict)
        pages += [row["id"] for row in (rows.values() if isinstance(rows, dict) else rows)]
        query = body["pagination"].get("next")

    assert [6, 5, 4, 3, 2, 1] == sorted(pages, reverse=True)


def test_the_default_shape_does_not_change_lists_inside_rows(execute: Door) -> None:
    reply = execute.get(1, {"fields": "lines.id"}, DEFAULT_SHAPE="list")

    assert [{"id": 1}, {"id": 2}] == reply.body["lines"]


def test_a_version_has_a_shape_of_its_own(client: Any, settings: Any) -> None:
    version = {"path": "/api/v2/", "DEFAULT_SHAPE": "list"}
    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "EXPOSE": OPEN,
        "VERSIONS": {"v2": version},
    }

    for path, shape in (("/api/bookings/", dict), ("/api/v2/bookings/", list)):
        assert shape is type(client.get(path).json()["results"])
        described = client.options(path).json()["default_shape"]
        assert SHAPES[described] is shape


@pytest.mark.parametrize("wrong", ["array", "", None, ["list"], True])
def test_another_shape_is_a_mistake(settings: Any, wrong: Any) -> None:
    found = _problems(settings, grant(), DEFAULT_SHAPE=wrong)

    assert "django_flex.E002" in [one.id for one in found]


def test_rows_by_url_stay_the_same(settings: Any) -> None:
    door = RestGet(settings)

    assert {"id": 1} == door.get(1, {"fields": "id"}, DEFAULT_SHAPE="list").body

"""Computed fields: expressions of an entry, read, filtered and sorted like columns."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import (
    CharField,
    DateField,
    DecimalField,
    ExpressionWrapper,
    F,
    IntegerField,
    Q,
    Value,
)
from django.db.models.functions import Cast, Coalesce, Concat, Length, Upper

from tests.doors.fronts import EVERYTHING, OPEN

pytestmark = pytest.mark.usefixtures("bookings")

COMPUTED = {
    "total": ExpressionWrapper(
        F("price") * F("seats"), output_field=DecimalField(max_digits=10, decimal_places=2)
    ),
    "places": Coalesce(F("seats"), Value(0), output_field=IntegerField()),
    "who": Upper("customer__name"),
    "opened": Cast("created_at", DateField()),
}
TOTALS = {1: "200.00", 2: "1002.00", 3: None, 4: None, 5: None, 6: "1002.00"}


def expose(computed: Any = COMPUTED, **parts: Any) -> dict[str, Any]:
    """Everything for everybody, and computed fields of bookings; parts are those of their grant."""
    return {**OPEN, "booking": {"computed": computed, "anon": {**EVERYTHING, **parts}}}


def test_a_computed_field_is_read_by_name(role_door) -> None:
    reply = role_door.list({"fields": "total, places"}, expose=expose())
    assert TOTALS == {int(key): row["total"] for key, row in reply.body["results"].items()}
    assert [2, 4, 0, 1, 0, 4] == [row["places"] for row in reply.results]


def test_a_wildcard_covers_computed_fields(role_door) -> None:
    reply = role_door.get(1, {"fields": "*"}, expose=expose())
    assert "200.00" == reply.body["total"]
    assert 2 == reply.body["places"]
    assert "AISHA KHAN" == reply.body["who"]
    assert {"total", "places", "who", "opened"} <= set(reply.body)


def test_a_computed_field_is_left_out_of_a_wildcard_and_renamed(role_door) -> None:
    reply = role_door.get(1, {"fields": "*, -total, sum:total"}, expose=expose())
    assert "200.00" == reply.body["sum"]
    assert "total" not in reply.body


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        pytest.param({"total": "200.00"}, [1], id="equality"),
        pytest.param({"total.gt": 200}, [2, 6], id="operator"),
        pytest.param({"total": None}, [3, 4, 5], id="null"),
        pytest.param({"total.isnull": False}, [1, 2, 6], id="isnull"),
        pytest.param({"total.ne": "200.00"}, [2, 3, 4, 5, 6], id="complement-with-nulls"),
        pytest.param({"not": {"total.gt": 200}}, [1, 3, 4, 5], id="not"),
        pytest.param({"total.nin": ["200", "1"]}, [2, 3, 4, 5, 6], id="nin"),
        pytest.param({"who.icontains": "khan"}, [1, 2, 3, 6], id="text"),
        pytest.param({"who.len": 3}, [5], id="len"),
        pytest.param({"opened.year": 2025}, [1, 2], id="transform"),
        pytest.param({"places": {"$field": "seats"}}, [1, 2, 4, 6], id="with-a-column"),
        pytest.param({"seats.gte": {"$field": "places"}}, [1, 2, 4, 6], id="column-with-computed"),
        pytest.param({"or": {"places": 4, "who": "ZOE"}}, [2, 5, 6], id="or"),
    ],
)
def test_a_computed_field_is_filtered(query_door, filters: Any, ids: list[int]) -> None:
    reply = query_door.list({"filters": filters, "fields": "id"}, expose=expose())
    assert sorted(ids) == sorted(reply.ids)


@pytest.mark.parametrize("fields", ["id", "total, who"])
def test_a_computed_field_is_sorted_by(role_door, fields: str) -> None:
    query = {"order_by": "-total.nulls_last, -who", "fields": fields}
    assert [2, 6, 1, 5, 4, 3] == role_door.list(query, expose=expose()).ids


def test_a_computed_field_is_granted_by_name_like_a_column(role_door) -> None:
    granted = expose(fields=["id", "total"], filters=["places.gte"], order_by=["-who"])
    query = {"fields": "id, total", "filters": {"places.gte": 4}, "order_by": "-who"}
    reply = role_door.list(query, expose=granted)
    assert [2, 6] == reply.ids
    assert ["id", "total"] == list(reply.results[0])
    assert {"id", "total"} == set(role_door.get(1, expose=granted).body)


@pytest.mark.parametrize(
    ("query", "status", "error"),
    [
        pytest.param({"fields": "whoo"}, 403, "field 'whoo'", id="unknown"),
        pytest.param({"fields": "who"}, 403, "field 'who'", id="field"),
        pytest.param({"filters": {"who": "X"}}, 403, "'who'", id="filter"),
        pytest.param({"filters": {"who.nothing": "X"}}, 403, "'who.nothing'", id="operator"),
        pytest.param({"order_by": "who"}, 403, "'who'", id="order"),
        pytest.param({"filters": {"total": {"$field": "who"}}}, 403, "field 'who'", id="$field"),
        pytest.param({"fields": "total.x"}, 403, "'total.x'", id="inside"),
        pytest.param({"filters": {"total": "x"}}, 400, "does not fit", id="value"),
        pytest.param({"filters": {"total": "0.001"}}, 400, "does not fit", id="scale"),
    ],
)
def test_what_is_not_granted_looks_like_what_does_not_exist(
    role_door, query: Any, status: int, error: str
) -> None:
    granted = expose(fields=["id", "total"], filters=["total", "total.gt"], order_by=["total"])
    reply = role_door.list(query, expose=granted)
    assert status == reply.status
    assert error in reply.body["error"]


def test_a_hint_knows_it_only_where_it_is_granted(role_door) -> None:
    asked = {"fields": "totall"}
    assert "did you mean 'total'?" == role_door.list(asked, expose=expose()).body["hint"]
    hidden = expose(fields=["id"])
    assert "hint" not in role_door.list(asked, expose=hidden).body


def test_exclude_and_guarded_names_apply(role_door) -> None:
    computed = {**COMPUTED, "call_token": Upper("status")}
    reply = role_door.get(1, expose=expose(computed, exclude=["total"]))
    assert not {"total", "call_token"} & set(reply.body)
    assert 403 == role_door.list({"fields": "total"}, expose=expose(exclude=["total"])).status
    named = expose(computed, fields=["id", "call_token"])
    assert {"id": 1, "call_token": "CONFIRMED"} == role_door.get(1, expose=named).body


def test_what_an_expression_reads_of_a_hidden_row_is_null(role_door) -> None:
    entries = expose() | {"customer": {"anon": {**EVERYTHING, "rows": Q(vip=True)}}}
    reply = role_door.list({"fields": "who", "order_by": "-who.nulls_last"}, expose=entries)
    assert [3, 1] == reply.ids[:2] or [1, 3] == reply.ids[:2]
    shown = {int(key): row["who"] for key, row in reply.body["results"].items()}
    assert {1: "AISHA KHAN", 3: "AISHA KHAN"} | dict.fromkeys((2, 4, 5, 6)) == shown
    for asked in ({"who": "ZOE"}, {"who.icontains": "khan", "id": 2}, {"who.gt": "B"}):
        assert [] == role_door.list({"filters": asked, "fields": "id"}, expose=entries).ids
    nulls = {"filters": {"who.isnull": True}, "fields": "id"}
    assert [2, 4, 5, 6] == sorted(role_door.list(nulls, expose=entries).ids)


CUSTOMER = {
    "full": Concat("name", Value(" <"), "email", Value(">"), output_field=CharField()),
    "employer": Upper("company__name"),
}
RELATED = {**OPEN, "customer": {"computed": CUSTOMER, "anon": "*"}}


def test_a_computed_field_of_a_related_row(role_door) -> None:
    query = {
        "fields": "id, customer.full, customer.employer",
        "filters": {"customer.full.contains": "khan", "customer.employer": "GLOBEX"},
        "order_by": "-customer.full",
    }
    query["filters"] = {"customer.full.icontains": "khan"}
    reply = role_door.list(query, expose=RELATED)
    assert [2, 6, 1, 3] == reply.ids
    shown = {"full": "Omar Khan <omar@example.com>", "employer": "GLOBEX"}
    assert shown == reply.results[0]["customer"]
    wild = role_door.get(1, {"fields": "customer.*"}, expose=RELATED).body["customer"]
    assert "ACME CORP" == wild["employer"]
    assert "Aisha Khan" == wild["name"]


def test_a_computed_field_behind_two_relations(role_door) -> None:
    entries = {**OPEN, "company": {"computed": {"short": Upper("name")}, "anon": "*"}}
    query = {"fields": "customer.company.short", "filters": {"customer.company.short": "ACME CORP"}}
    reply = role_door.list(query, expose=entries)
    assert {"1", "3"} == set(reply.body["results"])
    assert {"customer": {"company": {"short": "ACME CORP"}}} == reply.results[0]


def test_a_computed_field_of_a_hidden_related_row_is_null(role_door) -> None:
    customers = {"computed": CUSTOMER, "anon": {**EVERYTHING, "rows": Q(vip=True)}}
    entries = {**OPEN, "customer": customers}
    query = {"fields": "full:customer.full, customer.employer", "order_by": "customer.full"}
    shown = role_door.list(query, expose=entries).body["results"]
    assert {"full": None, "customer": None} == shown["2"]
    assert {"employer": "ACME CORP"} == shown["1"]["customer"]
    hidden = {"filters": {"customer.full.icontains": "omar"}}
    assert [] == role_door.list(hidden, expose=entries).ids


def test_a_computed_field_of_a_row_that_is_hidden_from_the_related_one(role_door) -> None:
    companies = {"anon": {**EVERYTHING, "rows": Q(name="Globex")}}
    entries = {**RELATED, "company": companies}
    query = {"fields": "customer.employer, customer.name"}
    shown = role_door.list(query, expose=entries).body["results"]
    assert {"employer": None, "name": "Aisha Khan"} == shown["1"]["customer"]
    assert {"employer": "GLOBEX", "name": "Omar Khan"} == shown["2"]["customer"]
    hidden = {"filters": {"customer.employer": "ACME CORP"}, "fields": "id"}
    assert [] == role_door.list(hidden, expose=entries).ids


LINES = {
    **OPEN,
    "line": {
        "computed": {"size": Length("product"), "state": Upper("booking__status")},
        "anon": "*",
    },
}


def test_a_computed_field_behind_a_to_many_relation(role_door) -> None:
    found = role_door.list({"filters": {"lines.size": 3, "lines.quantity": 5}}, expose=LINES)
    assert [1] == found.ids
    query = {"fields": "lines.size, lines.state", "filters": {"id": 1}}
    reply = role_door.list(query, expose=LINES, statements=2)
    both = [{"size": 5, "state": "CONFIRMED"}, {"size": 3, "state": "CONFIRMED"}]
    assert both == reply.first["lines"]
    asked = {"lines": {"fields": "id", "filters": {"size.gt": 3}, "order_by": "-size, -id"}}
    rows = role_door.list({"fields": "id", "related": asked}, expose=LINES, statements=2)
    assert [{"id": 5}, {"id": 4}] == rows.body["results"]["3"]["lines"]


def test_a_computed_field_is_grouped_by_and_aggregated(role_door) -> None:
    entries = expose(ops=["list", "aggregate"], aggregates=["*"])
    query = {"fields": "id", "aggregate": "places.sum, total.max", "limit": 1}
    reply = role_door.list(query, expose=entries, statements=2)
    assert {"places": {"sum": 11}, "total": {"max": "1002.00"}} == reply.body["aggregates"]


def test_groups_of_a_computed_field(configure, client) -> None:
    configure(expose(ops=["list", "aggregate"], aggregates=["*"]))
    asked = {"group_by": "places", "aggregate": "count", "order_by": "places"}
    found = client.post("/api/booking/aggregate", asked, content_type="application/json").json()
    counts = [(row["places"], row["count"]) for row in found["results"]]
    assert [(0, 2), (1, 1), (2, 1), (4, 2)] == counts


def test_a_computed_field_is_aggregated_over_a_relation(role_door) -> None:
    entries = expose(ops=["list", "aggregate"], aggregates=["*"])
    entries["customer"] = {"anon": entries["booking"]["anon"]}
    query = {"fields": "n:booking.places.sum", "filters": {"booking.total.sum.gt": 300}}
    reply = role_door.list(query, expose=entries, model="customer")
    assert {"2": {"n": 8}} == reply.body["results"]


def test_a_computed_field_is_paged_by_cursor(role_door) -> None:
    query: Any = {"order_by": "-total.nulls_last, who", "fields": "id", "limit": 2, "cursor": True}
    pages = []
    while query:
        reply = role_door.list(query, expose=expose())
        pages.append(reply.ids)
        query = reply.body["pagination"].get("next")
    assert [[2, 6], [1, 3], [4, 5]] == pages


def test_a_computed_field_can_be_distinct(role_door) -> None:
    reply = role_door.list({"fields": "places", "distinct": True}, expose=expose())
    assert [0, 1, 2, 4] == sorted(row["places"] for row in reply.body["results"])
    query = {"fields": "id", "distinct": ["who"], "order_by": "-id"}
    assert {6, 5, 4, 3} == set(role_door.list(query, expose=expose()).ids)


def test_a_computed_field_is_never_written(configure, client) -> None:
    configure(expose(ops=["get", "list", "add", "edit"]))
    found = client.generic("OPTIONS", "/api/booking/").json()
    assert "total" in found["fields"]
    assert {"type": "decimal", "null": True} == {
        key: found["fields"]["total"][key] for key in ("type", "null")
    }
    assert not {"total", "who"} & {*found["writable"]["add"], *found["writable"]["edit"]}
    reply = client.patch("/api/booking/1", {"total": "5"}, content_type="application/json")
    assert 403 == reply.status_code
    assert "field 'total'" in reply.json()["error"]
    reply = client.patch("/api/booking/1", {"seats": 3}, content_type="application/json")
    assert "300.00" == reply.json()["total"]


def test_code_that_bypasses_grants_reads_it(configure) -> None:
    from django_flex import FlexQuery
    from tests.testapp.models import Booking

    configure(expose())
    found = FlexQuery(Booking).unrestricted().execute({"fields": "total", "limit": 1})
    assert {"1": {"total": "200.00"}} == found.to_dict()["results"]

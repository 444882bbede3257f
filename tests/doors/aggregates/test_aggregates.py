"""Aggregates over all rows that the caller may see: groups, totals, having, order, pages."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import Q

from tests.doors.fronts import AGGREGATING, Door

pytestmark = pytest.mark.usefixtures("bookings")


def may(model: str = "booking", **parts: Any) -> dict[str, Any]:
    """Return an EXPOSE in which everybody may ask for aggregates of one model."""
    return {model: {"anon": {**AGGREGATING, **parts}}}


def pairs(reply: Any, key: str, value: str) -> list[tuple[Any, Any]]:
    return [(row[key], row[value]) for row in reply.body["results"]]


def test_groups(door: Door) -> None:
    reply = door.aggregate({"group_by": "status", "aggregate": "count, total:price.sum"})

    assert {
        "pagination": {"offset": 0, "limit": 50, "has_more": False},
        "results": [
            {"status": "", "count": 1, "total": "0.50"},
            {"status": "cancelled", "count": 1, "total": None},
            {"status": "completed", "count": 1, "total": "99.99"},
            {"status": "confirmed", "count": 1, "total": "100.00"},
            {"status": "pending", "count": 2, "total": "501.00"},
        ],
    } == reply.body


def test_without_groups_the_result_is_one_object(door: Door) -> None:
    reply = door.aggregate({"aggregate": "count, price.count, price.sum, price.avg"})

    assert {
        "results": {"count": 6, "price": {"count": 5, "sum": "701.49", "avg": "140.30"}}
    } == reply.body


def test_rows_are_counted_where_nothing_is_named(door: Door) -> None:
    assert {"results": {"count": 6}} == door.aggregate().body


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("seats.count", 4, id="count"),
        pytest.param("seats.count_distinct", 3, id="count-distinct"),
        pytest.param("seats.sum", 11, id="sum"),
        pytest.param("seats.sum_distinct", 7, id="sum-distinct"),
        pytest.param("seats.avg", 2.75, id="avg"),
        pytest.param("seats.avg_distinct", 7 / 3, id="avg-distinct"),
        pytest.param("seats.min", 1, id="min"),
        pytest.param("seats.max", 4, id="max"),
        pytest.param("seats.stddev", 1.299038, id="stddev"),
        pytest.param("seats.variance", 1.6875, id="variance"),
        pytest.param("rating.avg", 25 / 6, id="avg-of-fractions"),
        pytest.param("price.variance", 9416.22, id="variance-of-decimals"),
    ],
)
def test_functions_of_numbers(query_door: Door, path: str, expected: Any) -> None:
    reply = query_door.aggregate({"aggregate": f"x:{path}"})

    assert 200 == reply.status, reply.body
    assert pytest.approx(expected, rel=1e-4) == reply.body["results"]["x"]
    assert type(expected) is type(reply.body["results"]["x"])


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("price.sum_distinct", "450.99", id="sum-distinct"),
        pytest.param("price.avg_distinct", "112.75", id="avg-distinct"),
        pytest.param("price.min", "0.50", id="min"),
        pytest.param("price.max", "250.50", id="max"),
        pytest.param("status.max", "pending", id="max-of-texts"),
        pytest.param("status.count_distinct", 5, id="count-distinct-of-texts"),
        pytest.param("day.min", "2024-12-30", id="min-of-dates"),
        pytest.param("created_at.max", "2025-06-30T14:00:00Z", id="max-of-moments"),
        pytest.param("starts.max", "23:59:59", id="max-of-times"),
        pytest.param("lasts.sum", "P2DT8100S", id="sum-of-durations"),
        pytest.param("customer.name.max", "Zoe", id="max-of-related"),
        pytest.param("customer.count_distinct", 4, id="count-distinct-of-keys"),
        pytest.param("lines.count", 5, id="count-of-related-rows"),
        pytest.param("lines.quantity.sum", 20, id="sum-of-related-rows"),
        pytest.param("lines.quantity.max", 7, id="max-of-related-rows"),
        pytest.param("tags.count", 3, id="count-of-linked-rows"),
    ],
)
def test_values_keep_their_kind_and_scale(query_door: Door, path: str, expected: Any) -> None:
    reply = query_door.aggregate({"aggregate": f"x:{path}"})

    assert {"results": {"x": expected}} == reply.body


def test_function_around_a_path_is_the_same_as_behind_it(door: Door) -> None:
    reply = door.aggregate({"aggregate": "sum(price), n:count(lines)"})

    assert {"results": {"price": {"sum": "701.49"}, "n": 5}} == reply.body


def test_no_rows_are_counted_as_none_and_have_no_sum(door: Door) -> None:
    query = {
        "aggregate": "count, price.sum, price.avg, price.max, lines.count, lines.quantity.sum",
        "filters": {"status": "nothing"},
    }
    none = {"sum": None, "avg": None, "max": None}

    assert {
        "results": {"count": 0, "price": none, "lines": {"count": 0, "quantity": {"sum": None}}}
    } == door.aggregate(query).body
    assert [] == door.aggregate({**query, "group_by": "status"}).body["results"]


def test_related_rows_of_no_rows_are_none(door: Door) -> None:
    query = {"aggregate": "n:lines.count, s:lines.quantity.sum"}

    assert [{"n": 5, "s": 20}, {"n": 0, "s": None}] == [
        door.aggregate({**query, "filters": filters}).body["results"]
        for filters in ({}, {"id": 99})
    ]


def test_no_rows_by_rule_are_the_same_as_none_by_filter(role_door: Door) -> None:
    reply = role_door.aggregate(
        {"aggregate": "count, price.sum, lines.count"},
        expose=may(rows=Q(pk__in=[]), aggregates=["count", "price.*", "lines.*"]),
        statements=0,
    )

    assert {"results": {"count": 0, "price": {"sum": None}, "lines": {"count": 0}}} == reply.body


def test_filter_over_a_to_many_relation_multiplies_nothing(door: Door) -> None:
    query = {"aggregate": "count, price.sum", "filters": {"lines.quantity.gte": 1}}

    assert {"results": {"count": 3, "price": {"sum": "450.49"}}} == door.aggregate(query).body


def test_queryset_with_joins_multiplies_nothing(role_door: Door) -> None:
    from tests.testapp.models import Booking

    def joined(_user: Any) -> Any:
        return Booking.objects.filter(lines__quantity__gte=1)

    entry = {"anon": {**AGGREGATING, "rows": "*"}, "queryset": joined}
    reply = role_door.aggregate({"aggregate": "count, price.sum"}, expose={"booking": entry})

    assert {"results": {"count": 3, "price": {"sum": "450.49"}}} == reply.body


def test_groups_over_a_to_one_relation(door: Door) -> None:
    reply = door.aggregate({"group_by": "customer.company.name", "order_by": "count"})

    found = [(row["customer"]["company"]["name"], row["count"]) for row in reply.body["results"]]
    assert {("Acme Corp", 2), ("Globex", 2), (None, 2)} == set(found)


def test_group_under_an_alias_stands_flat(door: Door) -> None:
    reply = door.aggregate({"group_by": "who:customer.name", "filters": {"seats.gte": 4}})

    assert [{"who": "Omar Khan", "count": 2}] == reply.body["results"]


def test_groups_by_a_key_in_a_json_column(door: Door) -> None:
    query = {"group_by": "level:metadata.level, theme:metadata.settings.theme"}
    reply = door.aggregate({**query, "order_by": "-level"}, model="customer")

    found = sorted(
        ((row["level"], row["theme"], row["count"]) for row in reply.body["results"]), key=str
    )
    assert [(3, "light", 1), (7, "dark", 1), (None, None, 2)] == found


def test_json_values_of_different_kinds_are_different_groups(role_door: Door) -> None:
    from tests.testapp.models import Customer

    values = [7, "7", True, "true", None, "Dark", "dark", 1.5]
    Customer.objects.all().delete()
    Customer.objects.bulk_create(Customer(name="x", metadata={"k": value}) for value in values)
    reply = role_door.aggregate({"group_by": "metadata.k"}, model="customer")

    found = [row["metadata"]["k"] for row in reply.body["results"]]
    assert sorted(map(repr, values)) == sorted(map(repr, found))


def test_json_groups_are_sorted_as_numbers(role_door: Door) -> None:
    from tests.testapp.models import Customer

    Customer.objects.all().delete()
    Customer.objects.bulk_create(Customer(name="x", metadata={"k": n}) for n in (10, 9, 100))
    query = {"group_by": "k:metadata.k", "order_by": "-k"}

    reply = role_door.aggregate(query, model="customer")
    assert [100, 10, 9] == [row["k"] for row in reply.body["results"]]


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        pytest.param("created_at.year", [(2024, 1), (2025, 2)], id="year"),
        pytest.param("created_at.month", [(1, 1), (6, 1), (12, 1)], id="month"),
        pytest.param("created_at.quarter", [(1, 1), (2, 1), (4, 1)], id="quarter"),
        pytest.param("created_at.week_day", [(2, 2), (4, 1)], id="week-day"),
        pytest.param("created_at.iso_week_day", [(1, 2), (3, 1)], id="iso-week-day"),
        pytest.param("day.iso_week_day", [(1, 2), (3, 1)], id="iso-week-day-of-a-date"),
        pytest.param("created_at.hour", [(9, 1), (14, 1), (23, 1)], id="hour"),
        pytest.param(
            "created_at.date",
            [("2024-12-30", 1), ("2025-01-15", 1), ("2025-06-30", 1)],
            id="date",
        ),
        pytest.param(
            "created_at.trunc_month",
            [
                ("2024-12-01T00:00:00Z", 1),
                ("2025-01-01T00:00:00Z", 1),
                ("2025-06-01T00:00:00Z", 1),
            ],
            id="trunc-month",
        ),
        pytest.param(
            "created_at.trunc_hour",
            [
                ("2024-12-30T23:00:00Z", 1),
                ("2025-01-15T09:00:00Z", 1),
                ("2025-06-30T14:00:00Z", 1),
            ],
            id="trunc-hour",
        ),
        pytest.param("day.trunc_year", [("2024-01-01", 1), ("2025-01-01", 2)], id="trunc-year"),
        pytest.param(
            "day.trunc_week",
            [("2024-12-30", 1), ("2025-01-13", 1), ("2025-06-30", 1)],
            id="trunc-week",
        ),
        pytest.param("starts.minute", [(0, 1), (30, 1), (59, 1)], id="minute"),
    ],
)
def test_groups_by_parts_of_dates(query_door: Door, part: str, expected: Any) -> None:
    field = part.partition(".")[0]
    query = {"group_by": f"part:{part}", "filters": {f"{field}.isnull": False}}

    assert expected == pairs(query_door.aggregate(query), "part", "count")


def test_part_of_a_date_nests_as_its_path_does(door: Door) -> None:
    query = {"group_by": "created_at.year", "filters": {"created_at.year": 2024}}

    assert [{"created_at": {"year": 2024}, "count": 1}] == door.aggregate(query).body["results"]


@pytest.mark.parametrize(
    ("having", "expected"),
    [
        pytest.param({"count.gte": 2}, ["pending"], id="count"),
        pytest.param({"price.sum.gt": 99.99}, ["confirmed", "pending"], id="aggregate-not-asked"),
        pytest.param({"total.lte": "99.99"}, ["", "completed"], id="alias"),
        pytest.param({"total": None}, ["cancelled"], id="null"),
        pytest.param({"total.ne": 501}, ["", "cancelled", "completed", "confirmed"], id="ne"),
        pytest.param({"status.startswith": "c"}, ["cancelled", "completed", "confirmed"], id="key"),
        pytest.param(
            {"or": {"count": 2, "status": "completed"}}, ["completed", "pending"], id="or"
        ),
        pytest.param({"not": {"count": 1}}, ["pending"], id="not"),
        pytest.param({"status.in": ["", "x"], "count": 1}, [""], id="and"),
        pytest.param({"created_at.max.year": 2025}, ["confirmed", "pending"], id="transform"),
        pytest.param({"lines.quantity.sum.gte": 7}, ["completed", "confirmed"], id="related"),
        pytest.param({"count.in": []}, [], id="nothing"),
    ],
)
def test_having(query_door: Door, having: dict[str, Any], expected: list[str]) -> None:
    query = {"group_by": "status", "aggregate": "total:price.sum", "having": having}
    reply = query_door.aggregate(query)

    assert expected == [row["status"] for row in reply.body["results"]]


@pytest.mark.parametrize(
    ("order_by", "expected"),
    [
        pytest.param("-status", ["pending", "confirmed", "completed"], id="key"),
        pytest.param("-total.nulls_last", ["pending", "confirmed", "completed"], id="alias"),
        pytest.param("-count, status", ["pending", "", "cancelled"], id="aggregate"),
        pytest.param(
            "-lines.quantity.sum.nulls_last", ["completed", "confirmed", "pending"], id="other"
        ),
    ],
)
def test_order_of_groups(query_door: Door, order_by: str, expected: list[str]) -> None:
    query = {"group_by": "status", "aggregate": "total:price.sum", "order_by": order_by}
    reply = query_door.aggregate(query)

    assert expected == [row["status"] for row in reply.body["results"]][:3]


def test_pages_of_groups(door: Door) -> None:
    query = {
        "group_by": "status",
        "aggregate": "n:count",
        "filters": {"price.gte": 0},
        "having": {"n.gte": 1},
        "order_by": "-n",
        "limit": 2,
    }
    first = door.aggregate(query)
    second = door.aggregate(
        {k: v for k, v in first.body["pagination"]["next"].items() if k != "_action"}
    )

    assert "aggregate" == first.body["pagination"]["next"]["_action"]
    assert [("pending", 2), ("", 1)] == pairs(first, "status", "n")
    assert [("completed", 1), ("confirmed", 1)] == pairs(second, "status", "n")
    assert {"offset": 2, "limit": 2, "has_more": False} == second.body["pagination"]


def test_totals_beside_a_list_are_of_all_its_rows(door: Door) -> None:
    query = {
        "fields": "id",
        "filters": {"customer.name.icontains": "khan"},
        "aggregate": "count, total:price.sum, lines.quantity.sum",
        "limit": 1,
        "order_by": "id",
    }
    reply = door.list(query, statements=2)

    assert [1] == reply.ids
    assert {"count": 4, "total": "700.99", "lines": {"quantity": {"sum": 20}}} == reply.body[
        "aggregates"
    ]
    assert (
        "count, total:price.sum, lines.quantity.sum"
        == reply.body["pagination"]["next"]["aggregate"]
    )


def test_rows_that_are_hidden_count_nowhere(role_door: Door) -> None:
    expose = {
        **may(rows=Q(customer__vip=True)),
        "line": {"anon": {"rows": Q(quantity__gte=5), "fields": ["*"], "ops": ["list"]}},
    }
    query = {"aggregate": "count, lines.count, lines.quantity.sum, lines.quantity.min"}
    reply = role_door.aggregate(query, expose=expose)

    lines = {"count": 3, "quantity": {"sum": 17, "min": 5}}
    assert {"results": {"count": 2, "lines": lines}} == reply.body


def test_hidden_related_row_is_in_the_group_of_none(role_door: Door) -> None:
    expose = {
        **may(fields=["*", "customer.name"]),
        "customer": {"anon": {"rows": Q(vip=True), "fields": ["*"], "ops": ["list"]}},
    }
    query = {"group_by": "who:customer.name", "aggregate": "count, last:customer.name.max"}
    reply = role_door.aggregate(query, expose=expose)

    assert {(None, None, 4), ("Aisha Khan", "Aisha Khan", 2)} == {
        (row["who"], row["last"], row["count"]) for row in reply.body["results"]
    }


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        pytest.param("customer.metadata.level", 7, id="number"),
        pytest.param("customer.metadata.settings.theme", "dark", id="text"),
        pytest.param("customer.metadata.active", True, id="boolean"),
    ],
)
@pytest.mark.parametrize("order_by", ["-key.nulls_first", "count"])
def test_json_of_a_hidden_related_row_is_in_the_group_of_none(
    role_door: Door, path: str, shown: Any, order_by: str
) -> None:
    expose = {
        **may(fields=["*", "customer.metadata"]),
        "customer": {"anon": {"rows": Q(vip=True), "fields": ["*"], "ops": ["list"]}},
    }
    query = {"group_by": f"key:{path}", "order_by": order_by}
    reply = role_door.aggregate(query, expose=expose)

    found = sorted(pairs(reply, "key", "count"), key=str)
    assert sorted([(None, 4), (shown, 2)], key=str) == found


@pytest.mark.parametrize("key", ["group_by", "having"])
def test_groups_mean_nothing_beside_a_list(role_door: Door, key: str) -> None:
    value = "status" if key == "group_by" else {"count": 1}
    reply = role_door.list({"aggregate": "count", key: value})

    assert (400, key) == (reply.status, reply.body["path"])


def test_field_called_as_a_function_is_a_field(role_door: Door) -> None:
    reply = role_door.aggregate({"group_by": "date", "aggregate": "date.max"}, model="tag")

    assert 400 == reply.status  # both would stand under "date"
    reply = role_door.aggregate({"group_by": "date", "aggregate": "m:date.max"}, model="tag")
    assert [("later", "later"), ("today", "today")] == pairs(reply, "date", "m")[-2:]


def test_decimals_of_a_related_row_that_may_be_hidden_keep_their_scale(role_door: Door) -> None:
    rule = {"anon": {**AGGREGATING, "rows": Q(pk__lte=2)}}
    expose = {"booking": rule, "invoice": {"anon": AGGREGATING}}
    query = {"group_by": "p:booking.price", "order_by": "p.nulls_last"}
    reply = role_door.aggregate(query, model="invoice", expose=expose)

    assert [("100.00", 1), ("250.50", 1)] == pairs(reply, "p", "count")


def test_null_datetimes_are_a_group(role_door: Door) -> None:
    query = {"group_by": "month:created_at.trunc_month", "order_by": "-month.nulls_first"}

    assert (None, 3) == pairs(role_door.aggregate(query), "month", "count")[0]

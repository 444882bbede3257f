"""Aggregates of related rows beside a row: as fields, as filters, as orderings."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import Q

from tests.doors.fronts import AGGREGATING, EVERYTHING, Door

pytestmark = pytest.mark.usefixtures("bookings")


def may(model: str = "booking", **parts: Any) -> dict[str, Any]:
    """Return an EXPOSE in which everybody may ask for aggregates of one model."""
    return {model: {"anon": {**AGGREGATING, **parts}}}


#: Everything of both, so that ``*`` reaches the lines of a booking.
BOTH = {**may(), "line": {"anon": AGGREGATING}}


def by_id(reply: Any, name: str) -> dict[int, Any]:
    return {int(key): row[name] for key, row in reply.body["results"].items()}


def test_count_of_related_rows_is_a_field(door: Door) -> None:
    reply = door.list({"fields": "n:lines.count"}, expose=may(aggregates=["lines.count"]))

    assert {1: 2, 2: 1, 3: 2, 4: 0, 5: 0, 6: 0} == by_id(reply, "n")


def test_sum_of_no_rows_is_null(role_door: Door) -> None:
    reply = role_door.list({"fields": "n:lines.quantity.sum"})

    assert {1: 7, 2: 1, 3: 12, 4: None, 5: None, 6: None} == by_id(reply, "n")


def test_result_nests_as_the_path_does(role_door: Door) -> None:
    query = {"fields": "id, lines.count, lines.quantity.sum, max(lines.quantity)"}
    reply = role_door.list({**query, "filters": {"id": 1}})

    assert {"id": 1, "lines": {"count": 2, "quantity": {"sum": 7, "max": 5}}} == reply.first


def test_get_has_aggregates_too(role_door: Door) -> None:
    assert {"lines": {"count": 2}} == role_door.get(1, {"fields": "lines.count"}).body


def test_aggregates_over_links(role_door: Door) -> None:
    reply = role_door.list({"fields": "n:tags.count, last:tags.date.max"})

    assert {1: 2, 2: 1, 3: 0, 4: 0, 5: 0, 6: 0} == by_id(reply, "n")
    assert "today" == by_id(reply, "last")[1]


def test_several_relations_never_multiply_each_other(role_door: Door) -> None:
    query = {
        "fields": "id, lines.count, tags.count, lines.quantity.sum",
        "filters": {"lines.quantity.gte": 1, "tags.slug": "red"},
        "order_by": "-lines.count, id",
    }
    reply = role_door.list(query)

    assert [
        {"id": 1, "lines": {"count": 2, "quantity": {"sum": 7}}, "tags": {"count": 2}},
        {"id": 2, "lines": {"count": 1, "quantity": {"sum": 1}}, "tags": {"count": 1}},
    ] == [reply.body["results"][str(key)] for key in reply.ids]


def test_to_one_hops_before_and_after(role_door: Door) -> None:
    query = {"fields": "customer.booking.count, rows:customer.booking.address.city.count"}
    reply = role_door.list({**query, "filters": {"id.in": [1, 2]}}, MAX_RELATION_DEPTH=3)

    assert {
        "1": {"customer": {"booking": {"count": 2}}, "rows": 1},
        "2": {"customer": {"booking": {"count": 2}}, "rows": 2},
    } == reply.body["results"]


def test_decimals_keep_their_scale(role_door: Door) -> None:
    query = {"fields": "s:booking.price.sum, a:booking.price.avg, m:booking.price.min"}
    reply = role_door.list({**query, "filters": {"id": 2}}, model="customer")

    assert {"s": "501.00", "a": "250.50", "m": "250.50"} == reply.first


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        pytest.param({"lines.count": 2}, [1, 3], id="equal"),
        pytest.param({"lines.count.gte": 1}, [1, 2, 3], id="gte"),
        pytest.param({"lines.count": 0}, [4, 5, 6], id="none"),
        pytest.param({"lines.count.ne": 0}, [1, 2, 3], id="ne"),
        pytest.param({"lines.count.in": [0, 1]}, [2, 4, 5, 6], id="in"),
        pytest.param({"lines.quantity.sum.gt": 5}, [1, 3], id="sum"),
        pytest.param({"lines.quantity.sum": None}, [4, 5, 6], id="null"),
        pytest.param({"lines.quantity.sum.isnull": False}, [1, 2, 3], id="not-null"),
        pytest.param({"not": {"lines.quantity.sum.gt": 5}}, [2, 4, 5, 6], id="complement"),
        pytest.param({"lines.quantity.sum.ne": 1}, [1, 3, 4, 5, 6], id="ne-and-null"),
        pytest.param(
            {"lines.count": 2, "lines.quantity.gte": 7}, [3], id="beside-a-condition-on-rows"
        ),
        pytest.param({"or": {"lines.count": 1, "tags.count": 2}}, [1, 2], id="or"),
        pytest.param({"customer.booking.count.gte": 2}, [1, 2, 3, 6], id="hop-before"),
        pytest.param({"count(lines)": 1}, [2], id="call"),
        pytest.param({"lines.product.max.startswith": "s"}, [1, 3], id="text"),
    ],
)
def test_filters(query_door: Door, filters: dict[str, Any], expected: list[int]) -> None:
    reply = query_door.list({"fields": "id", "filters": filters, "order_by": "id"})

    assert expected == reply.ids


def test_filter_by_a_sum_of_decimals_is_exact(role_door: Door) -> None:
    from tests.testapp.models import Booking

    Booking.objects.filter(customer=4).delete()
    Booking.objects.bulk_create(Booking(customer_id=4, price="0.10") for _ in range(3))
    query = {"fields": "id", "filters": {"booking.price.sum": "0.30"}}

    assert [{"id": 4}] == role_door.list(query, model="customer").results


def test_filter_inside_a_quantifier_is_about_that_row(role_door: Door) -> None:
    query = {"fields": "id", "filters": {"booking.some": {"lines.count": 1}}}

    assert [{"id": 2}] == role_door.list(query, model="customer").results


@pytest.mark.parametrize(
    ("order_by", "expected"),
    [
        pytest.param("-lines.count, id", [1, 3, 2, 4, 5, 6], id="count"),
        pytest.param("lines.count, -id", [6, 5, 4, 2, 3, 1], id="ascending"),
        pytest.param("-lines.quantity.sum.nulls_last, id", [3, 1, 2, 4, 5, 6], id="sum"),
        pytest.param("lines.quantity.sum.nulls_first, -id", [6, 5, 4, 2, 1, 3], id="nulls-first"),
    ],
)
@pytest.mark.parametrize("fields", ["id", "id, lines.count, n:lines.quantity.sum"])
def test_orderings(query_door: Door, order_by: str, expected: list[int], fields: str) -> None:
    assert expected == query_door.list({"fields": fields, "order_by": order_by}).ids


def test_rows_that_are_hidden_count_nowhere(role_door: Door) -> None:
    expose = {
        **may(),
        "line": {"anon": {**EVERYTHING, "rows": Q(quantity__gte=5)}},
    }
    query = {"fields": "n:lines.count, s:lines.quantity.sum", "order_by": "-lines.count, id"}
    reply = role_door.list(query, expose=expose)

    assert {1: 1, 2: 0, 3: 2, 4: 0, 5: 0, 6: 0} == by_id(reply, "n")
    assert [3, 1, 2, 4, 5, 6] == reply.ids
    found = role_door.list({"fields": "id", "filters": {"lines.count": 1}}, expose=expose)
    assert [{"id": 1}] == found.results


def test_no_visible_row_counts_as_none(role_door: Door) -> None:
    expose = {**may(aggregates=["lines.count", "lines.quantity.*"]), "line": {"anon": {}}}
    reply = role_door.list({"fields": "n:lines.count, s:lines.quantity.sum"}, expose=expose)

    assert {0} == set(by_id(reply, "n").values())
    assert {None} == set(by_id(reply, "s").values())


def test_manager_that_hides_rows_hides_them_here(role_door: Door) -> None:
    from tests.testapp.models import Service

    for deleted in (True, False, False):
        Service.everything.create(name="x", deleted=deleted, company_id=1)
    expose = may("company", aggregates=["services.count"])
    reply = role_door.list({"fields": "n:services.count"}, model="company", expose=expose)

    assert {1: 2, 2: 0} == by_id(reply, "n")


def test_hidden_row_on_the_way_gives_null(role_door: Door) -> None:
    expose = {
        **may(aggregates=["customer.booking.count"]),
        "customer": {"anon": {**EVERYTHING, "rows": Q(vip=True)}},
    }
    query = {"fields": "customer.booking.count, n:customer.booking.count"}
    reply = role_door.list({**query, "filters": {"id.in": [1, 2]}}, expose=expose)

    assert {
        "1": {"customer": {"booking": {"count": 2}}, "n": 2},
        "2": {"customer": None, "n": None},
    } == reply.body["results"]
    filters = {"customer.booking.count.gte": 0}
    found = role_door.list({"fields": "id", "filters": filters, "order_by": "id"}, expose=expose)
    assert [1, 3] == found.ids


def test_row_that_is_not_there_has_no_count(role_door: Door) -> None:
    query = {"fields": "n:address.booking.count", "order_by": "id"}

    assert {1: 2, 2: 1, 3: None, 4: None, 5: None, 6: 2} == by_id(role_door.list(query), "n")


def test_aggregates_in_nested_lists(role_door: Door) -> None:
    query = {"fields": "booking.id, booking.lines.count", "filters": {"id": 1}}
    reply = role_door.list(query, model="customer", statements=2)

    assert [{"id": 1, "lines": {"count": 2}}, {"id": 3, "lines": {"count": 2}}] == reply.first[
        "booking"
    ]


def test_aggregates_select_and_sort_nested_lists(role_door: Door) -> None:
    related = {"filters": {"lines.count.gte": 1}, "order_by": "-lines.quantity.sum", "limit": 1}
    query = {"fields": "booking.id", "related": {"booking": {**related, "fields": "id"}}}
    reply = role_door.list({**query, "order_by": "id"}, model="customer", statements=2)

    assert [[{"id": 3}], [{"id": 2}], [], []] == [row["booking"] for row in reply.results]


SOME = may(
    fields=["id", "lines.quantity"],
    filters=["id.*", "lines.count.gte"],
    order_by=["id", "-lines.count"],
    aggregates=["lines.count"],
)


def test_written_out_grants_suffice(role_door: Door) -> None:
    query = {"fields": "lines.count", "filters": {"lines.count.gte": 2}, "order_by": "-lines.count"}

    assert [1, 3] == role_door.list(query, expose=SOME).ids


@pytest.mark.parametrize(
    ("query", "code"),
    [
        pytest.param({"fields": "lines.quantity.sum"}, "field.denied", id="field"),
        pytest.param({"fields": "tags.count"}, "field.denied", id="relation"),
        pytest.param({"fields": "nothing.count"}, "field.denied", id="unknown-relation"),
        pytest.param({"fields": "lines.median"}, "field.denied", id="unknown-function"),
        pytest.param({"fields": "status.max"}, "field.denied", id="of-the-row-itself"),
        pytest.param({"filters": {"lines.count": 2}}, "filter.denied", id="operator"),
        pytest.param({"filters": {"lines.quantity.sum": 2}}, "filter.denied", id="filter"),
        pytest.param({"filters": {"tags.count.gte": 2}}, "filter.denied", id="filter-relation"),
        pytest.param({"filters": {"lines.count.century": 2}}, "filter.denied", id="transform"),
        pytest.param({"order_by": "lines.count"}, "order.denied", id="direction"),
        pytest.param({"order_by": "-lines.quantity.sum"}, "order.denied", id="order"),
        pytest.param({"order_by": "count"}, "order.denied", id="order-by-nothing"),
    ],
)
def test_what_is_not_granted_looks_unknown(role_door: Door, query: Any, code: str) -> None:
    reply = role_door.list({"fields": "id", **query}, expose=SOME)

    assert (403, code, 0) == (reply.status, reply.body["code"], reply.statements)


@pytest.mark.parametrize(
    "query",
    [
        {"fields": "lines.count"},
        {"filters": {"lines.count.gte": 2}},
        {"order_by": "-lines.count"},
    ],
)
def test_operation_is_needed(role_door: Door, query: Any) -> None:
    parts = {**SOME["booking"]["anon"], "ops": ["get", "list"]}
    reply = role_door.list({"fields": "id", **query}, expose={"booking": {"anon": parts}})

    assert (403, 0) == (reply.status, reply.statements)


def test_a_wildcard_of_aggregates_covers_only_readable_lists(role_door: Door) -> None:
    query = {"fields": "lines.count"}

    assert 200 == role_door.list(query, expose=BOTH).status
    assert 403 == role_door.list(query, expose=may()).status


@pytest.mark.parametrize(
    ("query", "place"),
    [
        pytest.param({"fields": "lines.product.sum"}, "fields", id="sum-of-texts"),
        pytest.param({"fields": "lines.sum"}, "fields", id="sum-of-rows"),
        pytest.param({"fields": "n:lines.count, n:tags.count"}, "fields", id="alias-twice"),
        pytest.param({"fields": "lines.quantity, lines.count"}, "fields", id="list-and-aggregate"),
        pytest.param({"fields": "lines.count, lines.quantity"}, "fields", id="the-other-way"),
        pytest.param({"order_by": "tags.bookings.count"}, "order_by", id="two-relations"),
        pytest.param(
            {"filters": {"tags.bookings.count": 1}}, "filters.tags.bookings.count", id="two-filter"
        ),
        pytest.param({"filters": {"lines.count": "x"}}, "filters.lines.count", id="value"),
        pytest.param({"filters": {"lines.count.gte": None}}, "filters.lines.count.gte", id="null"),
        pytest.param(
            {"filters": {"lines.count": {"$field": "seats"}}}, "filters.lines.count", id="column"
        ),
        pytest.param(
            {"filters": {"lines.count.icontains": "1"}}, "filters.lines.count.icontains", id="text"
        ),
    ],
)
def test_invalid_queries_are_refused(query_door: Door, query: Any, place: str) -> None:
    reply = query_door.list({"fields": "id", **query})

    assert (400, place, 0) == (reply.status, reply.body.get("path"), reply.statements), reply.body


def test_same_aggregate_twice_is_one_value(role_door: Door) -> None:
    query = {"fields": "lines.count, lines.count, n:lines.count", "filters": {"id": 1}}

    assert {"lines": {"count": 2}, "n": 2} == role_door.list(query).first


def test_depth_counts_the_hops(role_door: Door) -> None:
    query = {"fields": "customer.booking.lines.count"}
    reply = role_door.list(query)

    assert (400, "query.limit") == (reply.status, reply.body["code"])


@pytest.mark.parametrize("where", ["booking", "line"])
def test_few_related_rows_have_no_aggregate(role_door: Door, where: str) -> None:
    expose = {**BOTH, where: {"anon": {**AGGREGATING, "min_group": 2}}}
    query = {"fields": "n:lines.count, s:lines.quantity.sum"}
    reply = role_door.list(query, expose=expose)

    assert {1: 2, 2: None, 3: 2, 4: None, 5: None, 6: None} == by_id(reply, "n")
    assert {1: 7, 2: None, 3: 12, 4: None, 5: None, 6: None} == by_id(reply, "s")
    few = role_door.list({"fields": "id", "filters": {"lines.count.lt": 2}}, expose=expose)
    assert [] == few.results


def test_rules_may_count(role_door: Door) -> None:
    reply = role_door.list({"fields": "id"}, expose=may(rows={"lines.count.gte": 2}))

    assert [1, 3] == [row["id"] for row in reply.results]


def test_custom_links_count_a_row_once(role_door: Door) -> None:
    """Users and teams are linked by a table of Django's own, where a pair stands once."""
    from django.contrib.auth import get_user_model

    from tests.testapp.models import Team

    team = Team.objects.create(name="A")
    for name in ("x", "y"):
        team.members.add(get_user_model().objects.create_user(name))
    expose = may("team", aggregates=["members.count"])
    reply = role_door.list({"fields": "n:members.count"}, model="team", expose=expose)

    assert [{"n": 2}] == reply.results

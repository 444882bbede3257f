"""A page is chosen by its keys; what it only shows is joined and computed for its rows alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.test.utils import CaptureQueriesContext

from django_flex import FlexQuery
from django_flex.backends.orm.reading import deferred_joins
from django_flex.schema.resources import Relation
from tests.doors.fronts import OPEN, grant
from tests.testapp.models import (
    Booking,
    Company,
    Invoice,
    Node,
    Offer,
    Product,
    Restaurant,
    Service,
    Tag,
)


def run(**query: Any) -> tuple[dict[str, Any], str]:
    """Return the reply to a list of bookings, and the last statement that read them."""
    with CaptureQueriesContext(connection) as captured:
        reply = FlexQuery("booking").execute({"_action": "list", **query})
    assert reply.status_code == 200, reply.to_dict()
    statements = [q["sql"] for q in captured if "testapp_booking" in q["sql"]]
    assert len(statements) == 1
    return reply.to_dict(), statements[0]


def is_late(sql: str) -> bool:
    return "flex_keys" in sql


QUERIES: list[dict[str, Any]] = [
    {"fields": "id, customer.name"},
    {"fields": "customer.*, address.city, invoice.number", "order_by": "-created_at"},
    {"fields": "customer.company.name, seats", "order_by": "seats.nulls_first, -id", "limit": 3},
    {"fields": "customer.name", "filters": {"customer.name.icontains": "a"}, "limit": 2},
    {"fields": "address.city", "order_by": "customer.name", "offset": 1, "limit": 2},
    {"fields": "id, loud", "filters": {"seats.gte": 1}, "order_by": "-id"},
    {"fields": "customer.name", "filters": {"lines.some": {"quantity.gte": 1}}, "shape": "list"},
    {"fields": "customer.name", "filters": {"customer.metadata.level.gte": 3}},
    {"fields": "address.city", "order_by": "customer.metadata.level, -price"},
    {"fields": "customer.name", "offset": 100},
]


GRANTED: dict[str, Any] = {
    "fields": [
        "*",
        "*.*",
        "customer.company.name",
        "loud",
        "customer.metadata.*",
        "lines.quantity",
    ],
    "filters": ["*", "customer.metadata.level.*", "lines.quantity.*"],
    "order_by": ["*", "customer.metadata.level"],
}


@pytest.mark.parametrize("query", QUERIES, ids=str)
@pytest.mark.parametrize(
    "rows", ["*", lambda _user: Q(customer__name__gt="B") | Q(address=None), Q(pk__gt=2)]
)
def test_the_reply_is_the_same_as_with_joins_first(bookings, configure, monkeypatch, query, rows):
    rule = {"customer": {"anon": {"fields": ["*"], "rows": Q(name__lt="D"), "ops": ["list"]}}}
    exposed = {**grant(rows=rows, **GRANTED), **rule}
    exposed["booking"]["computed"] = {"loud": Upper(F("customer__name"))}
    for _ in range(2):  # compiled, and kept
        configure(EXPOSE=exposed)
        found, sql = run(**query)
        monkeypatch.setattr(deferred_joins, "LARGEST", 0)
        expected, plain = run(**query)
        monkeypatch.undo()

        assert found == expected
        assert not is_late(plain)
        assert is_late(sql)


@pytest.mark.parametrize(
    "query",
    [
        pytest.param({"fields": "id, seats"}, id="nothing-to-join"),
        pytest.param({"fields": "customer.name", "order_by": "customer.name"}, id="joined-to-sort"),
        pytest.param({"fields": "customer.name", "limit": 201}, id="a-large-page"),
        pytest.param({"fields": "customer.name", "cursor": True}, id="cursor"),
        pytest.param({"fields": "customer.name", "distinct": True}, id="combinations"),
    ],
)
def test_other_lists_are_read_without_deferred_joins(bookings, configure, query):
    configure(EXPOSE=grant(fields=["*", "customer.name"]), MAX_LIMIT=1_000)

    assert not is_late(run(**query)[1])


def test_the_joined_tables_do_not_take_part_in_the_choice(bookings, configure):
    configure(EXPOSE=grant(fields=["*", "customer.name"]))
    _, sql = run(fields="id, customer.name", filters={"seats.gte": 1}, order_by="-created_at")

    inner = sql[sql.index("FROM (") : sql.index(")", sql.index("LIMIT"))]
    assert "testapp_customer" not in inner
    assert "WHERE" in inner


def test_pages_follow_each_other_without_a_gap(bookings, configure):
    configure(EXPOSE=grant(fields=["*", "customer.name"]))
    query: dict[str, Any] | None = {"fields": "customer.name", "order_by": "status", "limit": 2}
    seen: list[str] = []
    while query is not None:
        reply, sql = run(**query)
        assert is_late(sql)
        seen += reply["pagination"]["ids"]
        query = reply["pagination"].get("next")

    expected = Booking.objects.order_by("status", "pk").values_list("pk", flat=True)
    assert [int(key) for key in seen] == list(expected)


def test_a_row_whose_reference_may_be_broken_is_joined_before_the_page_is_cut(
    bookings, configure, monkeypatch
):
    """Such a row is in no list, so a page that was chosen before would have one row too few."""
    configure(EXPOSE=grant(fields=["*", "customer.name"]))
    assert is_late(run(fields="customer.name")[1])
    monkeypatch.setattr(deferred_joins, "_is_there", lambda _hop: False)
    deferred_joins._needs_cache.clear()

    assert not is_late(run(fields="customer.name")[1])
    deferred_joins._needs_cache.clear()


@pytest.mark.parametrize(
    ("null", "constrained", "there"),
    [(False, True, True), (True, False, True), (True, True, True), (False, False, False)],
)
def test_a_reference_is_trusted_if_it_may_be_null_or_the_database_keeps_it(
    null, constrained, there
):
    from django_flex.schema.introspection import describe

    relation: Relation = describe(Booking).relations["customer"]

    assert deferred_joins._is_there(replace(relation, null=null, constrained=constrained)) is there


def test_nothing_that_matches_is_an_empty_page(bookings, configure):
    configure(EXPOSE=grant(fields=["*", "customer.name"]))
    query = {"_action": "list", "fields": "customer.name", "filters": {"id.in": []}}

    assert FlexQuery("booking").execute(query).to_dict()["results"] == {}


def test_explain_shows_the_statement_that_is_run(bookings, configure):
    configure(EXPOSE=grant(fields=["*", "customer.name"], ops=["list", "explain"]))
    reply = FlexQuery("booking").execute(
        {"_action": "list", "fields": "customer.name", "explain": True}
    )

    assert "flex_keys" in str(reply.to_dict())


def make_more() -> None:
    """Three rows of each model that ``bookings`` leaves out."""
    company = Company.objects.create(name="Late")
    parent = None
    for number in range(3):
        name = f"n{number}"
        parent = Node.objects.create(title=name, parent=parent)
        Restaurant.objects.create(name=name, stars=number)
        service = Service.everything.create(name=name, company=company)
        Offer.objects.create(service=service, title=name)
        Service.everything.create(name=name, company=company, deleted=True)
        tag = Tag.objects.create(slug=name, date=name)
        Product.objects.create(sku=name, name=name, tag=tag)
        booking = Booking.objects.filter(invoice__isnull=True).earliest("pk")
        Invoice.objects.create(booking=booking, number=name)


@pytest.mark.parametrize(
    ("model", "fields", "order"),
    [
        pytest.param("node", "title, parent.title", "-title", id="self-reference-uuid-key"),
        pytest.param("restaurant", "stars, called:name", "-id", id="inherited-table"),
        pytest.param("offer", "service.name, service.company.name", "id", id="manager-of-its-own"),
        pytest.param("service", "company.name", "-id", id="its-manager-filters"),
        pytest.param("invoice", "booking.status", "-number", id="one-to-one"),
        pytest.param("company", "name, n:customers.count", "-name", id="a-count-of-each-row"),
        pytest.param("line", "booking.customer.name", "quantity", id="two-hops"),
        pytest.param("product", "tag.date", "-name", id="key-that-is-text"),
    ],
)
def test_models_of_all_kinds_are_listed_alike(
    bookings, configure, monkeypatch, model, fields, order
):
    make_more()
    configure(EXPOSE={**OPEN, "product": {"anon": "*"}})
    query = {"_action": "list", "fields": fields, "order_by": order, "limit": 2, "offset": 1}
    for _ in range(2):
        found = FlexQuery(model).execute(query)
        monkeypatch.setattr(deferred_joins, "LARGEST", 0)
        expected = FlexQuery(model).execute(query)
        monkeypatch.undo()

        assert found.status_code == 200, found.to_dict()
        assert len(found.to_dict()["results"]) == 2
        assert found.to_dict() == expected.to_dict()

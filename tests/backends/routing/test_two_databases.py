"""Models in two databases, as a router has it: related rows are read apart, never joined."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import connections, models, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Q
from django.test import Client

from django_flex import FlexQuery
from django_flex.checks import check_settings
from tests.conftest import create_bookings
from tests.doors.fronts import EVERYTHING
from tests.testapp.models import Booking, Customer

ARCHIVE = "archive"
#: Stored in the archive; customers and companies are not.
ARCHIVED = {"booking", "booking_tags", "line", "tag", "address", "team", "invoice"}
OPS = ["get", "list", "add", "edit", "delete", "aggregate", "bulk_edit", "explain"]
GRANT: dict[str, Any] = {**EVERYTHING, "aggregates": ["*"], "write_fields": "*", "ops": OPS}
NAMES = ("booking", "customer", "company", "line", "tag", "address")
EXPOSE: dict[str, Any] = {name: {"anon": GRANT} for name in NAMES}


class ByModel:
    """A router of a project; what is read is asked for with nothing but a model."""

    def db_for_read(self, model: type[models.Model], **hints: Any) -> str | None:
        return ARCHIVE if model._meta.model_name in ARCHIVED else None

    db_for_write = db_for_read


pytestmark = pytest.mark.django_db(databases=["default", ARCHIVE])


@pytest.fixture(scope="module", autouse=True)
def second_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A database in memory, with the tables of what is stored there and of nothing else."""
    config = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:", "OPTIONS": {}}
    connections.settings[ARCHIVE] = {**connections["default"].settings_dict, **config}
    connection = connections[ARCHIVE]
    # Its foreign keys lead to tables that it does not have.
    connection.features.can_defer_constraint_checks = False
    with django_db_blocker.unblock():
        connection.disable_constraint_checking()
        with connection.schema_editor() as editor:
            for model in {apps.get_model("testapp", name) for name in ARCHIVED}:
                if not model._meta.auto_created:
                    editor.create_model(model)
        connection.disable_constraint_checking()
        yield
        # The close() of SQLite leaves a database in memory open, for Django's own tests.
        BaseDatabaseWrapper.close(connection)
    del connections[ARCHIVE], connections.settings[ARCHIVE]


@pytest.fixture
def archive(db: None, settings: Any) -> None:
    """Rows in two databases."""
    settings.DATABASE_ROUTERS = [f"{__name__}.ByModel"]
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": EXPOSE}
    create_bookings()


def ask(model: str, **query: Any) -> Any:
    return FlexQuery(model).execute(query)


def rows(result: Any) -> Any:
    assert result.ok, result.to_dict()
    return result.to_dict()["results"]


def test_the_rows_are_in_two_databases(archive: None) -> None:
    assert router.db_for_read(Booking) == ARCHIVE != router.db_for_read(Customer)
    assert Booking.objects.count() == 6
    assert Customer.objects.count() == 4


@pytest.mark.parametrize(
    ("model", "query", "expected"),
    [
        pytest.param(
            "customer",
            {"fields": "booking.status", "filters": {"name": "Aisha Khan"}},
            {"1": {"booking": [{"status": "confirmed"}, {"status": "completed"}]}},
            id="rows",
        ),
        pytest.param(
            "customer",
            {"fields": "booking", "filters": {"id.in": [1, 3]}},
            {"1": {"booking": [1, 3]}, "3": {"booking": [4]}},
            id="keys",
        ),
        pytest.param(
            "customer",
            {
                "fields": "booking.id",
                "related": {"booking": {"filters": {"lines.some": {"product": "mop"}}}},
                "filters": {"id": 1},
            },
            {"1": {"booking": [{"id": 1}]}},
            id="filtered",
        ),
        pytest.param(
            "customer",
            {
                "fields": "booking.address.city",
                "related": {"booking": {"order_by": "address.city", "limit": 1}},
                "filters": {"id": 2},
            },
            {"2": {"booking": [{"address": {"city": "Berlin"}}]}},
            id="joined-there",
        ),
        pytest.param(
            "customer",
            {"fields": "booking.lines.product", "filters": {"id": 2}},
            {"2": {"booking": [{"lines": [{"product": "mop"}]}, {"lines": []}]}},
            id="lists-in-lists",
        ),
        pytest.param(
            "company",
            {"fields": "customers.booking.seats", "filters": {"id": 2}},
            {"2": {"customers": [{"booking": [{"seats": 4}, {"seats": 4}]}]}},
            id="at-any-depth",
        ),
    ],
)
def test_lists_are_read_from_their_own_database(
    archive: None, model: str, query: dict[str, Any], expected: Any
) -> None:
    found = rows(ask(model, **query))
    assert {key: {k: v for k, v in row.items() if k != "id"} for key, row in found.items()} == (
        expected
    )


def test_a_get_reads_lists_there(archive: None) -> None:
    got = ask("customer", _action="get", _id=1, fields="booking.id")
    assert rows_of_one(got) == [{"id": 1}, {"id": 3}]


def test_a_stream_reads_lists_there(archive: None) -> None:
    url = "/api/customers/?format=ndjson&fields=booking.id&filters.id=1"
    response: Any = Client().get(url)
    assert response.status_code == 200
    assert b'[{"id":1},{"id":3}]' in b"".join(response)


def test_explain_shows_the_statement_of_the_other_database(archive: None) -> None:
    explained = ask("customer", fields="booking.id", explain=True).to_dict()
    assert [one["reads"] for one in explained["plan"]["statements"]] == ["rows", "booking"]


def rows_of_one(result: Any) -> Any:
    assert result.ok, result.to_dict()
    return result.to_dict()["booking"]


@pytest.mark.parametrize(
    ("model", "query"),
    [
        pytest.param("booking", {"fields": "customer.name"}, id="field"),
        pytest.param("line", {"fields": "booking.customer.name"}, id="field-behind-one"),
        pytest.param("booking", {"filters": {"customer.name": "Zoe"}}, id="filter"),
        pytest.param("booking", {"filters": {"status": {"$field": "customer.name"}}}, id="column"),
        pytest.param("customer", {"filters": {"booking.some": {"seats": 2}}}, id="some"),
        pytest.param("customer", {"filters": {"booking.count.gt": 1}}, id="count-filter"),
        pytest.param("booking", {"order_by": "customer.name"}, id="order"),
        pytest.param("customer", {"fields": "booking.count"}, id="count"),
        pytest.param("booking", {"fields": "customer.name", "distinct": True}, id="distinct"),
        pytest.param("booking", {"aggregate": "customer.name.min"}, id="totals"),
        pytest.param(
            "booking",
            {"_action": "aggregate", "aggregate": "count", "group_by": "customer.name"},
            id="group",
        ),
        pytest.param(
            "company",
            {"fields": "customers.id", "related": {"customers": {"order_by": "booking.count"}}},
            id="order-of-a-list",
        ),
        pytest.param("customer", {"_action": "delete", "_id": 1}, id="delete"),
        pytest.param(
            "customer", {"_action": "add", "name": "Bo", "booking": {"$add": [{}]}}, id="children"
        ),
    ],
)
def test_nothing_is_joined_over_two_databases(
    archive: None, model: str, query: dict[str, Any], django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        result = ask(model, **query)
    reply = result.to_dict()
    assert (result.status_code, reply["code"]) == (400, "query.unsupported")
    assert reply["hint"]
    assert reply["path"]


def test_a_key_of_the_other_database_is_a_column(archive: None) -> None:
    found = rows(
        ask("booking", fields="id, customer", filters={"customer": 1}, order_by="customer")
    )
    assert [row["customer"] for row in found.values()] == [1, 1]


def test_a_foreign_key_is_looked_up_where_its_row_is(archive: None) -> None:
    result = ask("booking", _action="edit", _id=1, customer=4, _fields="id, customer")
    assert result.ok, result.to_dict()
    assert Booking.objects.get(pk=1).customer_id == 4
    result = ask("booking", _action="edit", _id=1, customer=99)
    assert (result.status_code, result.to_dict()["code"]) == (400, "write.invalid")


def test_a_hidden_row_of_the_other_database_is_no_foreign_key(archive: None, settings: Any) -> None:
    hiding = {"anon": {**GRANT, "rows": {"vip": True}}}
    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "EXPOSE": {**EXPOSE, "customer": hiding},
    }
    result = ask("booking", _action="edit", _id=1, customer=4)
    assert (result.status_code, result.to_dict()["code"]) == (400, "write.invalid")
    assert ask("booking", _action="edit", _id=3, customer=1).ok


def test_lists_in_what_was_written_are_read_there(archive: None) -> None:
    result = ask("customer", _action="edit", _id=1, name="Aisha", _fields="booking.id")
    assert rows_of_one(result) == [{"id": 1}, {"id": 3}]


def messages(settings: Any, id_: str, **expose: Any) -> list[str]:
    settings.DJANGO_FLEX = {"EXPOSE": {**EXPOSE, **expose}}
    return [m.msg for m in check_settings() if m.id == f"django_flex.{id_}"]


@pytest.mark.parametrize(
    ("model", "rule", "wrong"),
    [
        ("booking", {"customer.name": "Zoe"}, True),
        ("customer", {"booking.some": {"seats": 2}}, True),
        ("booking", Q(customer__name="Zoe"), True),
        ("line", Q(product=F("booking__customer__name")), True),
        ("booking", {"customer": 1}, False),
        ("line", {"booking.status": "new"}, False),
    ],
)
def test_a_rule_that_needs_the_other_database_is_a_mistake(
    archive: None, settings: Any, model: str, rule: Any, wrong: bool
) -> None:
    found = messages(settings, "E029", **{model: {"anon": {**GRANT, "rows": rule}}})
    assert bool(found) is wrong


@pytest.mark.parametrize(
    ("model", "grant", "wrong"),
    [
        ("booking", {"fields": ["id", "customer.name"]}, True),
        ("booking", {"fields": ["id", "customer.*"]}, True),
        ("booking", {"filters": ["customer.name.icontains"]}, True),
        ("customer", {"filters": ["booking.status"]}, True),
        ("line", {"order_by": ["booking.customer.name"]}, True),
        ("booking", {"fields": ["id", "customer", "customer_id", "lines.product"]}, False),
        ("customer", {"fields": ["id", "booking.status", "booking.address.city"]}, False),
        ("customer", {"fields": ["id", "booking.customer.name"]}, True),
        ("tag", {"fields": ["slug", "bookings.customer.name"]}, True),
        ("customer", {"order_by": ["company.name"]}, False),
    ],
)
def test_a_granted_path_that_joins_two_databases_is_reported(
    archive: None, settings: Any, model: str, grant: dict[str, Any], wrong: bool
) -> None:
    found = messages(settings, "W027", **{model: {"anon": {**GRANT, **grant}}})
    assert bool(found) is wrong, found


def test_aliases_of_one_database_are_joined(
    bookings: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A router may reach one database by several aliases."""
    for alias in ("default", ARCHIVE):
        config = {"ENGINE": "x", "HOST": "", "PORT": "", "NAME": "shared", "OPTIONS": {}}
        monkeypatch.setattr(connections[alias], "settings_dict", config)
    monkeypatch.setattr(ByModel, "db_for_read", lambda self, model, **hints: "default")
    settings.DATABASE_ROUTERS = [f"{__name__}.ByModel"]
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": EXPOSE}
    assert router.db_for_write(Booking) == ARCHIVE
    found = rows(ask("booking", fields="customer.name", filters={"id": 5}))
    assert found["5"]["customer"] == {"name": "Zoe"}

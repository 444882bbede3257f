"""A primary and a replica that lags: writes, and all that decides about them, look at the primary."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client

from django_flex import FlexQuery
from tests.doors.fronts import EVERYTHING
from tests.testapp.models import Booking, Company, Customer, Tag

REPLICA = "replica"
GRANT: dict[str, Any] = {
    **EVERYTHING,
    "aggregates": ["*"],
    "write_fields": "*",
    "ops": [
        "get",
        "list",
        "add",
        "edit",
        "delete",
        "upsert",
        "bulk_edit",
        "bulk_delete",
        "aggregate",
    ],
}
EXPOSE: dict[str, Any] = {
    "customer": {"anon": {**GRANT, "rows": {"name.startswith": "mine"}}},
    "company": {"anon": GRANT},
    "booking": {"anon": GRANT},
    "tag": {"anon": {**GRANT, "write_fields": ["*", "slug"]}},
}


class ToReplica:
    """The router of Django's documentation: reads go to the replica, writes to the primary."""

    def db_for_read(self, model: type[models.Model], **hints: Any) -> str:
        return REPLICA

    def db_for_write(self, model: type[models.Model], **hints: Any) -> str:
        return "default"

    def allow_relation(self, *rows: models.Model, **hints: Any) -> bool:
        return True


pytestmark = pytest.mark.django_db(databases=["default", REPLICA], transaction=False)


@pytest.fixture(scope="module", autouse=True)
def second_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A database in memory with the tables of the test application, and no foreign keys checked."""
    config = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:", "OPTIONS": {}}
    connections.settings[REPLICA] = {**connections["default"].settings_dict, **config}
    connection = connections[REPLICA]
    with django_db_blocker.unblock():
        connection.disable_constraint_checking()
        with connection.schema_editor() as editor:
            for model in apps.get_app_config("testapp").get_models():
                if model._meta.managed and not model._meta.proxy:
                    editor.create_model(model)
        connection.disable_constraint_checking()
        yield
        # The close() of SQLite leaves a database in memory open, for Django's own tests.
        BaseDatabaseWrapper.close(connection)
    del connections[REPLICA], connections.settings[REPLICA]


@pytest.fixture
def lagging(db: None, settings: Any) -> dict[str, Customer]:
    """Three customers, of which the replica has one as it was, and one that is gone."""
    settings.DATABASE_ROUTERS = [f"{__name__}.ToReplica"]
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": EXPOSE}
    company = Company(name="Acme")
    company.save(using="default")
    company.save(using=REPLICA, force_insert=True)
    found = {}
    for label, primary, replica in (
        ("lost", "not any more", "mine"),  # was ours
        ("won", "mine now", "another's"),  # has become ours
        ("new", "mine, new", None),  # has not arrived
        ("gone", None, "mine, gone"),  # is deleted
    ):
        customer = Customer(name=primary or "", company=company)
        customer.save(using="default")
        if replica is not None:
            Customer(pk=customer.pk, name=replica, company=company).save(
                using=REPLICA, force_insert=True
            )
        if primary is None:
            Customer.objects.using("default").filter(pk=customer.pk).delete()
        found[label] = customer
    return found


def ask(model: str, operation: str, **query: Any) -> Any:
    return FlexQuery(model).execute({"_action": operation, **query})


def names(using: str) -> list[str]:
    return [*Customer.objects.using(using).order_by("name").values_list("name", flat=True)]


def test_lists_are_read_from_the_replica(lagging: dict[str, Customer]) -> None:
    found = ask("customer", "list", fields="name", order_by="name").to_dict()["results"]
    assert [row["name"] for row in found.values()] == ["mine", "mine, gone"]


@pytest.mark.parametrize("operation", ["edit", "delete"])
@pytest.mark.parametrize("label", ["lost", "gone"])
def test_a_row_that_the_primary_hides_is_not_written(
    lagging: dict[str, Customer], operation: str, label: str
) -> None:
    before = names("default")
    values = {"email": "1@example.com"} if operation == "edit" else {}
    result = ask("customer", operation, _id=lagging[label].pk, **values)
    assert result.status_code == 404, result.to_dict()
    assert names("default") == before


@pytest.mark.parametrize("label", ["won", "new"])
def test_a_row_that_only_the_primary_shows_is_written(
    lagging: dict[str, Customer], label: str
) -> None:
    result = ask(
        "customer", "edit", _id=lagging[label].pk, email="12@example.com", _fields="name, email"
    )
    assert result.status_code == 200, result.to_dict()
    stored = Customer.objects.using("default").get(pk=lagging[label].pk)
    assert result.to_dict()["name"] == stored.name
    assert result.to_dict()["email"] == stored.email == "12@example.com"


def test_rows_of_bulk_writes_are_found_on_the_primary(lagging: dict[str, Customer]) -> None:
    result = ask(
        "customer", "bulk_edit", filters={"name.startswith": "m"}, _set={"email": "7@example.com"}
    )
    assert result.status_code == 200, result.to_dict()
    changed = (
        Customer.objects.using("default")
        .filter(email="7@example.com")
        .values_list("name", flat=True)
    )
    assert sorted(changed) == ["mine now", "mine, new"]
    result = ask("customer", "bulk_delete", filters={"name.startswith": "m"})
    assert result.status_code == 200, result.to_dict()
    assert names("default") == ["not any more"]


def test_an_upsert_looks_for_its_row_on_the_primary(lagging: dict[str, Customer]) -> None:
    Tag(slug="new", date="kept").save(using="default", force_insert=True)
    for status, date in ((200, "5"), (200, "6")):
        result = ask("tag", "upsert", _match=["slug"], slug="new", date=date, _fields="slug, date")
        assert (result.status_code, result.data) == (status, {"slug": "new", "date": date})
    assert [*Tag.objects.using("default").values_list("slug", "date")] == [("new", "6")]


def test_a_link_is_judged_by_the_primary(lagging: dict[str, Customer]) -> None:
    lost = ask("booking", "add", customer=lagging["lost"].pk, status="pending", seats=1)
    assert lost.status_code == 400, lost.to_dict()
    made = ask(
        "booking",
        "add",
        customer=lagging["new"].pk,
        status="pending",
        seats=1,
        price="1",
        _fields="customer.name",
    )
    assert made.status_code == 201, made.to_dict()
    assert made.to_dict()["customer"]["name"] == "mine, new"
    assert Booking.objects.using("default").count() == 1
    assert Booking.objects.using(REPLICA).count() == 0


def test_a_tag_is_compared_on_the_primary(lagging: dict[str, Customer]) -> None:
    client = Client()
    url = f"/api/customers/{lagging['won'].pk}"
    first = client.patch(url, {"email": "1@example.com"}, "application/json")
    assert first.status_code == 200, first.content
    tag = first.headers["ETag"]
    second = client.patch(
        url, {"email": "2@example.com"}, "application/json", headers={"if-match": tag}
    )
    assert second.status_code == 200, second.content
    third = client.patch(
        url, {"email": "3@example.com"}, "application/json", headers={"if-match": tag}
    )
    assert third.status_code == 412, third.content


def test_reads_of_a_batch_that_writes_see_what_it_wrote(lagging: dict[str, Customer]) -> None:
    key = lagging["won"].pk
    body = {
        "_batch": [
            {"_model": "customer", "_action": "edit", "_id": key, "email": "99@example.com"},
            {"_model": "customer", "_action": "get", "_id": key, "fields": "name, email"},
            {"_model": "customer", "fields": "email", "filters": {"email.startswith": "99"}},
            {
                "_model": "customer",
                "_action": "aggregate",
                "aggregate": "count",
                "filters": {"email.startswith": "99"},
            },
        ],
    }
    response = Client().post("/api/", body, "application/json")
    assert response.status_code == 200, response.content
    edited, read, listed, counted = response.json()["results"]
    assert edited["email"] == read["email"] == "99@example.com"
    assert listed["results"][str(key)]["email"] == "99@example.com"
    assert counted["results"] == {"count": 1}

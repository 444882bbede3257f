"""Models that are more than one plain table are written as Django itself would write them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from asgiref.sync import async_to_sync
from django.db import IntegrityError
from django.db.models.signals import post_save

from django_flex import FlexQuery
from django_flex.backends.orm.writing import persistence
from django_flex.engine import writing
from django_flex.exceptions import DuplicateError
from tests.testapp.models import (
    Company,
    Customer,
    Node,
    Page,
    Place,
    Product,
    Receipt,
    Restaurant,
    Service,
)
from tests.writes.conftest import ask, exposed


@pytest.mark.parametrize("many", [False, True], ids=["one", "list"])
def test_model_with_a_save_of_its_own_is_saved_by_it(many: bool) -> None:
    rows = [{"number": "a", "total": 1}, {"number": "b", "total": 2}]
    for values in [{"_items": rows}] if many else rows:
        assert 201 == ask("receipt", "add", **values)[0]

    assert {"a:1", "b:2"} == set(Receipt.objects.values_list("checksum", flat=True))


@pytest.mark.parametrize("many", [False, True], ids=["one", "list"])
def test_edit_goes_through_a_save_of_its_own(many: bool) -> None:
    pks = [Receipt.objects.create(number=n).pk for n in "ab"]
    rows = [{"id": pk, "total": 5} for pk in pks]
    for values in [{"_items": rows}] if many else rows:
        assert 200 == ask("receipt", "edit", **values)[0]

    assert {"a:5", "b:5"} == set(Receipt.objects.values_list("checksum", flat=True))


def test_edit_by_filter_goes_through_a_save_of_its_own() -> None:
    for number in "ab":
        Receipt.objects.create(number=number)
    status, reply = ask("receipt", "bulk_edit", filters={"number": "a"}, _set={"total": 5})

    assert (200, 1) == (status, reply["affected"])
    assert {"a:5", "b:0"} == set(Receipt.objects.values_list("checksum", flat=True))


@pytest.mark.parametrize(
    ("action", "spec"),
    [
        pytest.param("delete", {"_items": [1, 2]}, id="list"),
        pytest.param("bulk_delete", {"filters": {"id.in": [1, 2]}}, id="filter"),
    ],
)
def test_delete_goes_through_a_delete_of_its_own(action: str, spec: dict[str, Any]) -> None:
    for pk in (1, 2):
        Receipt.objects.create(pk=pk, number=str(pk))
    status, _ = ask("receipt", action, **spec)

    assert (200, 0) == (status, Receipt.objects.count())
    assert ["deleted 1", "deleted 2"] == list(
        Page.objects.order_by("title").values_list("title", flat=True)
    )


def test_listener_hears_of_every_row_of_a_list() -> None:
    heard: list[tuple[str, bool]] = []

    def listen(instance: Any, created: bool, **_: Any) -> None:
        heard.append((instance.name, created))

    post_save.connect(listen, sender=Company)
    try:
        ask("company", "add", _items=[{"name": "a"}, {"name": "b"}])
        ask("company", "edit", _items=[{"id": 1, "name": "c"}, {"id": 2, "name": "d"}])
    finally:
        post_save.disconnect(listen, sender=Company)

    assert [("a", True), ("b", True), ("c", False), ("d", False)] == heard


def test_row_of_two_tables_is_added_edited_and_deleted_in_both() -> None:
    status, reply = ask("restaurant", "add", name="Café", stars=1, _fields="id,name,stars")
    pk = reply["id"]
    edited = ask("restaurant", "edit", id=pk, name="Bar", stars=2, _fields="name,stars")

    assert (201, "Café", 1) == (status, reply["name"], reply["stars"])
    assert (200, {"name": "Bar", "stars": 2}) == edited
    assert ("Bar", 2) == Restaurant.objects.values_list("name", "stars").get(pk=pk)
    assert "Bar" == Place.objects.get(pk=pk).name
    assert 200 == ask("restaurant", "delete", id=pk)[0]
    assert not Place.objects.exists()


def test_list_of_rows_of_two_tables_is_edited() -> None:
    pks = [Restaurant.objects.create(name=name, stars=1).pk for name in "ab"]
    status, _ = ask("restaurant", "edit", _items=[{"id": pk, "stars": 3} for pk in pks])

    assert (200, {3}) == (status, set(Restaurant.objects.values_list("stars", flat=True)))


def test_proxy_writes_the_table_behind_it() -> None:
    status, reply = ask("vipcustomer", "add", name="Proxy", _fields="id")

    assert (201, "Proxy") == (status, Customer.objects.get(pk=reply["id"]).name)


def test_row_with_a_uuid_key_is_edited_and_deleted_by_its_text() -> None:
    node = Node.objects.create(id=UUID(int=5), title="a")

    assert (200, {"title": "b"}) == ask("node", "edit", id=str(node.pk), title="b", _fields="title")
    assert 200 == ask("node", "delete", id=str(node.pk).upper())[0]
    assert not Node.objects.exists()


@pytest.mark.parametrize("action", ["edit", "delete"])
def test_row_that_its_manager_hides_is_not_there(action: str) -> None:
    hidden = Service.everything.create(name="old", deleted=True, company_id=1)

    assert 404 == ask("service", action, id=hidden.pk)[0]
    assert "old" == Service.everything.get(pk=hidden.pk).name


def test_row_that_its_manager_hides_from_now_on_answers_with_its_key() -> None:
    service = Service.everything.create(name="new", company_id=1)

    assert (200, {"id": service.pk}) == ask("service", "edit", id=service.pk, deleted=True)
    assert 404 == ask("service", "get", id=service.pk)[0]
    assert Service.everything.get(pk=service.pk).deleted


def test_write_by_asynchronous_code() -> None:
    spec = {"_action": "add", "name": "Async", "_fields": "name"}
    result = async_to_sync(FlexQuery("company").aexecute)(spec)

    assert (201, {"name": "Async"}) == (result.status_code, result.to_dict())
    assert Company.objects.filter(name="Async").exists()


# --- upserts --------------------------------------------------------------------------------------


def test_upsert_needs_columns_that_are_unique() -> None:
    status, reply = ask("product", "upsert", _match="name", name="x", sku="y")

    assert (400, "_match") == (status, reply["path"])


@pytest.mark.parametrize(
    ("match", "values"),
    [
        pytest.param("sku", {"sku": "a"}, id="unique-column"),
        pytest.param("shelf,place", {"shelf": 1, "place": 1, "sku": "z"}, id="unique-together"),
        pytest.param(["supplier", "code"], {"supplier": "s", "code": "c"}, id="constraint"),
    ],
)
def test_upsert_knows_a_row_by_any_unique_set(match: Any, values: dict[str, Any]) -> None:
    pk = Product.objects.create(sku="a", name="Pear", shelf=1, place=1, supplier="s", code="c").pk
    status, reply = ask("product", "upsert", _match=match, **values, name="Fig", _fields="id,name")

    assert (200, {"id": pk, "name": "Fig"}) == (status, reply)
    assert 1 == Product.objects.count()


def test_upsert_that_loses_a_race_edits_what_the_winner_added(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    attempts: list[int] = []
    write_once = writing.write_once

    def race(*args: Any, **options: Any) -> Any:
        attempts.append(Product.objects.count())
        if len(attempts) == 1:
            # As the database says it when the winner commits between our look and our write.
            raise DuplicateError
        Product.objects.create(sku="a", name="winner")
        return write_once(*args, **options)

    monkeypatch.setattr(writing, "write_once", race)
    status, reply = ask("product", "upsert", _match="sku", sku="a", name="Fig", _fields="name")

    assert (200, {"name": "Fig"}, [0, 0]) == (status, reply, attempts)
    assert "Fig" == Product.objects.get().name


def test_other_writes_that_lose_a_race_are_conflicts(monkeypatch: pytest.MonkeyPatch) -> None:
    def race(*_: Any) -> None:
        raise IntegrityError("UNIQUE constraint failed: testapp_product.sku")

    monkeypatch.setattr(persistence, "insert", race)
    status, reply = ask("product", "add", sku="a", name="Fig")

    assert (409, True) == (status, reply["code"].startswith("write."))
    assert not Product.objects.exists()


# --- dry runs -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "spec", "status"),
    [
        pytest.param("add", {"name": "n"}, 201, id="add"),
        pytest.param("edit", {"id": 1, "name": "n"}, 200, id="edit"),
        pytest.param("delete", {"id": 1}, 200, id="delete"),
        pytest.param("bulk_edit", {"filters": {}, "_set": {"name": "n"}}, 200, id="bulk-edit"),
        pytest.param("bulk_delete", {"filters": {}}, 200, id="bulk-delete"),
    ],
)
def test_dry_run_answers_as_the_write_would_and_leaves_nothing(
    action: str, spec: dict[str, Any], status: int
) -> None:
    before = list(Company.objects.order_by("pk").values())

    assert status == ask("company", action, **spec, _dry_run=True)[0]
    assert before == list(Company.objects.order_by("pk").values())


def test_dry_run_commits_no_hook(configure: Any, django_capture_on_commit_callbacks: Any) -> None:
    heard: list[str] = []
    hooks = {
        "after_add": lambda **_: heard.append("after"),
        "after_commit_add": lambda **_: heard.append("commit"),
    }
    configure(exposed(company={"hooks": hooks}))
    with django_capture_on_commit_callbacks(execute=True):
        ask("company", "add", name="n", _dry_run=True)

    assert ["after"] == heard

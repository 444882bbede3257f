"""Many rows at once: lists, upserts, rows inside rows, batches."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models.signals import post_save
from django.test.utils import CaptureQueriesContext

from django_flex import FlexQuery
from tests.doors.fronts import touches_rows
from tests.testapp.models import Booking, Customer, Invoice, Line, Restaurant

# --- lists ----------------------------------------------------------------------------------------


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite takes few parameters at a time")
def test_a_thousand_rows_are_added_by_few_statements(ask: Any) -> None:
    items = [{"customer": 1 + n % 4, "seats": n} for n in range(1_000)]
    with CaptureQueriesContext(connection) as captured:
        result = ask(_action="add", _items=items, _fields="seats")
    assert [{"seats": n} for n in range(1_000)] == result.data["results"]
    assert 3 == len([q for q in captured if touches_rows(q["sql"])])


def test_one_bad_item_undoes_the_list_and_is_named(ask: Any) -> None:
    items = [{"customer": 1}, {"customer": 1, "status": "x" * 30}, {"customer": 1}]
    result = ask(_action="add", _items=items)
    assert (400, "_items[1]", ["status"]) == (
        result.status_code,
        result.error.path,
        list(result.to_dict()["fields"]),
    )
    assert 6 == Booking.objects.count()


def test_names_are_checked_in_each_row_of_a_list(ask: Any) -> None:
    """What is known of the names of one row is only used for rows with the same names."""
    some = {"customer": 1, "seats": 2}
    for second, code in (
        ({"customer": 1, "customer_id": 2}, "query.invalid"),
        ({"customer": 1, "seats": 2, "nothing": 3}, "field.denied"),
    ):
        error = ask(_action="add", _items=[some, some, second, some]).error
        assert (code, f"_items[2].{[*second][-1]}") == (error.code, str(error.path)), second
    assert 6 == Booking.objects.count()


def test_columns_that_rows_lack_are_told_for_each_row_of_a_list(ask: Any) -> None:
    for second in ({"seats": 1}, {"seats": 1, "customer": None}):
        reply = ask(_action="add", _items=[{"customer": 1, "seats": 1}, second]).to_dict()
        assert ("_items[1]", ["customer"]) == (reply["path"], [*reply["fields"]])
    assert 6 == Booking.objects.count()


def test_a_value_that_is_taken_is_named_in_a_list(ask: Any) -> None:
    items = [{"booking": 3, "number": "A"}, {"booking": 1, "number": "B"}]
    result = ask("invoice", _action="add", _items=items)
    assert ("_items[1]", {"booking": ["unique"]}) == (result.error.path, result.to_dict()["codes"])
    twice = [{"booking": 3, "number": "A"}, {"booking": 3, "number": "B"}]
    assert "_items[1]" == ask("invoice", _action="add", _items=twice).error.path
    assert 2 == Invoice.objects.count()


def test_where_nothing_is_changed_there_is_no_savepoint_for_it(ask: Any) -> None:
    def savepoints(*models: str, **sent: Any) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert ask(*models, **sent).error is None
        return len([q for q in captured if q["sql"].startswith("SAVEPOINT")])

    single = savepoints(_action="add", customer=1)
    added = {"_action": "upsert", "_match": "booking", "booking": 3, "number": "A"}
    assert single == savepoints("invoice", **added)
    same = {"customer": 1, "seats": 2}
    ids = [ask(_action="add", **same).data["id"] for _ in range(2)]
    unchanged = [{"id": key, "seats": 2} for key in ids]
    assert single == savepoints(_action="edit", _items=unchanged)


def test_a_value_that_is_taken_is_named_for_one_row(ask: Any) -> None:
    result = ask("invoice", _action="add", booking=1, number="B")
    assert {"booking": ["unique"]} == result.to_dict()["codes"]


def test_an_edited_list_may_swap_unique_values(ask: Any) -> None:
    result = ask(
        "invoice", _action="edit", _items=[{"id": 1, "number": "X"}, {"id": 2, "number": "Y"}]
    )
    assert result.ok, result.error
    assert ["X", "Y"] == list(Invoice.objects.order_by("pk").values_list("number", flat=True))


def test_rows_of_several_tables_are_saved_one_by_one(ask: Any) -> None:
    result = ask("restaurant", _action="add", _items=[{"name": "A", "stars": 1}, {"name": "B"}])
    assert (201, 2) == (result.status_code, Restaurant.objects.count())


def test_rows_of_a_model_with_listeners_are_saved_one_by_one(ask: Any) -> None:
    heard: list[str] = []

    def hear(instance: Line, **_kwargs: Any) -> None:
        heard.append(instance.product)

    post_save.connect(hear, sender=Line)
    try:
        ask("line", _action="add", _items=[{"booking": 1, "product": p} for p in ("a", "b")])
    finally:
        post_save.disconnect(hear, sender=Line)
    assert ["a", "b"] == heard


MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "no-list": ({"_action": "add", "_items": {}}, "_items"),
    "empty": ({"_action": "add", "_items": []}, "_items"),
    "no-object": ({"_action": "add", "_items": [1]}, "_items[0]"),
    "no-key": ({"_action": "edit", "_items": [{"seats": 1}]}, "_items[0].id"),
    "key-twice": ({"_action": "delete", "_items": [1, 2, 1]}, "_items[2]"),
    "values-beside": ({"_action": "add", "_items": [{}], "seats": 1}, "seats"),
    "control-inside": ({"_action": "add", "_items": [{"_fields": "id"}]}, "_items[0]._fields"),
    "no-key-at-all": ({"_action": "edit", "seats": 1}, "_id"),
    "no-filters": ({"_action": "bulk_delete"}, "filters"),
    "nothing-to-set": ({"_action": "bulk_edit", "filters": {}}, "_set"),
    "unknown-control": ({"_action": "add", "_item": []}, "_item"),
    "no-match": ({"_action": "upsert", "seats": 1}, "_match"),
    "match-not-unique": ({"_action": "upsert", "_match": "status", "status": "x"}, "_match"),
    "dry": ({"_action": "add", "customer": 1, "_dry_run": "perhaps"}, "_dry_run"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_named_with_its_place(ask: Any, case: str) -> None:
    spec, path = MISTAKES[case]
    result = ask(**spec)
    assert (400, path) == (result.status_code, result.error.path)
    assert 6 == Booking.objects.count()


# --- upsert ---------------------------------------------------------------------------------------


def test_an_upsert_adds_what_is_not_there_and_edits_what_is(ask: Any) -> None:
    added = ask("invoice", _action="upsert", _match="booking", booking=3, number="N")
    edited = ask("invoice", _action="upsert", _match="booking", booking=3, number="M")
    assert [201, 200] == [added.status_code, edited.status_code]
    assert added.data["id"] == edited.data["id"]
    assert "M" == Invoice.objects.get(booking=3).number


def test_a_list_of_upserts_does_both(ask: Any) -> None:
    items = [{"booking": 4, "number": "D"}, {"booking": 1, "number": "E"}]
    result = ask("invoice", _action="upsert", _match="booking", _items=items, _fields="number")
    assert [{"number": "D"}, {"number": "E"}] == result.data["results"]
    assert 3 == Invoice.objects.count()


def test_an_upsert_needs_both_operations(ask: Any) -> None:
    grant = {"anon": {"fields": ["*"], "ops": ["get", "add"]}}
    spec = {"_action": "upsert", "_match": "booking", "booking": 3, "number": "N"}
    assert 401 == ask("invoice", expose={"invoice": grant}, **spec).status_code


# --- rows inside rows -----------------------------------------------------------------------------


def test_rows_are_added_with_the_row_that_they_point_to(ask: Any) -> None:
    lines = [{"product": "a", "quantity": 2}, {"product": "b"}]
    result = ask(_action="add", customer=1, lines=lines)
    made = Line.objects.filter(booking=result.data["id"]).order_by("pk")
    assert [("a", 2), ("b", 1)] == list(made.values_list("product", "quantity"))


def test_rows_inside_are_added_edited_and_removed(ask: Any) -> None:
    verbs = {"$add": [{"product": "new"}], "$edit": [{"id": 1, "quantity": 9}], "$remove": [2]}
    assert ask(_action="edit", _id=1, lines=verbs).ok
    found = list(Line.objects.filter(booking=1).order_by("pk").values_list("product", "quantity"))
    assert [("sweep", 9), ("new", 1)] == found


def test_set_is_all_of_them(ask: Any) -> None:
    assert ask(_action="edit", _id=1, lines={"$set": [{"id": 2, "note": "n"}, {"product": "z"}]}).ok
    found = list(Line.objects.filter(booking=1).order_by("pk").values_list("product", "note"))
    assert [("mop", "n"), ("z", None)] == found
    assert 3 == Line.objects.exclude(booking=1).count()


def test_rows_nest_two_levels_deep(ask: Any) -> None:
    booking = {"status": "x", "lines": [{"product": "deep"}]}
    assert ask("customer", _action="add", name="New", booking=[booking]).ok
    assert "New" == Line.objects.get(product="deep").booking.customer.name


@pytest.mark.parametrize(
    ("verbs", "status"),
    [
        ({"$edit": [{"id": 3, "quantity": 9}]}, 404),
        ({"$remove": [3]}, 404),
        ({"$remove": [99]}, 404),
        ([{"product": "x"}], 400),
        ({"$add": [{"product": "x", "booking": 2}]}, 400),
        ({"$add": [{"product": "x" * 60}]}, 400),
    ],
    ids=["edit-of-another", "remove-of-another", "missing", "bare-list", "own-parent", "invalid"],
)
def test_a_mistake_inside_undoes_all(ask: Any, verbs: Any, status: int) -> None:
    before = list(Line.objects.order_by("pk").values_list())
    result = ask(_action="edit", _id=1, seats=99, lines=verbs)
    assert status == result.status_code
    assert str(result.error.path).startswith("lines")
    assert before == list(Line.objects.order_by("pk").values_list())
    assert 2 == Booking.objects.get(pk=1).seats


def test_a_model_without_a_grant_takes_no_nested_rows(ask: Any) -> None:
    only_read = {"line": {"anon": {"fields": ["*"], "ops": ["get", "list"]}}}
    result = ask(_action="add", customer=1, lines=[{"product": "a"}], expose=only_read)
    assert (403, "field.denied") == (result.status_code, result.error.code)


# --- batches --------------------------------------------------------------------------------------


def test_operations_use_what_earlier_ones_answered(ask: Any) -> None:
    batch = [
        {"_name": "c", "_model": "customer", "_action": "add", "name": "Ref"},
        {"_name": "b", "_model": "booking", "_action": "add", "customer": {"$ref": "c.id"}},
        {"_model": "line", "_action": "add", "booking": {"$ref": "b.id"}, "product": "p"},
        {"_model": "booking", "_id": {"$ref": "b.id"}, "fields": "customer.name"},
    ]
    result = ask(_batch=batch)
    assert {"customer": {"name": "Ref"}} == result.data["results"][3]
    assert "Ref" == Line.objects.get(product="p").booking.customer.name


def test_one_failure_undoes_the_batch_and_is_placed(ask: Any) -> None:
    batch = [
        {"_model": "customer", "_action": "add", "name": "Gone"},
        {"_model": "booking", "_action": "add", "customer": 99},
    ]
    result = ask(_batch=batch)
    assert (400, "_batch[1]") == (result.status_code, result.error.path)
    assert not Customer.objects.filter(name="Gone").exists()


def test_operations_that_stand_alone_report_each(ask: Any) -> None:
    batch = [
        {"_model": "customer", "_action": "add", "name": "Stays", "_fields": "name"},
        {"_model": "booking", "_action": "delete", "_id": 99},
    ]
    result = ask(_batch=batch, _atomic=False)
    first, second = result.data["results"]
    assert ({"name": "Stays"}, 404) == (first, second["status_code"])
    assert Customer.objects.filter(name="Stays").exists()


@pytest.mark.parametrize(
    ("batch", "path"),
    [
        ([], "_batch"),
        ({}, "_batch"),
        ([1], "_batch[0]"),
        ([{"_action": "add"}], "_batch[0]._model"),
        ([{"_model": "tag", "_batch": []}], "_batch[0]._batch"),
        ([{"_model": "tag", "_action": "fly"}], "_batch[0]._action"),
        ([{"_model": "tag", "_id": {"$ref": "x.id"}}], "_batch[0]._id"),
        ([{"_name": "a b", "_model": "tag"}], "_batch[0]._name"),
        ([{"_model": "tag"}] * 51, "_batch"),
    ],
    ids=["empty", "object", "number", "no-model", "nested", "action", "no-ref", "name", "many"],
)
def test_a_mistake_in_a_batch_is_placed(ask: Any, batch: Any, path: str) -> None:
    result = ask(_batch=batch)
    assert (400, path) == (result.status_code, result.error.path)


@pytest.mark.parametrize("path", ["id", "status", "customer.metadata", "lines", "urgent"])
@pytest.mark.parametrize("name", [{}, {"_name": "second"}], ids=["bare", "named"])
def test_a_value_of_a_reply_is_no_operation(
    bookings: None, configure: Any, name: dict[str, str], path: str
) -> None:
    grant = {"rows": "*", "fields": ["*", "customer.metadata.*", "lines.*"], "ops": ["get", "list"]}
    configure({"booking": {"anon": grant}})
    fields = "id, status, urgent, customer.metadata, lines.id"
    first = {"_name": "first", "_action": "get", "_id": 1, "fields": fields}
    batch = [first, {**name, "$ref": f"first.{path}"}]
    result = FlexQuery("booking").execute({"_batch": batch})
    assert (400, "_batch[1].$ref") == (result.status_code, result.to_dict()["path"])


def test_a_dry_batch_leaves_nothing(ask: Any) -> None:
    batch = [{"_model": "customer", "_action": "add", "name": "Dry", "_fields": "name"}]
    assert {"results": [{"name": "Dry"}]} == ask(_batch=batch, _dry_run=True).data
    assert not Customer.objects.filter(name="Dry").exists()


def test_an_inactive_user_is_nobody(ask: Any) -> None:
    user = User.objects.create_user("gone", is_active=False)
    grant = {"booking": {"authenticated": {"fields": ["*"], "ops": ["edit"]}}}
    assert 401 == ask(_action="edit", _id=1, seats=1, user=user, expose=grant).status_code

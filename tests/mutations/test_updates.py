"""``$inc``, ``$append`` and ``$remove``: values that depend on the stored ones."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, models
from django.test.utils import isolate_apps

from django_flex.analysis.writes.updates import fit_update
from django_flex.backends.orm.writing.pending_rows import changed_row
from django_flex.resolved import Assignment, RowWrite
from django_flex.resolved.updates import ABSENT, UnfitUpdateError, Update
from django_flex.schema.introspection import describe
from django_flex.schema.values import UnfitValueError
from tests.mutations.conftest import FULL, Ask
from tests.testapp.models import Booking, Customer, Line, Product
from tests.wild.models import Strict

#: The largest value of an ``IntegerField``; SQLite stores 64 bits.
INT = 2 ** (63 if connection.vendor == "sqlite" else 31) - 1
PRODUCT = {"product": {"anon": FULL}}


def stored(model: Any, column: str, pk: object = 1) -> Any:
    return model._base_manager.values_list(column, flat=True).get(pk=pk)


@pytest.mark.parametrize(
    ("column", "before", "by", "after"),
    [
        ("seats", 4, 3, 7),
        ("seats", 4, -5, -1),
        ("seats", INT - 1, 1, INT),
        ("price", Decimal("10.00"), "0.10", Decimal("10.10")),
        ("price", Decimal("10.00"), -0.25, Decimal("9.75")),
        ("price", Decimal("999999.98"), "0.01", Decimal("999999.99")),
        ("rating", 1.5, 2, 3.5),
        ("rating", 1.5, -0.25, 1.25),
    ],
)
def test_a_number_is_added_to_a_column(
    ask: Ask, column: str, before: Any, by: Any, after: Any
) -> None:
    Booking.objects.filter(pk=1).update(**{column: before})
    reply = ask(_action="edit", id=1, **{column: {"$inc": by}}, _fields=column).to_dict()
    assert after == stored(Booking, column)
    assert Decimal(str(reply[column])) == Decimal(str(after))


@pytest.mark.parametrize(
    ("column", "before", "by"),
    [
        ("seats", INT, 1),
        ("seats", -INT - 1, -1),
        ("seats", 4, INT),
        ("price", Decimal("999999.99"), "0.01"),
        ("price", Decimal("1.00"), "0.001"),
        ("rating", 1e308, 1e308),
        ("seats", None, 1),
        ("price", None, 1),
    ],
)
def test_a_sum_that_does_not_fit_changes_nothing(
    ask: Ask, column: str, before: Any, by: Any
) -> None:
    Booking.objects.filter(pk=1).update(**{column: before})
    before = stored(Booking, column)
    result = ask(_action="edit", id=1, **{column: {"$inc": by}})
    assert (400, [column]) == (result.status_code, list(result.to_dict()["fields"]))
    assert before == stored(Booking, column)


@pytest.mark.parametrize("operand", ["x", None, True, [1], {"a": 1}, "1e999", float("inf")])
@pytest.mark.parametrize("column", ["seats", "price", "rating"])
def test_only_numbers_are_added(ask: Ask, column: str, operand: object) -> None:
    reply = ask(_action="edit", id=1, **{column: {"$inc": operand}}).to_dict()
    assert [column] == list(reply["fields"]), reply


@pytest.mark.parametrize("value", [{"$increment": 1}, {"increment": 1}, {"$inc": 1, "x": 2}])
def test_another_form_is_told_the_right_one(ask: Ask, value: object) -> None:
    for column in ("seats", "price", "rating"):
        (message,) = ask(_action="edit", id=1, **{column: value}).to_dict()["fields"][column]
        assert '{"$inc": 1} adds to it.' in message
    (message,) = ask(_action="edit", id=1, status=value).to_dict()["fields"]["status"]
    assert "$inc" not in message


@pytest.mark.parametrize(
    ("operator", "column"),
    [("$inc", one) for one in ("status", "urgent", "day", "lasts", "customer", "reference")]
    + [("$append", one) for one in ("seats", "status", "price", "customer", "urgent")]
    + [("$remove", one) for one in ("seats", "internal_notes", "created_at", "customer")],
)
def test_other_columns_do_not_change_so(ask: Ask, operator: str, column: str) -> None:
    result = ask(_action="edit", id=1, **{column: {operator: 1}})
    assert (400, column) == (result.status_code, result.to_dict()["path"]), result.to_dict()


KEYS: list[tuple[str, dict[str, Any], Any, Any]] = [
    ("metadata.level", {"$inc": 2}, {"level": 7}, {"level": 9}),
    ("metadata.level", {"$inc": 0.5}, {"level": 7}, {"level": 7.5}),
    ("metadata.new", {"$inc": 1}, {}, {"new": 1}),
    ("metadata.a.b", {"$inc": -1}, {"x": 1}, {"x": 1, "a": {"b": -1}}),
    ("metadata.list.1", {"$inc": 1}, {"list": [1, 2]}, {"list": [1, 3]}),
    ("metadata.tags", {"$append": "c"}, {"tags": ["a"]}, {"tags": ["a", "c"]}),
    ("metadata.tags", {"$append": {"$inc": 1}}, {"tags": []}, {"tags": [{"$inc": 1}]}),
    ("metadata.tags", {"$append": 1}, {}, {"tags": [1]}),
    ("metadata.tags", {"$append": None}, {"tags": None}, {"tags": [None]}),
    ("metadata.tags", {"$remove": 1}, {"tags": [1, True, "1", 1.0]}, {"tags": [True, "1"]}),
    ("metadata.tags", {"$remove": {"a": 1}}, {"tags": [{"a": 1}, 2]}, {"tags": [2]}),
    ("metadata.tags", {"$remove": "z"}, {"tags": ["a"]}, {"tags": ["a"]}),
    ("metadata.no.where", {"$remove": "z"}, {"a": 1}, {"a": 1}),
    ("metadata.a", {"$remove": "z"}, None, None),
    ("metadata.a", {"$remove": "b"}, {"a": {"b": 1, "c": 2}}, {"a": {"c": 2}}),
    ("metadata", {"$remove": "b"}, {"b": 1, "c": 2}, {"c": 2}),
    ("metadata", {"$append": 3}, [1], [1, 3]),
    ("metadata", {"$inc": 3}, 1, 4),
    ("metadata", {"$value": {"$inc": 3}}, 1, {"$inc": 3}),
    ("metadata.a", {"$value": {"$value": 3}}, {}, {"a": {"$value": 3}}),
    ("metadata.a", {"$inc": 3, "other": 1}, {}, {"a": {"$inc": 3, "other": 1}}),
    ("metadata.a", {"b": {"$inc": 3}}, {}, {"a": {"b": {"$inc": 3}}}),
]


@pytest.mark.parametrize(("path", "value", "before", "after"), KEYS)
def test_keys_of_json_change(ask: Ask, path: str, value: Any, before: Any, after: Any) -> None:
    Customer.objects.filter(pk=1).update(metadata=models.Value(before, models.JSONField()))
    result = ask("customer", _action="edit", id=1, **{path: value})
    assert 200 == result.status_code, result.to_dict()
    # Text, in which 1 and true differ.
    found = stored(Customer, "metadata")
    assert json.dumps(after, sort_keys=True) == json.dumps(found, sort_keys=True)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("metadata.text", {"$inc": 1}),
        ("metadata.yes", {"$inc": 1}),
        ("metadata.nothing", {"$inc": 1}),
        ("metadata.list", {"$inc": 1}),
        ("metadata.list.2", {"$inc": 1}),
        ("metadata.big", {"$inc": 1}),
        ("metadata.level", {"$inc": "1"}),
        ("metadata.level", {"$inc": True}),
        ("metadata.level", {"$append": 1}),
        ("metadata.text", {"$append": "x"}),
        ("metadata.text", {"$remove": "x"}),
        ("metadata.level.deep", {"$inc": 1}),
        ("metadata.list", {"$append": "\0"}),
    ],
)
def test_keys_of_another_type_stay(ask: Ask, path: str, value: Any) -> None:
    before = {"text": "x", "yes": True, "nothing": None, "list": [1, 2], "level": 1}
    before["big"] = 2**63 - 1
    Customer.objects.filter(pk=1).update(metadata=before)
    result = ask("customer", _action="edit", id=1, **{path: value})
    assert (400, [path]) == (result.status_code, list(result.to_dict()["fields"]))
    assert before == stored(Customer, "metadata")


def test_rows_of_a_list_change_each_by_its_own(ask: Ask) -> None:
    Booking.objects.filter(pk__in=[1, 2]).update(seats=4)
    items: list[Any] = [{"id": 1, "seats": {"$inc": 1}}, {"id": 2, "seats": {"$inc": -2}}]
    assert 200 == ask(_action="edit", _items=items).status_code
    assert [5, 2] == [stored(Booking, "seats", pk) for pk in (1, 2)]
    items[1]["seats"] = {"$inc": "x"}
    reply = ask(_action="edit", _items=items).to_dict()
    assert ("_items[1]", ["seats"]) == (reply["path"], list(reply["fields"]))
    assert [5, 2] == [stored(Booking, "seats", pk) for pk in (1, 2)]


def test_a_write_by_filter_changes_each_row_by_what_it_holds(ask: Ask) -> None:
    Booking.objects.update(seats=models.F("id") * 10)
    keys = list(Booking.objects.values_list("pk", flat=True))
    spec = {"filters": {"id.lte": 3}, "_set": {"seats": {"$inc": 1}}}
    assert 200 == ask(_action="bulk_edit", **spec).status_code
    assert {pk: pk * 10 + (pk <= 3) for pk in keys} == dict(
        Booking.objects.values_list("pk", "seats")
    )


def test_rows_inside_rows_change(ask: Ask) -> None:
    line = Line.objects.filter(booking=1).first()
    assert line is not None
    before = line.quantity
    spec = {"lines": {"$edit": [{"id": line.pk, "quantity": {"$inc": 5}}]}}
    assert 200 == ask(_action="edit", id=1, **spec).status_code
    assert before + 5 == stored(Line, "quantity", line.pk)
    spec = {"lines": {"$add": [{"product": "x", "quantity": {"$inc": 5}}]}}
    result = ask(_action="edit", id=1, **spec)
    assert (400, "lines.$add[0].quantity") == (result.status_code, result.to_dict()["path"])


def test_a_new_row_has_nothing_to_change(ask: Ask) -> None:
    result = ask("product", expose=PRODUCT, _action="add", sku="a", name="A", price={"$inc": 1})
    assert (400, "price") == (result.status_code, result.to_dict()["path"])
    result = ask("customer", _action="add", name="A", metadata={"$inc": 1})
    assert (400, "metadata") == (result.status_code, result.to_dict()["path"])


def test_an_upsert_begins_with_the_default_of_the_column(ask: Ask) -> None:
    spec: dict[str, Any] = {"_match": "sku", "sku": "a", "name": "A"}
    for total in (Decimal("1.50"), Decimal("3.00")):
        result = ask("product", expose=PRODUCT, _action="upsert", **spec, price={"$inc": "1.5"})
        assert result.status_code in {200, 201}, result.to_dict()
        assert total == Product.objects.get(sku="a").price
    spec["sku"] = "b"
    reply = ask("product", expose=PRODUCT, _action="upsert", **spec, shelf={"$inc": 1}).to_dict()
    assert ["shelf"] == list(reply["fields"])
    spec["sku"] = {"$inc": 1}
    assert 400 == ask("product", expose=PRODUCT, _action="upsert", **spec).status_code
    assert ["a"] == list(Product.objects.values_list("sku", flat=True))


def test_rules_hold_for_the_result(ask: Ask) -> None:
    Booking.objects.filter(pk=1).update(seats=4)
    expose = {"booking": {"anon": {**FULL, "edit": {"check": {"seats.gte": 0}}}}}
    assert 200 == ask(expose=expose, _action="edit", id=1, seats={"$inc": -4}).status_code
    assert 403 == ask(expose=expose, _action="edit", id=1, seats={"$inc": -1}).status_code
    assert 0 == stored(Booking, "seats")


def test_the_code_of_a_model_sees_the_result(ask: Ask) -> None:
    """``clean`` and ``save`` of the model, and hooks."""
    seen: list[Any] = []

    def before_edit(changes: Any, **_: Any) -> None:
        seen.append(changes)

    Booking.objects.filter(pk=1).update(seats=4)
    expose = {"booking": {"anon": FULL, "hooks": {"before_edit": before_edit}}}
    ask(expose=expose, _action="edit", id=1, seats={"$inc": 2})
    assert [{"seats": (4, 6)}] == seen


def test_a_dry_run_changes_nothing(ask: Ask) -> None:
    Booking.objects.filter(pk=1).update(seats=4)
    reply = ask(_action="edit", id=1, seats={"$inc": 2}, _fields="seats", _dry_run=True)
    assert (6, 4) == (reply.to_dict()["seats"], stored(Booking, "seats"))


WRITE_ONLY = {"fields": ["id"], "ops": ["get", "edit"], "edit": {"fields": ["seats", "status"]}}
BLIND = {"fields": ["id", "seats"], "ops": ["edit"]}


@pytest.mark.parametrize("grant", [WRITE_ONLY, BLIND])
def test_who_may_not_read_a_value_does_not_learn_it_by_adding(ask: Ask, grant: Any) -> None:
    """Which sums are too large would tell the number."""
    Booking.objects.filter(pk=1).update(seats=4)
    expose = {"booking": {"anon": {"rows": "*", **grant}}}
    assert 200 == ask(expose=expose, _action="edit", id=1, seats=5).status_code
    for by in (1, 2**62):
        result = ask(expose=expose, _action="edit", id=1, seats={"$inc": by}, _dry_run=True)
        assert (403, "seats") == (result.status_code, result.to_dict()["path"])
    assert 5 == stored(Booking, "seats")


def test_a_key_that_may_not_be_read_is_not_changed_by_what_it_holds(ask: Ask) -> None:
    grant: dict[str, Any] = {
        "rows": "*",
        "fields": ["id", "metadata.level"],
        "ops": ["get", "edit"],
    }
    grant["edit"] = {"fields": ["metadata.level", "metadata.tags"]}
    expose = {"customer": {"anon": grant}}
    for path, status in {"metadata.level": 200, "metadata.tags": 403, "metadata": 403}.items():
        value = {"$inc": 1} if path == "metadata.level" else {"$remove": "vip"}
        result = ask("customer", expose=expose, _action="edit", id=1, **{path: value})
        assert (path, status) == (path, result.status_code), result.to_dict()


@pytest.mark.parametrize(
    ("model", "column", "start"), [(Strict, "number", 1), (Strict, "data.count", 1)]
)
def test_models_with_code_of_their_own(ask: Ask, model: Any, column: str, start: int) -> None:
    row = Strict.objects.create(name="x", number=start, data={"count": start})
    entry = {"anon": {**FULL, "rows": "*"}}
    expose = {"wild.strict": entry}
    result = ask("wild.strict", expose=expose, _action="edit", id=row.pk, **{column: {"$inc": 2}})
    assert 200 == result.status_code, result.to_dict()
    row.refresh_from_db()
    assert start + 2 == (row.number if column == "number" else row.data["count"])


def test_arrays_change_by_items_of_their_own_type() -> None:
    # Without psycopg, as in the README's environment, there are no arrays.
    postgres = pytest.importorskip("django.contrib.postgres.fields", exc_type=ImportError)
    ArrayField = postgres.ArrayField  # noqa: N806 - the class

    with isolate_apps("tests.wild"):

        class Kept(models.Model):
            days = ArrayField(models.DateField(), null=True)
            sums = ArrayField(models.DecimalField(max_digits=5, decimal_places=2))
            numbers = ArrayField(models.IntegerField(), default=list)
            pairs = ArrayField(ArrayField(models.IntegerField()), default=list)
            words = ArrayField(models.CharField(max_length=5), default=list)

            class Meta:
                app_label = "wild"

        resource = describe(Kept)

        def after(stored: Any, name: str, update: Update) -> Any:
            attribute = resource.attributes[name]
            part = Assignment(name, attribute, fit_update(update, attribute))
            row = Kept(pk=1, **{name: stored})
            return getattr(changed_row(RowWrite(1, "", (part,)), row).instance, name)

        one, two = date(2026, 1, 1), date(2026, 1, 2)
        assert [one, two] == after([one], "days", Update("$append", "2026-01-02"))
        assert [two] == after([one, two, one], "days", Update("$remove", "2026-01-01"))
        assert [one] == after(None, "days", Update("$append", "2026-01-01"))
        assert after(None, "days", Update("$remove", "2026-01-01")) is None
        assert [Decimal("1.5")] == after(
            [Decimal("1.50"), Decimal(2)], "sums", Update("$remove", "2")
        )
        assert ["a", "1"] == after(["a"], "words", Update("$append", "1"))
        assert [[1], [2]] == after([[1]], "pairs", Update("$append", [2]))
        assert [[2]] == after([[1], [2]], "pairs", Update("$remove", [1]))
        assert [1, 2] == after([1], "numbers", Update("$append", 2))
        unfit: dict[str, list[Any]] = {
            "days": ["soon", 5, True, {}],
            "sums": ["x", "1.001", True, []],
            "words": [1, False, ["a"], {"a": 1}, "\0"],
            "pairs": [1, [1.5], ["x"], [[1]], "1"],
            "numbers": [1.5, True, "x", [1], 2**70],
        }
        for name, items in unfit.items():
            for item in items:
                for operator in ("$append", "$remove"):
                    with pytest.raises(UnfitValueError):
                        after([], name, Update(operator, item))


@pytest.mark.parametrize("stored", ["1", True, None, [1], {}])
def test_what_is_no_number_has_no_sum(stored: object) -> None:
    with pytest.raises(UnfitUpdateError):
        Update("$inc", 1).result(stored)


def test_what_is_absent_counts_as_nothing() -> None:
    assert 3 == Update("$inc", 3).result(ABSENT)
    assert ["x"] == Update("$append", "x").result(ABSENT)
    assert Update("$remove", "x").result(ABSENT) is ABSENT


def test_decimals_keep_all_digits() -> None:
    large = Decimal("1" * 30)
    assert Decimal("1" * 30 + ".01") == Update("$inc", Decimal("0.01")).result(large)

"""A column whose name begins with ``_`` is one like others, except as a key of a write."""

from __future__ import annotations

from typing import Any

import pytest

from django_flex import FlexQuery
from tests.doors.fronts import EVERYTHING
from tests.wild.goods import Shelf, Slot

GRANT = {
    **EVERYTHING,
    "ops": ["get", "list", "aggregate", "add", "edit", "bulk_edit"],
    "aggregates": ["*"],
    "write_fields": ["*", "_order"],
}


@pytest.fixture(autouse=True)
def slots(db: None, configure: Any) -> None:
    configure({f"wild.{name}": {"anon": GRANT} for name in ("shelf", "slot")})
    shelf = Shelf.objects.create(pk=1, name="rack")
    for key in (1, 2, 3):
        Slot.objects.create(pk=key, shelf=shelf, label=f"slot {key}")
    for place, key in enumerate([3, 1, 2]):
        Slot.objects.filter(pk=key).update(_order=place)


def ask(model: str, **spec: Any) -> tuple[int, Any]:
    result = FlexQuery(f"wild.{model}").execute(spec)
    return result.status_code, result.to_dict()


def order() -> list[tuple[int, int]]:
    return list(Slot.objects.order_by("_order", "pk").values_list("pk", "_order"))


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ({"order_by": "-_order"}, [2, 1, 3]),
        ({"filters": {"_order.gte": 1}, "order_by": "_order"}, [1, 2]),
        ({"filters": {"not": {"_order": 0}}}, [1, 2]),
    ],
)
def test_it_is_filtered_and_sorted_by(spec: dict[str, Any], found: list[int]) -> None:
    _, reply = ask("slot", fields="id, _order", shape="list", **spec)
    assert found == [row["id"] for row in reply["results"]]


def test_it_is_read_where_rows_are() -> None:
    related = {"slots": {"fields": "id, at:_order", "order_by": "_order"}}
    _, reply = ask("shelf", _id=1, fields="id", related=related)
    assert [3, 1, 2] == [row["id"] for row in reply["slots"]]
    assert {"id": 3, "_order": 0} == {
        name: ask("slot", _id=3)[1][name] for name in ("id", "_order")
    }
    _, totals = ask("slot", _action="aggregate", aggregate="_order.max")
    assert {"_order": {"max": 2}} == totals["results"]


@pytest.mark.parametrize("key", ["_order", "_nothing"])
@pytest.mark.parametrize("spec", [{"_action": "add", "shelf": 1}, {"_action": "edit", "_id": 1}])
def test_as_a_key_of_a_write_it_is_no_word_that_there_is(key: str, spec: dict[str, Any]) -> None:
    """Whether there is such a column makes no difference."""
    status, reply = ask("slot", **spec, **{key: 7})
    assert (400, "query.unknown_key", key) == (status, reply["code"], reply["path"])
    assert [(3, 0), (1, 1), (2, 2)] == order()


def test_it_is_written_by_filter_and_inside_of_other_rows() -> None:
    status, _ = ask("slot", _action="bulk_edit", filters={"id": 3}, _set={"_order": 7})
    assert (200, [(1, 1), (2, 2), (3, 7)]) == (status, order())
    inside = {"$edit": [{"id": 1, "_order": 9}]}
    status, reply = ask("shelf", _action="edit", _id=1, slots=inside)
    assert (200, [(2, 2), (3, 7), (1, 9)]) == (status, order()), reply

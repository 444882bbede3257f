"""Rows with keys of several columns are written like any other."""

from __future__ import annotations

from typing import Any

import pytest

from django_flex import FlexQuery
from django_flex.schema.conversions.keys import key_text
from tests.keyed.conftest import DAY, ONE, exposed
from tests.keyed.models import PlotCell, PriceQuote, SensorReading, Waybill, WaybillLine

WRITES = ["get", "list", "add", "edit", "delete", "upsert", "bulk_edit", "bulk_delete"]
WRITE: dict[str, Any] = {"ops": WRITES}


@pytest.fixture
def writable(rows: None, settings: Any) -> None:
    names = ("plotcell", "pricequote", "waybill", "waybillline", "sensor", "sensorreading")
    exposed(settings, **dict.fromkeys(names, WRITE))


def run(model: str, status: int = 200, **query: Any) -> dict[str, Any]:
    result = FlexQuery(f"keyed.{model}").execute(query)
    reply = result.to_dict()
    assert status == result.status_code, reply
    return reply


def cells() -> dict[Any, str]:
    return {one.pk: one.crop for one in PlotCell.objects.order_by("pk")}


def test_a_row_is_added(writable: None) -> None:
    got = run("plotcell", 201, _action="add", row=5, column=6, crop="pea")

    assert {"pk": "5~6", "row": 5, "column": 6, "crop": "pea", "owner": "ann"} == got
    assert "pea" == cells()[5, 6]


def test_a_key_is_taken_once(writable: None) -> None:
    for items in (
        [{"row": 1, "column": 1, "crop": "x"}],
        [{"row": 8, "column": 1, "crop": "x"}] * 2,
    ):
        before = cells()
        result = FlexQuery("keyed.plotcell").execute({"_action": "add", "_items": items})
        assert result.status_code in {400, 409}, result.to_dict()
        assert before == cells()


@pytest.mark.parametrize("missing", ["row", "column"])
def test_a_row_needs_all_parts_of_its_key(writable: None, missing: str) -> None:
    values = {"row": 5, "column": 6, "crop": "pea"}
    del values[missing]
    reply = run("plotcell", 400, _action="add", **values)
    assert [missing] == list(reply["fields"])


def test_a_row_is_edited_and_deleted_by_its_key(writable: None) -> None:
    got = run("plotcell", _action="edit", _id="1~2", crop="fig", _fields="pk, crop")
    assert {"pk": "1~2", "crop": "fig"} == got
    got = run("plotcell", _action="edit", pk="1~2", crop="nut", _fields="crop")
    assert {"crop": "nut"} == got
    assert "nut" == cells()[1, 2]
    got = run("plotcell", _action="delete", _id="1~2")
    assert {"pk": "1~2", "deleted": True} == got
    assert [(-1, 3), (1, 1), (2, 1), (2, 12)] == list(cells())


@pytest.mark.parametrize("key", ["9~9", "1", "1~2~3", "x~y"])
@pytest.mark.parametrize("operation", ["edit", "delete"])
def test_a_key_of_no_row_changes_nothing(writable: None, key: str, operation: str) -> None:
    values = {"crop": "x"} if operation == "edit" else {}
    before = cells()
    run("plotcell", 404, _action=operation, _id=key, **values)
    assert before == cells()


@pytest.mark.parametrize("name", ["row", "column"])
def test_a_key_does_not_change(writable: None, name: str) -> None:
    before = cells()
    reply = run("plotcell", 400, _action="edit", _id="1~2", **{name: 7})
    assert f"'{name}' is part of the key, which does not change" == reply["error"]
    assert before == cells()


@pytest.mark.parametrize("operation", ["add", "edit"])
def test_a_key_is_not_written_as_a_whole(writable: None, operation: str) -> None:
    query = {"row": 5, "column": 6, "crop": "pea"} if operation == "add" else {"_id": "1~2"}
    result = FlexQuery("keyed.plotcell").execute({"_action": operation, **query, "pk": "1~1"})
    assert result.status_code in {400, 403}, result.to_dict()


@pytest.mark.exhaustive
def test_many_rows_are_written_at_once(writable: None) -> None:
    items = [{"row": n, "column": 1, "crop": "a"} for n in range(100, 900)]
    reply = run("plotcell", 201, _action="add", _items=items, _fields="pk")
    assert [f"{n}~1" for n in range(100, 900)] == [one["pk"] for one in reply["results"]]

    items = [{"_id": f"{n}~1", "crop": f"c{n}"} for n in range(100, 900)]
    reply = run("plotcell", _action="edit", _items=items, _fields="pk, crop")
    assert {"pk": "899~1", "crop": "c899"} == reply["results"][-1]
    items = [{"_id": f"{n}~1", "crop": "same"} for n in range(100, 900)]
    run("plotcell", _action="edit", _items=items, _fields="crop")
    assert "same" == cells()[899, 1]
    run("plotcell", _action="delete", _items=[f"{n}~1" for n in range(100, 900)])
    assert 5 == len(cells())


def test_rows_are_upserted_by_their_parts(writable: None) -> None:
    items = [{"row": 1, "column": 2, "crop": "new"}, {"row": 7, "column": 7, "crop": "more"}]
    reply = run("plotcell", _action="upsert", _match="row,column", _items=items, _fields="pk,crop")
    assert [{"pk": "1~2", "crop": "new"}, {"pk": "7~7", "crop": "more"}] == reply["results"]


def test_rows_are_written_by_a_filter(writable: None) -> None:
    reply = run("plotcell", _action="bulk_edit", filters={"row": 1}, _set={"crop": "x"})
    assert 2 == reply["affected"]
    assert ["1~1", "1~2"] == [one["pk"] for one in reply["results"]]
    reply = run("plotcell", _action="bulk_delete", filters={"pk.in": ["1~1", "2~1"]})
    assert [{"pk": "1~1", "deleted": True}, {"pk": "2~1", "deleted": True}] == reply["results"]


def test_other_kinds_of_keys(writable: None) -> None:
    key = key_text(("a~_/ü", DAY))
    got = run("pricequote", 201, _action="add", symbol="a~_/ü", day="2026-05-01", price="2.50")
    assert key == got["pk"]
    run("pricequote", _action="edit", _id=key, price="3.00")
    assert 3 == PriceQuote.objects.get(pk=("a~_/ü", DAY)).price

    key = key_text((ONE, ONE))
    got = run("sensorreading", _action="edit", _id=key, value=9.5)
    assert (key, 1, 9.5) == (got["pk"], got["id"], got["value"])
    run("sensorreading", _action="delete", pk=key)
    assert not SensorReading.objects.filter(id=1).exists()
    values = {"serial": str(ONE), "sensor": str(ONE), "id": 8}
    assert key == run("sensorreading", 201, _action="add", **values)["pk"]
    run("sensorreading", 400, _action="add", **{**values, "sensor": str(DAY)})


def test_rows_inside_others_are_written(writable: None) -> None:
    lines = [{"line": 1, "product": "a"}, {"line": 2, "product": "b"}]
    got = run("waybill", 201, _action="add", number="n", lines=lines, _fields="id, lines.pk")
    bill = got["id"]
    assert [f"{bill}~1", f"{bill}~2"] == [one["pk"] for one in got["lines"]]

    change = [{"pk": f"{bill}~1", "product": "c"}, {"line": 3, "product": "d"}]
    run("waybill", _action="edit", _id=bill, lines={"$add": change[1:], "$edit": change[:1]})
    found = WaybillLine.objects.filter(waybill=bill).order_by("pk")
    assert [(1, "c"), (2, "b"), (3, "d")] == [(one.line, one.product) for one in found]
    run("waybill", _action="edit", _id=bill, lines={"$remove": [f"{bill}~2"]})
    assert [1, 3] == [one.line for one in found.all()]
    again = [{"pk": f"{bill}~3"}, {"line": 4, "product": "e"}]
    run("waybill", _action="edit", _id=bill, lines={"$set": again})
    assert [3, 4] == [one.line for one in found.all()]
    # The line of another waybill.
    run("waybill", 404, _action="edit", _id=bill, lines={"$edit": [{"pk": "1~1", "product": "x"}]})
    run("waybill", 404, _action="edit", _id=bill, lines={"$remove": ["1~1"]})


def test_a_row_is_deleted_with_what_points_to_it(writable: None) -> None:
    run("waybill", _action="delete", _id=1)
    assert [(2, 1)] == [one.pk for one in WaybillLine.objects.all()]
    assert not Waybill.objects.filter(id=1).exists()


@pytest.mark.parametrize("key", ["9~9", "9~", "x"])
@pytest.mark.parametrize("name", ["_id", "pk"])
def test_a_missing_row_of_a_list_is_named_as_it_was_sent(
    rows: None, settings: Any, name: str, key: str
) -> None:
    exposed(settings, plotcell={"ops": ["get", "list", "edit", "delete"]})
    for sent in ({name: key, "crop": "x"}, {"crop": "x", name: key}):
        items = [{name: "1~1", "crop": "x"}, sent]
        missing = FlexQuery("keyed.plotcell").execute({"_action": "edit", "_items": items})
        assert (404, f"_items[1].{name}") == (missing.status_code, missing.to_dict()["path"])
    for item, path in (({name: key}, f"_items[1].{name}"), (key, "_items[1]")):
        keys: list[Any] = [{name: "1~1"}, item]
        missing = FlexQuery("keyed.plotcell").execute({"_action": "delete", "_items": keys})
        assert (404, path) == (missing.status_code, missing.to_dict()["path"])


def test_a_row_twice_in_a_list_is_named_as_it_was_sent(rows: None, settings: Any) -> None:
    exposed(settings, plotcell={"ops": ["get", "list", "edit", "delete"]})
    items = [{"pk": "1~1", "crop": "x"}, {"_id": "1~1", "crop": "y"}]
    twice = FlexQuery("keyed.plotcell").execute({"_action": "edit", "_items": items})
    assert (400, "_items[1]._id") == (twice.status_code, twice.to_dict()["path"])

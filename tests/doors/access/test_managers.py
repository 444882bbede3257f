"""Methods of a project's querysets are not asked for values: its rows are read, counted and written."""

from __future__ import annotations

from typing import Any

import pytest

from django_flex import FlexQuery
from tests.doors.fronts import EVERYTHING

NAMES = ["emptylisted", "closedlisted", "wrappinglisted", "shapinglisted", "softlisted"]
OPS = ["get", "list", "add", "edit", "delete", "aggregate", "bulk_edit", "bulk_delete"]
GRANT: dict[str, Any] = {
    **EVERYTHING,
    "ops": OPS,
    "aggregates": "*",
    "write_fields": ["*", "code"],
}

pytestmark = [pytest.mark.django_db, pytest.mark.parametrize("model", NAMES)]


@pytest.fixture(autouse=True)
def rows(settings: Any, model: str) -> None:
    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "EXPOSE": {f"wild.{name}": {"anon": GRANT} for name in NAMES},
    }
    for code, name, number in (("b", "beta", 2), ("a", "alpha", 1), ("c", "gamma", 3)):
        row = ask(model, "add", code=code, name=name, number=number)
        assert {"code": code, "name": name, "number": number} == row


def ask(model: str, action: str = "list", **query: Any) -> Any:
    result = FlexQuery(f"wild.{model}").execute({"_action": action, **query})
    assert result.ok, result.to_dict()
    return result.to_dict()


def test_rows_are_read_as_they_are_stored(model: str) -> None:
    page = ask(model, fields="number,name", order_by="name", count=True, limit=2, cursor=True)
    assert {"a": {"number": 1, "name": "alpha"}, "b": {"number": 2, "name": "beta"}} == page[
        "results"
    ]
    assert 3 == page["pagination"]["count"]
    assert ["c"] == [*ask(model, **page["pagination"]["next"])["results"]]
    assert {"name": "beta", "number": 2} == ask(model, "get", id="b", fields="name,number")
    filters = {"or": {"number": 1, "name.startswith": "g"}}
    assert {"a", "c"} == {*ask(model, filters=filters)["results"]}
    combinations = ask(model, fields="number", distinct=True, order_by="number")["results"]
    assert [{"number": 1}, {"number": 2}, {"number": 3}] == combinations
    totals = ask(model, "aggregate", aggregate="count,number.sum")["results"]
    assert {"count": 3, "number": {"sum": 6}} == totals
    groups = ask(model, "aggregate", group_by="name", aggregate="count", order_by="name")["results"]
    assert [("alpha", 1), ("beta", 1), ("gamma", 1)] == [(g["name"], g["count"]) for g in groups]


def test_rows_are_written_one_by_one_and_by_filter(model: str) -> None:
    changed = ask(model, "edit", id="b", number=20)
    assert {"code": "b", "name": "beta", "number": 20} == changed
    every = {"filters": {"number": 20}, "_set": {"number": 2}, "_fields": "name,number"}
    assert [{"name": "beta", "number": 2}] == ask(model, "bulk_edit", **every)["results"]
    assert {"id": "c", "deleted": True} == ask(model, "delete", id="c")
    assert 1 == ask(model, "bulk_delete", filters={"name": "beta"})["affected"]
    assert {"a": {"code": "a", "name": "alpha", "number": 1}} == ask(model)["results"]

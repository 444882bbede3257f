"""A project's own methods are called as they are declared, and what they change is stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from tests.wild.overriding import Spot
from tests.writes.conftest import GRANT, ask

#: Of which a method of validation takes no argument.
CHECKED = ["fullcleaner", "uniquevalidator", "constraintvalidator", "fieldcleaner"]
SAVED = ["frozen", "logged", "tallied", "adding", "watched", "edition", "spot"]


@pytest.fixture(autouse=True)
def open_models(configure: Callable[..., None]) -> None:
    configure(
        {f"wild.{name}": {"anon": {**GRANT, "write_fields": ["*"]}} for name in [*CHECKED, *SAVED]}
    )


def added(model: str, /, **values: Any) -> dict[str, Any]:
    status, row = ask(f"wild.{model}", "add", **values)
    assert status == 201, row
    return row


@pytest.mark.parametrize("name", CHECKED)
def test_methods_of_validation_without_arguments(name: str) -> None:
    first, second = added(name, name="a"), added(name, name="b")
    for action, key in (("add", {}), ("edit", {"id": second["id"]})):
        status, reply = ask(f"wild.{name}", action, **key, name="a")
        assert (400, {"name": ["unique"]}) == (status, reply.get("codes")), reply
    status, reply = ask(f"wild.{name}", "edit", id=first["id"], rank="x")
    assert (400, ["rank"]) == (status, list(reply["fields"])), reply
    assert 200 == ask(f"wild.{name}", "edit", id=first["id"], rank=2)[0]
    assert 400 == ask(f"wild.{name}", "add", _items=[{"name": "c"}, {"name": "c"}])[0]


def test_the_constraints_of_such_a_model_hold() -> None:
    status, reply = ask("wild.constraintvalidator", "add", name="a", rank=-1)
    assert (400, ["__all__"]) == (status, list(reply["fields"])), reply


def test_a_column_that_a_model_lets_nobody_set_is_named() -> None:
    row = added("frozen", name="a", number=1)
    for way in ({"number": 2}, {"number": {"$inc": 1}}, {"name": "b", "number": 2}):
        status, reply = ask("wild.frozen", "edit", id=row["id"], **way)
        assert (400, ["number"]) == (status, list(reply.get("fields", ()))), reply
        assert "secret" not in str(reply)
    by_filter = {"filters": {"name": "a"}, "_set": {"number": 2}}
    assert 400 == ask("wild.frozen", "bulk_edit", **by_filter)[0]
    assert 200 == ask("wild.frozen", "edit", id=row["id"], name="b", number=1)[0]


@pytest.mark.parametrize(
    ("name", "first", "change", "stored"),
    [
        ("logged", {"name": "a"}, {"name": "b"}, {"data": {"names": ["a", "b"]}}),
        ("logged", {"name": "a"}, {"data.more": 1}, {"data": {"names": ["a", "a"], "more": 1}}),
        ("tallied", {"name": "a"}, {"name": "b"}, {"saved": 1}),
        ("adding", {"name": "A"}, {"name": "B"}, {"slug": "b"}),
        ("watched", {"name": "a"}, {"name": "b"}, {"changes": 1}),
        ("edition", {"title": "a"}, {"number": 2}, {"slug": "a-2"}),
        ("edition", {"title": "a", "number": 3}, {"title": "b"}, {"slug": "b-3"}),
    ],
)
@pytest.mark.parametrize("way", ["key", "list", "filter"])
def test_what_save_changes_is_stored(
    name: str, first: dict[str, Any], change: dict[str, Any], stored: dict[str, Any], way: str
) -> None:
    """Inside a column, by an expression, in another table, or by what was loaded before."""
    model, key = f"wild.{name}", added(name, **first)["id"]
    if way == "key":
        status, reply = ask(model, "edit", id=key, **change)
    elif way == "list":
        status, reply = ask(model, "edit", _items=[{"id": key, **change}])
    else:
        status, reply = ask(model, "bulk_edit", filters={"id": key}, _set=change)
    assert 200 == status, reply
    row = reply if way == "key" else reply["results"][0]
    assert stored == {column: row[column] for column in stored}
    assert stored == {column: ask(model, "get", id=key)[1][column] for column in stored}


#: Two rows that are not allowed together, and what a database needs to know that.
TOGETHER: list[Any] = [
    pytest.param({"row": 1, "seat": 1}, {"row": 1, "seat": 1, "floor": 2}, None, id="message"),
    pytest.param({"seat": 1, "floor": 1}, {"seat": 1, "floor": 1}, None, id="unique_together"),
    pytest.param(
        {"label": "Ab", "seat": 1},
        {"label": "aB", "seat": 1, "floor": 2},
        "supports_expression_indexes",
        id="expression",
    ),
    pytest.param({"code": "x"}, {"code": "x"}, "supports_partial_indexes", id="condition"),
]


@pytest.mark.parametrize(("first", "second", "feature"), TOGETHER)
def test_rows_of_one_list_that_are_not_allowed_together_are_named(
    first: dict[str, Any], second: dict[str, Any], feature: str | None
) -> None:
    """What the database does not know is asked when all rows are stored: the first one is named."""
    known = feature is None or getattr(connection.features, feature)
    place = "_items[2]" if known else "_items[1]"
    rows = [{"seat": 9, "floor": 9}, first, second]
    status, reply = ask("wild.spot", "add", _items=rows)
    assert (400, place, ["__all__"]) == (status, reply["path"], list(reply["fields"])), reply
    assert not Spot.objects.exists()
    keys = [added("spot", floor=floor)["id"] for floor in (5, 6, 7)]
    items = [{"id": key, **row} for key, row in zip(keys, rows, strict=True)]
    status, reply = ask("wild.spot", "edit", _items=items)
    assert (400, place, ["__all__"]) == (status, reply["path"], list(reply["fields"])), reply
    assert {None} == set(Spot.objects.values_list("seat", flat=True))


def test_rows_may_change_places_where_the_database_checks_at_the_end() -> None:
    keys = [added("spot", seat=seat, floor=1)["id"] for seat in (1, 2)]
    items = [{"id": keys[0], "seat": 3}, {"id": keys[1], "seat": 1}]
    status, reply = ask("wild.spot", "edit", _items=items)
    assert (200, [3, 1]) == (status, [row["seat"] for row in reply["results"]]), reply

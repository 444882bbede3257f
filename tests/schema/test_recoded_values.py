"""Values of any type that are stored as another one: shown, sent back, found, and never sorted."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from django_flex import FlexQuery
from tests.wild.recoding import Recoded
from tests.writes.conftest import GRANT, ask

#: What is sent, how it is shown, and another value.
VALUES: dict[str, tuple[Any, Any, Any]] = {
    "level": (2, 2, 1),
    "right": (3, 3, 1),
    "day": ("2024-02-29", "2024-02-29", "2024-03-01"),
    "yes": (True, True, False),
    "exact": ("1.50", "1.50", "1.51"),
    "hex": (str(UUID(int=7)), str(UUID(int=7)), str(UUID(int=8))),
    "packed": ("hello", "hello", "world"),
    "path": ("a/b", "a/b", "a/c"),
    "object": ({"a": [1]}, {"a": [1]}, {"a": [2]}),
    "cell": ({"row": 1, "column": 2}, {"row": 1, "column": 2}, {"row": 3, "column": 4}),
}
each = pytest.mark.parametrize("name", VALUES)


@pytest.fixture(autouse=True)
def exposed(db: None, configure: Callable[..., None]) -> None:
    ops = [*GRANT["ops"], "aggregate"]
    configure({"wild.recoded": {"anon": {**GRANT, "aggregates": "*", "ops": ops}}})


def shown(value: Any) -> Any:
    """Return a value as JSON has it."""
    return json.loads(json.dumps(value, default=str))


def row_with(name: str) -> tuple[int, Any]:
    ask("wild.recoded", "add", name="other", **{name: VALUES[name][2]})
    status, row = ask("wild.recoded", "add", name="a", **{name: VALUES[name][0]})
    assert status == 201, row
    return row["id"], row[name]


def seen(key: int, name: str) -> Any:
    """Return what a browser gets."""
    return Client().get(f"/api/wild.recoded/{key}?fields={name}").json()[name]


def found(filters: dict[str, Any]) -> list[int]:
    status, reply = ask("wild.recoded", "list", filters=filters, fields="id", shape="list")
    assert status == 200, (filters, reply)
    return sorted(row["id"] for row in reply["results"])


@each
def test_what_is_shown_is_taken_back_by_every_write(name: str) -> None:
    key, _ = row_with(name)
    value = seen(key, name)
    assert VALUES[name][1] == value
    other = VALUES[name][2]
    for action, spec, wanted in (
        ("edit", {"id": key, name: other}, other),
        ("edit", {"id": key, name: value}, value),
        ("edit", {"_items": [{"id": key, name: other}]}, other),
        ("bulk_edit", {"filters": {"name": "a"}, "_set": {name: value}}, value),
        ("edit", {"id": key, name: None}, None),
    ):
        status, reply = ask("wild.recoded", action, **spec)
        assert status == 200, reply
        assert wanted == seen(key, name)


@each
def test_what_is_shown_is_found(name: str) -> None:
    key, _ = row_with(name)
    none = ask("wild.recoded", "add", name="none")[1]["id"]
    value, other = seen(key, name), VALUES[name][2]
    wrapped = {"$value": value} if isinstance(value, dict) else value
    rest = sorted(Recoded.objects.exclude(pk=key).values_list("pk", flat=True))
    for _ in range(3):  # the second and the third come from a statement that was kept
        assert [key] == found({name: wrapped}) == found({f"{name}.in": [value]})
        assert rest == found({f"{name}.ne": wrapped}) == found({"not": {name: wrapped}})
        assert [key] == found({f"{name}.isnull": False, f"{name}.nin": [other]})
        assert [none] == found({name: None})


@each
def test_the_stored_form_decides_no_order_and_no_sum(name: str) -> None:
    key, _ = row_with(name)
    value = seen(key, name)
    wrapped = {"$value": value} if isinstance(value, dict) else value
    for asked in (
        {"order_by": name},
        {"filters": {f"{name}.gt": wrapped}},
        {"filters": {f"{name}.icontains": "1"}},
        {"aggregate": f"{name}.sum"},
        {"aggregate": f"{name}.max"},
    ):
        assert ask("wild.recoded", "list", **asked)[0] in {400, 403}, asked
    status, reply = ask("wild.recoded", "aggregate", group_by=name, aggregate="count")
    assert status == 200, reply
    groups = shown([group[name] for group in reply["results"]])
    assert len(groups) == 2


@each
def test_streams_have_what_is_shown(name: str) -> None:
    key, _ = row_with(name)
    spec = {"fields": f"id, {name}", "filters": {"name": "a"}, "limit": 9}
    (line,) = b"".join(FlexQuery("wild.recoded").stream({**spec, "format": "ndjson"})).splitlines()
    assert {"id": key, name: seen(key, name)} == json.loads(line)
    text = b"".join(FlexQuery("wild.recoded").stream({**spec, "format": "csv"})).decode()
    ((_, cell),) = list(csv.reader(io.StringIO(text)))[1:]
    value = seen(key, name)
    assert (value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))) == cell

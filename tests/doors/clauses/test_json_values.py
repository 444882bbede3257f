"""JSON values that are alike as texts are different values, on every database."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from django.db.models import JSONField, Value

from tests.doors.fronts import AGGREGATING, Door, Execute
from tests.testapp.kinds import Sample

VALUES: dict[str, Any] = {
    "null": None,
    "word-null": "null",
    "word-NULL": "NULL",
    "quoted-null": '"null"',
    "empty-text": "",
    "zero": 0,
    "word-0": "0",
    "half": 0.5,
    "word-half": "0.5",
    "one": 1,
    "false": False,
    "word-false": "false",
    "true": True,
    "word-true": "true",
    "list": [],
    "word-list": "[]",
    "list-of-null": [None],
    "word-list-of-null": "[null]",
    "object": {},
    "word-object": "{}",
    "object-of-null": {"b": None},
    "word-object-of-null": '{"b":null}',
}
DOCUMENTS: dict[str, Any] = {
    "a": lambda value: {"a": value},
    "a.deep": lambda value: {"a": {"deep": value}},
    "0": lambda value: [value],
    "a.0": lambda value: {"a": [value]},
    "a.0.deep": lambda value: {"a": [{"deep": value}]},
}
#: Rows that have no value at the path, whatever it is.
WITHOUT = {
    "missing": {"other": "null"},
    "empty": {},
    "no-items": [],
    "text": "null",
    "number": 1,
    "key-of-digits": {"0": "null", "other": {"0": 1}},
}
OPEN = {"sample": {"anon": AGGREGATING}}
paths = pytest.mark.parametrize("path", DOCUMENTS)


@pytest.fixture
def execute(settings: Any, db: None) -> Door:
    """The door without HTTP."""
    return Execute(settings)


def create(path: str) -> dict[str, Any]:
    """Create a row for each value; return what each has at the path, None where nothing is."""
    rows = {name: DOCUMENTS[path](value) for name, value in VALUES.items()} | WITHOUT
    for name, data in rows.items():
        Sample.objects.create(name=name, data=data)
    Sample.objects.create(name="sql-null", data=None)
    Sample.objects.create(name="json-null", data=Value(None, JSONField()))
    return VALUES | dict.fromkeys([*WITHOUT, "sql-null", "json-null"])


def found(execute: Door, filters: Any) -> set[str]:
    query = {"fields": "name", "filters": filters, "limit": 100}
    reply = execute.list(query, expose=OPEN, model="sample")
    assert reply.status == 200, reply.body
    return {row["name"] for row in reply.results}


def word(value: Any) -> str:
    return json.dumps(value)


@paths
def test_each_value_is_equal_to_itself_only(execute: Door, path: str) -> None:
    rows = create(path)
    for value in VALUES.values():
        same = {name for name, other in rows.items() if word(other) == word(value)}
        wanted = value if value is None else {"$value": value}

        assert same == found(execute, {f"data.{path}": wanted}), value
        assert rows.keys() - same == found(execute, {"not": {f"data.{path}": wanted}}), value
        if value is not None:
            assert rows.keys() - same == found(execute, {f"data.{path}.ne": wanted}), value


@paths
def test_null_is_what_is_null_or_missing(execute: Door, path: str) -> None:
    rows = create(path)
    null = {name for name, value in rows.items() if value is None}

    assert null == found(execute, {f"data.{path}.isnull": True})
    assert rows.keys() - null == found(execute, {f"data.{path}.isnull": False})
    assert rows.keys() - null == found(execute, {"not": {f"data.{path}.isnull": True}})
    assert null == found(execute, {"not": {f"data.{path}.isnull": False}})


@paths
@pytest.mark.parametrize(
    "wanted",
    [["null", ""], ["false", 0], [False, "0"], ["true", 1, "[]"], [0.5, "{}", True]],
    ids=word,
)
def test_lists_of_values(execute: Door, path: str, wanted: list[Any]) -> None:
    rows = create(path)
    same = {name for name, value in rows.items() if word(value) in map(word, wanted)}

    assert same == found(execute, {f"data.{path}.in": wanted})
    assert rows.keys() - same == found(execute, {f"data.{path}.nin": wanted})
    either = [{f"data.{path}": value} for value in wanted]
    assert same == found(execute, {"or": either})


@paths
def test_each_value_is_a_group(execute: Door, path: str) -> None:
    rows = create(path)
    query = {"group_by": f"value:data.{path}", "aggregate": "count", "limit": 100}
    reply = execute.aggregate(query, expose=OPEN, model="sample")

    assert reply.status == 200, reply.body
    groups = [(word(group["value"]), group["count"]) for group in reply.body["results"]]
    assert sorted(Counter(map(word, rows.values())).items()) == sorted(groups)


@paths
def test_as_many_values_as_a_list_may_have(execute: Door, path: str) -> None:
    create(path)
    wanted = ["null", *map(str, range(1, 500)), *range(1, 501)]

    assert {"word-null", "one"} == found(execute, {f"data.{path}.in": wanted})


def test_whole_columns(execute: Door) -> None:
    for name, value in VALUES.items():
        data = Value(None, JSONField()) if value is None else value
        Sample.objects.create(name=name, data=data)
    Sample.objects.create(name="sql-null", data=None)
    rows = {*VALUES, "sql-null"}

    assert {"sql-null"} == found(execute, {"data": None})
    assert {*VALUES} == found(execute, {"data.isnull": False})
    for name, value in VALUES.items():
        if value is not None:
            assert {name} == found(execute, {"data": {"$value": value}}), value
            assert rows - {name} == found(execute, {"data.ne": {"$value": value}}), value
            assert {name} == found(execute, {"data.in": [value]}), value


#: What has no item at an index: it is no list, or a shorter one.
NO_LISTS: dict[str, Any] = {
    "text": "x",
    "number": 7,
    "true": True,
    "null": None,
    "object": {"0": "x", "1": 7, "10": {"deep": 1}, "null": {"0": "x"}},
    "short": [],
}


@pytest.mark.one_in(3)
@pytest.mark.parametrize("index", ["0", "1", "10"])
@pytest.mark.parametrize("above", ["", "a.", "a.b.", "null."])
@pytest.mark.parametrize("below", ["", ".0", ".deep", ".null"])
def test_digits_index_lists_only(execute: Door, above: str, index: str, below: str) -> None:
    for name, value in NO_LISTS.items():
        data: Any = value
        for key in reversed(above.split(".")[:-1]):
            data = {key: data}
        Sample.objects.create(name=name, data=data)
    path = f"data.{above}{index}{below}"

    assert {*NO_LISTS} == found(execute, {path: None})
    assert set() == found(execute, {f"{path}.isnull": False})
    assert set() == found(execute, {f"{path}.in": ["x", 7, 1]})
    assert set() == found(execute, {f"{path}.startswith": ""})
    query = {"fields": f"name, data.{above}{index}{below}", "order_by": f"{path}, name"}
    rows = execute.list(query, expose=OPEN, model="sample").results
    assert sorted(NO_LISTS) == [row["name"] for row in rows]

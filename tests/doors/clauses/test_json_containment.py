"""JSON values inside of JSON values, where the database can tell, and the refusal elsewhere."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import run_checks
from django.db import connection
from django.db.models import JSONField, Value

from django_flex.plan.capabilities import REFUSALS
from tests.differential.values import includes
from tests.doors.fronts import EVERYTHING, Door, Execute, RestGet
from tests.testapp.kinds import Sample

pytestmark = pytest.mark.django_db
DOCUMENTS: dict[str, Any] = {
    "empty": {},
    "one": {"a": 1},
    "two": {"a": 1, "b": 2},
    "text-one": {"a": "1"},
    "true": {"a": True},
    "null": {"a": None},
    "half": {"a": 1.5},
    "deep": {"a": {"b": {"c": [1, 2, 3]}}, "z": "Ω"},
    "deeper": {"a": {"b": {"c": [1, 2, 3], "d": 'quoted "x"'}, "y": "Ω\\"}},
    "empty-list": [],
    "numbers": [1, 2, 3],
    "twice": [1, 1],
    "mixed": [1, "1", True, None, 1.5, {"a": 1}],
    "objects": [{"a": 1, "b": 2}, {"a": 2}],
    "word": "a",
    "number": 1,
    "json-null": None,
    "item": [{"a": 1}],
    "items-below": {"a": [{"b": {"c": [3]}}], "b": {"c": "x"}},
    "odd-keys": {'a"b': [1], "é": {"x\\y": "z", "": 2}, "0": {"1": 5}},
    "list-below": {"a": [1, 2], "b": [{"c": "x", "d": "y"}]},
}
#: What is looked for: objects and lists.
WANTED: list[Any] = [
    *[value for value in DOCUMENTS.values() if isinstance(value, dict | list)],
    {"b": 2, "a": 1},
    {"a": {"b": {}}},
    {"a": {"b": {"c": [3]}}},
    {"a": {"b": {"c": []}}},
    {"a": {"y": "Ω\\"}},
    {"b": [{"d": "y"}]},
    {"b": [{"c": "y"}]},
    {"c": 1},
    {'a"b': 1},
    {'a"b': [1]},
    {"é": {"x\\y": "z"}},
    {"é": {"": 2}},
    {"0": {"1": 5}},
    {"0": {"1": [5]}},
    [3, 1],
    [2, 2],
    ["1"],
    [True],
    [None],
    [{"a": 1}],
    [{"b": 2, "a": 1}],
    [{"a": 1, "b": 3}],
    {"lower": 1},
]
OPEN = {"sample": {"anon": EVERYTHING}}
CAN = connection.features.supports_json_field_contains
only_where_it_can = pytest.mark.skipif(not CAN, reason="The refusal is tried below")


@pytest.fixture
def execute(settings: Any) -> Door:
    """The door without HTTP."""
    return Execute(settings)


def create(*keys: str) -> dict[str, Any]:
    """Create a row for each document, below some keys, and rows without any."""
    for name, value in DOCUMENTS.items():
        data = value
        for key in reversed(keys):
            data = {key: data}
        stored = Value(None, JSONField()) if data is None else data
        Sample.objects.create(name=name, data=stored)
    Sample.objects.create(name="sql-null", data=None)
    if keys:
        Sample.objects.create(name="missing", data={"other": DOCUMENTS})
    return DOCUMENTS | dict.fromkeys(["sql-null", *(["missing"] if keys else [])], ...)


def found(execute: Door, filters: Any) -> set[str]:
    query = {"fields": "name", "filters": filters, "limit": 100}
    reply = execute.list(query, expose=OPEN, model="sample")
    assert reply.status == 200, (filters, reply.body)
    return {row["name"] for row in reply.results}


@only_where_it_can
@pytest.mark.parametrize("keys", [(), ("k",), ("k", "0-x")], ids=len)
def test_containment_is_that_of_all_keys_and_items(execute: Door, keys: tuple[str, ...]) -> None:
    rows = create(*keys)
    path = ".".join(("data", *keys))
    for wanted in WANTED:
        inside = {n for n, one in rows.items() if one is not ... and includes(one, wanted)}
        outside = {n for n, one in rows.items() if one is not ... and includes(wanted, one)}

        assert inside == found(execute, {f"{path}.contains": wanted}), wanted
        assert rows.keys() - inside == found(execute, {"not": {f"{path}.contains": wanted}})
        assert outside == found(execute, {f"{path}.contained_by": wanted}), wanted
        assert inside == found(execute, {f"{path}.contains": {"$value": wanted}}), wanted


@only_where_it_can
def test_text_stays_text(execute: Door) -> None:
    create()

    assert {"word"} <= found(execute, {"data.contains": "a"})
    assert {"one", "two"} <= found(execute, {"data.contains": '"a": 1'})


@only_where_it_can
def test_list_in_a_url_is_a_text(settings: Any) -> None:
    Sample.objects.create(name="text", data={"tags": "red,blue"})
    Sample.objects.create(name="list", data={"tags": ["red", "blue"]})

    assert {"text"} == found(RestGet(settings), {"data.tags.contains": "red,blue"})
    assert {"list"} == found(Execute(settings), {"data.tags.contains": ["red"]})


@only_where_it_can
@pytest.mark.parametrize(
    "value", [5, True, None, [2**64], {"a": 2**64}, {"a": "\0"}, {"\0": 1}], ids=repr
)
def test_what_cannot_be_looked_for_is_refused(execute: Door, value: Any) -> None:
    query = {"fields": "name", "filters": {"data.contains": value}}

    reply = execute.list(query, expose=OPEN, model="sample")

    assert (400, "filters.data.contains") == (reply.status, reply.body["path"])


@pytest.mark.skipif(CAN, reason="This database can")
@pytest.mark.parametrize(
    "filters",
    [
        pytest.param({"data.contains": {"a": 1}}, id="object"),
        pytest.param({"data.contains": []}, id="list"),
        pytest.param({"data.k.contains": {"$value": {"a": 1}}}, id="below-a-key"),
        pytest.param({"data.contained_by": {"a": 1}}, id="contained"),
        pytest.param({"data.contained_by": 5}, id="contained-number"),
        pytest.param({"not": {"or": {"id": 1, "data.contains": {}}}}, id="negated"),
        pytest.param({"children.some": {"data.contains": {}}}, id="related"),
        pytest.param({"parent.data.contains": {}}, id="to-one"),
    ],
)
def test_database_that_cannot_tell_refuses(execute: Door, filters: Any) -> None:
    refusal = REFUSALS["containment"]
    grant = {**EVERYTHING, "fields": ["*", "parent.*", "children.*"]}

    reply = execute.list(
        {"fields": "id", "filters": filters}, expose={"sample": {"anon": grant}}, model="sample"
    )

    assert (400, "query.unsupported") == (reply.status, reply.body["code"])
    assert (refusal.message, refusal.otherwise) == (reply.body["error"], reply.body["hint"])
    assert "filters" == reply.body["path"]


@pytest.mark.skipif(CAN, reason="This database can")
def test_rules_and_descriptions_know_it(settings: Any) -> None:
    rule = {"data.contains": {"a": 1}}
    settings.DJANGO_FLEX = {"EXPOSE": {"sample": {"anon": {**EVERYTHING, "rows": rule}}}}

    assert ["django_flex.E029"] == [one.id for one in run_checks() if one.id == "django_flex.E029"]
    door = RestGet(settings)
    door.open("sample", OPEN, {})
    operators = door.request("OPTIONS", "/api/sample/").json()["fields"]["data"]["operators"]
    assert "contains" in operators
    assert "contained_by" not in operators

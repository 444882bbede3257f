"""Keys in JSON columns: one spelling of a path, and nothing but what it names behind it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.security.conftest import Ask, granted
from tests.testapp.models import Customer

DOCUMENTS = (
    {"pin": "A-PIN", "list": ["A-ITEM", "b"], "deep": {"hidden": "A-DEEP", "open": 1}},
    {"pin": "Z-PIN", "list": ["Z-ITEM", "c"], "deep": {"hidden": "Z-DEEP", "open": 2}},
)
HIDDEN = ["metadata.pin", "metadata.list.0", "metadata.deep.hidden"]
OPERATIONS = ["get", "list", "add", "edit", "aggregate"]
ENTRY = granted(exclude=HIDDEN, aggregates="*", search=["name", "metadata"], ops=OPERATIONS)
EXPOSE = {"customer": ENTRY}


@pytest.fixture(autouse=True)
def documents(db: None) -> None:
    """Two customers whose documents differ in what is hidden."""
    for key, document in enumerate(DOCUMENTS, start=1):
        Customer.objects.create(id=key, name="C", metadata=document)


OTHER_NAMES = {
    "leading-zero": "metadata.list.00",
    "many-zeros": "metadata.list.000000000",
    "more-zeros-than-an-index-has-digits": "metadata.list.0000000000000000000000",
    "negative": "metadata.list.-2",
    "minus-zero": "metadata.list.-0",
    "plus": "metadata.list.+0",
    "underscore": "metadata.list.0_0",
    "underscore-behind": "metadata.list.0_",
    "arabic-digit": "metadata.list.\u0660",
    "fullwidth-digit": "metadata.list.\uff10",
    "superscript": "metadata.list.\u2070",
    "space": "metadata.list. 0",
    "huge": "metadata.list.4294967296",
    "zero-in-front": "metadata.00.pin",
    "zero-behind": "metadata.pin.00",
    "itself": "metadata.list.0",
    "the-list": "metadata.list",
    "the-document": "metadata",
    "everything-in-it": "metadata.*",
    "item-of-the-item": "metadata.list.0.0",
}


def _clauses(path: str) -> list[dict[str, Any]]:
    return [
        {"fields": path},
        {"fields": f"id, x:{path}"},
        {"fields": path, "distinct": True},
        {"fields": "id", "distinct": [path]},
        *({"filters": {f"{path}{end}": value}} for end, value in FILTERS.items()),
        {"order_by": path},
        {"order_by": f"-{path}.nulls_last"},
        {"_action": "aggregate", "aggregate": "count", "group_by": path},
        {"_action": "aggregate", "aggregate": f"{path}.count"},
        {"_action": "aggregate", "aggregate": f"{path}.max"},
        {"_action": "aggregate", "aggregate": "count", "having": {f"{path}.count.gte": 1}},
    ]


FILTERS = {
    "": "A-ITEM",
    ".ne": "A-ITEM",
    ".in": ["A-ITEM"],
    ".startswith": "A",
    ".icontains": "a-",
    ".gte": "B",
    ".len": 2,
    ".isnull": False,
    ".has_key": "pin",
    ".has_keys": ["pin"],
    ".has_any_keys": ["pin", "A-ITEM"],
    ".contains": {"pin": "A-PIN"},
    ".contained_by": ["A-ITEM", "b"],
}


@pytest.mark.one_in(2)
@pytest.mark.parametrize("path", [pytest.param(p, id=name) for name, p in OTHER_NAMES.items()])
def test_excluded_key_has_no_other_name_in_any_clause(ask: Ask, path: str) -> None:
    for query in _clauses(path):
        answer = ask(query, EXPOSE, model="customer")
        assert answer.status in {400, 403}, query
        assert answer.statements == [], query


def test_what_is_beside_an_excluded_key_stays_open(ask: Ask) -> None:
    fields = "metadata.list.1, metadata.deep.open"
    row = ask({"fields": fields}, EXPOSE, model="customer", pk=1).body
    assert row == {"metadata": {"list": {"1": "b"}, "deep": {"open": 1}}}
    query = {"filters": {"metadata.list.1": "c"}, "order_by": "metadata.deep.open"}
    assert ask(query, EXPOSE, model="customer").ids == [2]


@pytest.mark.parametrize(
    "filters",
    [
        pytest.param({"metadata.0.pin": "A-PIN"}, id="equality"),
        pytest.param({"metadata.0.0.pin.startswith": "A"}, id="twice"),
        pytest.param({"metadata.0.pin.in": ["A-PIN"]}, id="in"),
        pytest.param({"metadata.0.pin.gte": "A"}, id="order"),
        pytest.param({"metadata.0.pin.isnull": False}, id="isnull"),
        pytest.param({"metadata.0.icontains": "A-PIN"}, id="text-of-the-document"),
        pytest.param({"metadata.0.has_key": "pin"}, id="has-key"),
        pytest.param({"metadata.0.has_any_keys": ["pin"]}, id="has-any-key"),
        pytest.param({"metadata.0.list.len": 2}, id="length"),
        pytest.param({"metadata.deep.0.hidden": "A-DEEP"}, id="inside"),
        pytest.param({"metadata.deep.0.icontains": "A-DEEP"}, id="text-of-an-object"),
        pytest.param({"metadata.deep.open.0": 1}, id="number"),
    ],
)
def test_index_into_a_json_value_that_is_no_list_finds_nothing(
    ask: Ask, filters: dict[str, Any]
) -> None:
    assert ask({"filters": filters}, EXPOSE, model="customer").ids == []


def test_index_of_an_object_neither_orders_nor_groups(ask: Ask) -> None:
    for direction in ("", "-"):
        query = {"order_by": f"{direction}metadata.0.pin, id"}
        assert ask(query, EXPOSE, model="customer").ids == [1, 2]
    query = {"_action": "aggregate", "group_by": "metadata.0.pin", "aggregate": "count"}
    assert ask(query, EXPOSE, model="customer").body["results"] == [
        {"metadata": {"0": {"pin": None}}, "count": 2}
    ]


def test_index_of_a_list_leads_to_its_item(ask: Ask) -> None:
    Customer.objects.filter(pk=1).update(metadata=[["x"], {"pin": "y"}])
    entry = {"customer": granted()}
    for filters in ({"metadata.0.0": "x"}, {"metadata.1.pin": "y"}, {"metadata.0.len": 1}):
        assert ask({"filters": filters}, entry, model="customer").ids == [1]


def test_digits_are_a_key_of_an_object_in_replies_and_hidden_by_the_same_name(ask: Ask) -> None:
    Customer.objects.filter(pk=1).update(metadata={"years": {"2024": "kept", "0": "hidden"}})
    entry = {"customer": granted(exclude=["metadata.years.0"])}
    row = ask({"fields": "metadata.years.2024"}, entry, model="customer", pk=1).body
    assert row == {"metadata": {"years": {"2024": "kept"}}}
    for path in ("metadata.years.0", "metadata.years", "metadata.years.00"):
        assert ask({"fields": path}, entry, model="customer").status == 403
        assert ask({"filters": {path: "hidden"}}, entry, model="customer").status == 403


def test_keys_differ_by_the_case_of_their_letters(ask: Ask) -> None:
    assert ask({"filters": {"metadata.PIN": "A-PIN"}}, EXPOSE, model="customer").ids == []
    row = ask({"fields": "metadata.PIN"}, EXPOSE, model="customer", pk=1).body
    assert row == {"metadata": {}}


def test_path_written_out_above_an_excluded_key_grants_what_is_in_it(ask: Ask) -> None:
    entry = {"customer": granted(fields=["metadata"], exclude=["metadata.pin"])}
    row = ask({"fields": "metadata"}, entry, model="customer", pk=1).body
    assert row == {"metadata": DOCUMENTS[0]}
    found = ask(
        {"fields": "metadata", "filters": {"metadata.has_key": "pin"}}, entry, model="customer"
    )
    assert found.ids == [1, 2]

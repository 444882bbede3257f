"""Keys of several columns in the rows of many-to-many relations, and made of generic ones."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_flex import FlexQuery
from tests.keyed.conftest import exposed
from tests.keyed.models import RowLabel, Tool, Toolbox, ToolboxTool, Waybill

WRITES = ["get", "list", "add", "edit", "delete", "upsert", "bulk_edit", "aggregate"]


@pytest.fixture
def linked(rows: None, settings: Any) -> None:
    exposed(settings, toolboxtool={"ops": WRITES}, toolbox={"ops": WRITES})
    red, blue = Toolbox.objects.create(id=1, name="red"), Toolbox.objects.create(id=2, name="blue")
    saw, axe = Tool.objects.create(id=1, name="saw"), Tool.objects.create(id=2, name="axe")
    for toolbox, tool, amount in ((red, saw, 3), (red, axe, 1), (blue, axe, 7)):
        ToolboxTool.objects.create(toolbox=toolbox, tool=tool, amount=amount)


def run(model: str, **query: Any) -> Any:
    return FlexQuery(f"keyed.{model}").execute(query)


def test_lists_over_links(linked: None) -> None:
    with CaptureQueriesContext(connection) as captured:
        found = run(
            "toolbox",
            _action="list",
            fields="name, tools.name, contents.pk, contents.amount",
            order_by="id",
            shape="list",
        ).to_dict()["results"]
    assert [["saw", "axe"], ["axe"]] == [[one["name"] for one in row["tools"]] for row in found]
    assert [["1~1", "1~2"], ["2~2"]] == [[one["pk"] for one in r["contents"]] for r in found]
    assert 3 == len([one for one in captured if "SELECT" in one["sql"]])


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"tools": 1}, ["1"]),
        ({"tools.name": "axe"}, ["1", "2"]),
        ({"contents.pk": "2~2"}, ["2"]),
        ({"contents.some": {"pk.in": ["1~1", "2~1"]}}, ["1"]),
        ({"tools.none": {"name": "saw"}}, ["2"]),
        ({"contents.some": {"tool.name": "axe", "amount.gt": 5}}, ["2"]),
    ],
)
def test_filters_over_links(linked: None, filters: Any, expected: list[str]) -> None:
    found = run("toolbox", _action="list", filters=filters, order_by="id").to_dict()
    assert expected == list(found["results"])


def test_the_rules_of_the_links_hold(linked: None, settings: Any) -> None:
    exposed(settings, toolboxtool={"rows": {"amount.lt": 5}})
    found = run("toolbox", _action="list", fields="tools.name", order_by="id", shape="list")
    assert [2, 0] == [len(row["tools"]) for row in found.to_dict()["results"]]
    assert [] == [
        *run("toolbox", _action="list", filters={"id": 2, "tools": 2}).to_dict()["results"]
    ]


def test_links_are_rows_that_are_written(linked: None) -> None:
    added = run("toolboxtool", _action="add", toolbox=2, tool=1, amount=4)
    assert (201, "2~1") == (added.status_code, added.to_dict()["pk"])
    assert 9 == run("toolboxtool", _action="edit", _id="2~1", amount=9).to_dict()["amount"]
    match = {"_match": ["toolbox", "tool"], "toolbox": 2, "tool": 1, "amount": 5}
    assert "2~1" == run("toolboxtool", _action="upsert", **match).to_dict()["pk"]
    assert 4 == ToolboxTool.objects.count()
    deleted = run("toolboxtool", _action="delete", _items=["2~1", "1~1"]).to_dict()
    assert ["2~1", "1~1"] == [one["pk"] for one in deleted["results"]]
    assert 2 == ToolboxTool.objects.count()
    # Links with a model of their own are written there.
    refused = run("toolbox", _action="edit", _id=1, tools=[1, 2])
    assert 400 == refused.status_code


def test_links_are_added_inside_rows(linked: None) -> None:
    sent = {"$add": [{"tool": 1, "amount": 2}], "$edit": [{"pk": "2~2", "amount": 8}]}
    edited = run("toolbox", _action="edit", _id=2, contents=sent, _fields="contents.amount")
    assert 200 == edited.status_code, edited.to_dict()
    assert [2, 8] == sorted(one["amount"] for one in edited.to_dict()["contents"])
    wrong = run("toolbox", _action="edit", _id=2, contents={"$edit": [{"_id": "9~9", "amount": 8}]})
    assert (404, "contents.$edit[0]._id") == (wrong.status_code, wrong.to_dict()["path"])


@pytest.fixture
def labelled(rows: None, settings: Any) -> str:
    exposed(
        settings,
        rowlabel={
            "ops": WRITES,
            "fields": ["*", "content_object"],
            "add": {"fields": ["text", "content_object", "content_type", "object_id"]},
        },
    )
    kind = ContentType.objects.get_for_model(Waybill)
    RowLabel.objects.create(content_type=kind, object_id=1, text="first")
    return f"{kind.pk}~1"


def test_a_generic_foreign_key_may_be_the_key(labelled: str) -> None:
    found = run("rowlabel", _action="list", fields="content_object, text").to_dict()["results"]
    pointed = {"type": "keyed.waybill", "id": 1}
    assert {labelled: {"content_object": pointed, "text": "first"}} == found
    kind = labelled.partition("~")[0]
    sent = {"content_object": {"type": "keyed.waybill", "id": 2}, "text": "second"}
    added = run("rowlabel", _action="add", **sent)
    assert (201, f"{kind}~2") == (added.status_code, added.to_dict()["pk"]), added.to_dict()


@pytest.mark.parametrize("match", [["content_object"], ["content_type", "object_id"]], ids=str)
def test_a_generic_foreign_key_that_is_to_identify_a_row_is_refused(
    labelled: str, match: list[str]
) -> None:
    sent = {"content_object": {"type": "keyed.waybill", "id": 1}, "text": "x"}
    refused = run("rowlabel", _action="upsert", _match=match, **sent).to_dict()
    assert (
        "'content_object' is a generic foreign key, which cannot identify a row"
        == (refused["error"])
    )
    assert "_match" == refused["path"]
    assert "first" == RowLabel.objects.get().text


def test_its_columns_identify_a_row(labelled: str) -> None:
    kind = int(labelled.partition("~")[0])
    sent = {"content_type": kind, "object_id": 1, "text": "x"}
    found = run("rowlabel", _action="upsert", _match=["content_type", "object_id"], **sent)
    assert 200 == found.status_code, found.to_dict()
    assert "x" == RowLabel.objects.get().text


def test_a_match_that_may_not_be_read_looks_like_one_that_does_not_exist(
    labelled: str, settings: Any
) -> None:
    grant = {"ops": WRITES, "fields": ["pk", "text"]}
    exposed(settings, rowlabel=grant)
    one, other = (
        run("rowlabel", _action="upsert", _match=[name], text="x")
        for name in ("content_object", "content_abject")
    )
    assert one.status_code == other.status_code == 403
    assert one.to_dict()["code"] == other.to_dict()["code"]

"""Keys of several columns where clients write names in camelCase."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.test import Client

from django_flex.checks import check_settings
from tests.keyed.conftest import GRANT, MODELS
from tests.keyed.models import Tool, Toolbox, ToolboxTool, Waybill

WRITES = ["get", "list", "add", "edit", "delete", "upsert", "bulk_edit", "aggregate", "export"]


@pytest.fixture
def camel(rows: None, settings: Any) -> None:
    expose(settings)
    for name in ("red", "blue"):
        Toolbox.objects.create(name=name)
    saw = Tool.objects.create(name="saw")
    for box in Toolbox.objects.all():
        ToolboxTool.objects.create(toolbox=box, tool=saw, hidden_note=box.name)


def expose(settings: Any, **entries: Any) -> None:
    grant = {**GRANT, "ops": WRITES}
    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "NAMING": "camel",
        "EXPOSE": {f"keyed.{name}": {"anon": grant, **entries.get(name, {})} for name in MODELS},
    }


def send(method: str, url: str, body: Any = None) -> Any:
    sent = "" if body is None else json.dumps(body)
    return Client().generic(method, f"/api/{url}", sent, content_type="application/json")


def keys() -> list[str]:
    return [f"{one.toolbox_id}~{one.tool_id}" for one in ToolboxTool.objects.order_by("pk")]


def test_rows_are_read(camel: None) -> None:
    first, second = keys()
    row = send("GET", f"toolboxTools/{first}").json()
    assert {"pk", "toolbox", "tool", "amount", "hiddenNote"} == row.keys(), row
    assert first == row["pk"]
    found = send("GET", f"toolboxtool/?filters.pk.in={first},{second}&orderBy=-pk").json()
    assert [second, first] == list(found["results"])
    found = send("GET", "toolboxtool/?cursor=&limit=1&orderBy=hiddenNote,pk").json()
    assert [second] == list(found["results"])
    url = (
        f"toolboxtool/?cursor={found['pagination']['next']['cursor']}&limit=1&orderBy=hiddenNote,pk"
    )
    assert [first] == list(send("GET", url).json()["results"])
    found = send("GET", "toolbox/?fields=contents.pk,contents.hiddenNote&orderBy=id").json()
    assert [{"pk": first, "hiddenNote": "red"}] == next(iter(found["results"].values()))["contents"]


def test_rows_are_written(camel: None) -> None:
    first, _ = keys()
    edited = send("PATCH", f"toolboxtool/{first}", {"hiddenNote": "x"}).json()
    assert (first, "x") == (edited["pk"], edited["hiddenNote"])
    missing = send(
        "POST", "", {"_model": "toolboxtool", "_action": "edit", "_items": [{"pk": "9~9"}]}
    )
    assert (404, "_items[0].pk") == (missing.status_code, missing.json()["path"])
    box, tool = first.split("~")
    sent = {"toolbox": int(box), "tool": int(tool), "hiddenNote": "y", "_match": "toolbox,tool"}
    done = send("POST", "", {"_model": "toolboxtool", "_action": "upsert", **sent})
    assert (200, first) == (done.status_code, done.json()["pk"]), done.json()
    assert {"pk": first, "deleted": True} == send("DELETE", f"toolboxtool/{first}").json()
    assert 1 == ToolboxTool.objects.count()


@pytest.mark.parametrize("match", ["contentType,objectId", "content_type,object_id"])
def test_columns_of_several_words_identify_a_row(camel: None, settings: Any, match: str) -> None:
    named = ["*", "contentType", "objectId"]
    expose(
        settings,
        rowlabel={"anon": {**GRANT, "ops": WRITES, "fields": named, "write_fields": named}},
    )
    kind = ContentType.objects.get_for_model(Waybill).pk
    for status, text in ((201, "a"), (200, "b")):
        sent = {"contentType": kind, "objectId": 7, "text": text, "_match": match}
        done = send("POST", "", {"_model": "rowlabel", "_action": "upsert", **sent})
        assert (status, f"{kind}~7") == (done.status_code, done.json()["pk"]), done.json()
        assert text == done.json()["text"]


@pytest.mark.parametrize("name", ["toolbox", "toolbox_id", "toolboxId"])
def test_a_column_that_is_kept_is_not_told(camel: None, settings: Any, name: str) -> None:
    expose(settings, toolboxtool={"exclude": [name]})
    found = [one.msg for one in check_settings() if one.id == "django_flex.E031"]
    assert 1 == len(found), [one.msg for one in check_settings()]
    assert "tells 'toolbox', and" in found[0]
    assert "~" not in json.dumps(send("GET", "toolboxtool/").json())

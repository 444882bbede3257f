"""Keys that are no number and no text: each reply writes one as its column is written."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

EVERY = {"rows": "*", "fields": "*", "filters": "*", "order_by": "*", "aggregates": "*"}
OPS = ["get", "list", "add", "edit", "delete", "aggregate", "bulk_edit"]
GRANT: dict[str, Any] = {**EVERY, "ops": OPS, "write_fields": ["*", "key"]}
#: Two keys of each model, as they are sent and shown, and the text that is such a key's in JSON.
KEYS = {
    "weight": ["0.00000001", "1000.00000000"],
    "delay": ["-P1D", "P1DT7200S"],
    "tick": ["2024-01-01T00:00:00Z", "2024-01-01T00:00:00.500000Z"],
    "temper": ["bad", "good"],
}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def exposed(settings: Any) -> None:
    names = [*KEYS, "label"]
    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "EXPOSE": {f"wild.{name}": {"anon": GRANT} for name in names},
    }


def send(method: str, path: str, body: Any = None) -> tuple[int, Any, Any]:
    kind: Any = (
        {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
    )
    response: Any = Client().generic(method, f"/api/wild.{path}", **kind)
    text = b"".join(response) if response.streaming else response.content
    rows = [json.loads(line) for line in text.decode().splitlines()]
    return response.status_code, rows[0] if len(rows) == 1 else rows, response.headers


def listed(model: str, **query: Any) -> Any:
    status, reply, _ = send("POST", f"{model}/query", {"order_by": "name", **query})
    assert status == 200, reply
    return reply


@pytest.mark.parametrize("model", KEYS)
def test_a_key_is_written_as_its_column_is(model: str) -> None:
    keys = KEYS[model]
    for name, key in zip("ab", keys, strict=True):
        status, row, headers = send("POST", f"{model}/", {"key": key, "name": name})
        assert (201, {"key": key, "name": name}) == (status, row)
        assert f"/api/wild.{model}/{quote(key, safe='')}" == headers["Location"]
        assert 201 == send("POST", "label/", {model: key})[0]

    found = listed(model, fields="key", count=True)
    assert keys == found["pagination"]["ids"]
    assert {key: {"key": key} for key in keys} == found["results"]
    assert [{"id": key, "key": key} for key in keys] == listed(model, fields="key", shape="list")[
        "results"
    ]
    assert keys == [row["id"] for row in send("GET", f"{model}/?format=ndjson&order_by=name")[1]]
    assert [[1, key] for key in keys] == [
        [row["n"], row["labels"][0][model]]
        for row in listed(model, fields=f"n:labels.count,labels.{model}")["results"].values()
    ]
    groups = send("GET", f"label/aggregate?group_by={model}&aggregate=count")[1]["results"]
    assert sorted(keys) == sorted(group[model] for group in groups)
    for key in keys:
        url = f"{model}/{quote(key, safe='')}"
        assert {"key": key} == send("GET", f"{url}?fields=key")[1]
        assert [key] == [*listed(model, filters={"key": key}, fields="key")["results"]]
        assert 1 == len(send("GET", f"label/?filters.{model}={quote(key, safe='')}")[1]["results"])
        edit = {"name": "new", "_fields": "name, key"}
        assert {"name": "new", "key": key} == send("PATCH", url, edit)[1]


@pytest.mark.parametrize("model", KEYS)
def test_a_row_is_found_by_a_key_that_is_to_identify_it(model: str) -> None:
    key = KEYS[model][0]
    for status, name in ((201, "new"), (200, "same")):
        sent = {"key": key, "name": name, "_fields": "key, name"}
        assert (status, {"key": key, "name": name}) == send("PUT", f"{model}/?match=key", sent)[:2]
    twice = send("PUT", f"{model}/?match=key", {"_items": [{"key": key}, {"key": key}]})
    assert (400, "Two items refer to the same row") == (twice[0], twice[1]["error"])
    assert (200, {"id": key, "deleted": True}) == send("DELETE", f"{model}/{quote(key, safe='')}")[
        :2
    ]

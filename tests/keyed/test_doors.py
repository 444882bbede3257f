"""Keys of several columns in URLs, by methods of HTTP, in streams, batches and descriptions."""

from __future__ import annotations

import csv
import io
import json
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from django_flex import FlexQuery
from django_flex.schema.conversions.keys import key_text
from tests.keyed.conftest import DAY, SYMBOLS, exposed
from tests.keyed.models import PlotCell, PriceQuote

WRITES = ["get", "list", "add", "edit", "delete", "upsert", "export", "explain", "aggregate"]
KEYS = ["-1~3", "1~1", "1~2", "2~1", "2~12"]


@pytest.fixture
def api(rows: None, settings: Any) -> Client:
    exposed(settings, plotcell={"ops": WRITES}, pricequote={"ops": WRITES})
    return Client()


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_a_url_takes_a_key_as_it_is_and_escaped(api: Client, symbol: str) -> None:
    key = key_text((symbol, DAY))
    for text in (key, quote(key, safe="")):
        reply = api.get(f"/api/pricequote/{text}")
        assert symbol == reply.json()["symbol"]


def test_rows_are_written_at_their_urls(api: Client) -> None:
    body = json.dumps({"symbol": "a~/ _b", "day": "2026-01-31", "price": "1.00"})
    made = api.post("/api/pricequote/", body, "application/json")
    key = made.json()["pk"]
    assert (201, "a_7E_2F_20_5Fb~2026-01-31") == (made.status_code, key)
    assert made["Location"].endswith(f"/pricequote/{key}")
    assert "1.00" == api.get(made["Location"]).json()["price"]

    tag = api.get(made["Location"])["ETag"]
    change = json.dumps({"price": "2.00"})
    for wrong in ('"x"', tag[:-2] + 'x"'):
        stale = api.patch(made["Location"], change, "application/json", headers={"If-Match": wrong})
        assert 412 == stale.status_code
    done = api.patch(made["Location"], change, "application/json", headers={"If-Match": tag})
    assert (200, "2.00") == (done.status_code, done.json()["price"])
    assert 200 == api.delete(made["Location"]).status_code
    assert 404 == api.get(made["Location"]).status_code
    assert len(SYMBOLS) == PriceQuote.objects.count()


def test_filters_and_pages_in_parameters(api: Client) -> None:
    reply = api.get("/api/plotcell/", {"filters.pk.in": "1~1,2~12", "order_by": "-pk"}).json()
    assert ["2~12", "1~1"] == list(reply["results"])
    reply = api.get("/api/plotcell/", {"cursor": "", "limit": "2"}).json()
    after = reply["pagination"]["next"]["cursor"]
    reply = api.get("/api/plotcell/", {"cursor": after, "limit": "2"}).json()
    assert ["1~2", "2~1"] == list(reply["results"])


@pytest.mark.parametrize("order_by", ["", "-pk", "pk", "crop", "-row, column"])
@pytest.mark.parametrize("name", ["ndjson", "json", "csv"])
def test_rows_are_streamed(api: Client, name: str, order_by: str) -> None:
    asked = {"order_by": order_by} if order_by else {}
    query = {"format": name, "limit": "1000", "fields": "pk, crop", **asked}
    reply = api.get("/api/plotcell/", query)
    body = b"".join(reply.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    if name == "csv":
        # As any text that a spreadsheet could take for a formula, "-1~3" is quoted.
        found = [row["pk"].removeprefix("'") for row in csv.DictReader(io.StringIO(body))]
    else:
        rows = json.loads(body) if name == "json" else map(json.loads, body.splitlines())
        found = [row["pk"] for row in rows]
    expected = api.get("/api/plotcell/", {**asked, "fields": "pk"}).json()["results"]
    assert list(expected) == found


@pytest.mark.parametrize("order_by", ["pk", "-pk", "crop", "distinct"])
def test_long_streams_have_each_row_once(api: Client, order_by: str, monkeypatch: Any) -> None:
    from django_flex.backends.orm.reading import streams

    for name in ("CHUNK", "FIRST_CHUNK", "MAX_KEYS", "MANY"):
        monkeypatch.setattr(streams, name, 7)
    PlotCell.objects.bulk_create(
        PlotCell(row=10 + n % 9, column=n, crop=f"c{n % 4}") for n in range(60)
    )
    asked = {"distinct": "column"} if order_by == "distinct" else {"order_by": order_by}
    reply = api.get("/api/plotcell/", {"format": "ndjson", "limit": "1000", **asked})
    body = b"".join(reply.streaming_content)  # type: ignore[attr-defined]
    found = [json.loads(line)["pk"] for line in body.splitlines()]
    assert len(found) == len(set(found))
    if order_by != "distinct":
        assert 65 == len(found)
        keys = [tuple(map(int, key.rsplit("~", 1))) for key in found]
        assert order_by == "crop" or sorted(keys, reverse=order_by == "-pk") == keys


def test_a_batch_writes_rows_by_their_keys(api: Client) -> None:
    batch = [
        {"_model": "plotcell", "_action": "edit", "_id": "1~1", "crop": "x"},
        {"_model": "plotcell", "_action": "delete", "_id": "1~2"},
        {"_model": "plotcell", "_action": "get", "_id": "1~1", "fields": "crop"},
    ]
    reply = api.post("/api/", json.dumps({"_batch": batch}), "application/json").json()
    edited, deleted, found = reply["results"]
    assert ("1~1", "x") == (edited["pk"], edited["crop"])
    assert {"pk": "1~2", "deleted": True} == deleted
    assert {"crop": "x"} == found


def test_options_describe_the_key(api: Client) -> None:
    reply = api.options("/api/plotcell/").json()
    text = json.dumps(reply)
    assert '"pk"' in text
    assert "composite" in text


def test_queries_are_explained(api: Client) -> None:
    for query in ({"filters": {"pk": "1~1"}}, {"order_by": "-pk"}, {"filters": {"pk.in": KEYS}}):
        result = FlexQuery("keyed.plotcell").execute({"_action": "list", "explain": True, **query})
        assert 200 == result.status_code, result.to_dict()
    result = FlexQuery("keyed.waybill").execute(
        {"_action": "list", "explain": True, "fields": "lines.pk"}
    )
    assert 200 == result.status_code, result.to_dict()

"""Rows with keys of several columns are read like any other."""

from __future__ import annotations

from typing import Any

import pytest

from django_flex import FlexQuery
from django_flex.plan import rows as plan_rows
from django_flex.schema.conversions import keys
from django_flex.schema.conversions.keys import key_text
from tests.keyed.conftest import DAY, ONE, SYMBOLS, TWO
from tests.keyed.models import PriceQuote

KEYS = ["-1~3", "1~1", "1~2", "2~1", "2~12"]


def run(model: str, status: int = 200, **query: Any) -> dict[str, Any]:
    result = FlexQuery(f"keyed.{model}").execute(query)
    reply = result.to_dict()
    assert status == result.status_code, reply
    return reply


def listed(model: str, **query: Any) -> list[str]:
    return list(run(model, _action="list", **query)["results"])


def test_a_row_is_found_by_the_text_of_its_key(rows: None) -> None:
    got = run("plotcell", _action="get", _id="2~12")

    expected = {"pk": "2~12", "row": 2, "column": 12, "crop": "hop", "owner": "ann"}
    assert expected == got


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_any_text_may_be_in_a_key(rows: None, symbol: str) -> None:
    key = key_text((symbol, DAY))
    got = run("pricequote", _action="get", _id=key, fields="pk, symbol")

    assert {"pk": key, "symbol": symbol} == got
    assert [key] == listed("pricequote", filters={"symbol": symbol})


@pytest.mark.parametrize(
    "key", ["", "1", "1~1~1", "1~", "~1", "a~1", "1~1_", "1~_GG", "1.5~1", "9~9", 7, 1.5, True, []]
)
def test_what_is_no_key_is_no_row(rows: None, key: Any) -> None:
    run("plotcell", 404, _action="get", _id=key)


def test_a_list_is_in_the_order_of_the_keys(rows: None) -> None:
    assert KEYS == listed("plotcell")
    assert KEYS[::-1] == listed("plotcell", order_by="-pk")
    assert ["-1~3", "1~2", "1~1", "2~12", "2~1"] == listed("plotcell", order_by="row, -column")


@pytest.mark.parametrize("fields", ["*", "crop, pk", "crop", "row, crop"])
def test_the_text_of_a_key_is_made_once_for_each_row(
    rows: None, monkeypatch: pytest.MonkeyPatch, fields: str
) -> None:
    texts: list[Any] = []

    def counted(parts: tuple[object, ...]) -> str:
        texts.append(parts)
        return key_text(parts)

    monkeypatch.setattr(keys, "key_text", counted)
    monkeypatch.setattr(plan_rows, "key_text", counted)

    assert KEYS == listed("plotcell", fields=fields)
    assert len(KEYS) == len(texts)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"pk": "1~2"}, ["1~2"]),
        ({"pk.ne": "1~2"}, ["-1~3", "1~1", "2~1", "2~12"]),
        ({"pk.in": ["1~2", "2~1", "7~7"]}, ["1~2", "2~1"]),
        ({"pk.in": "1~2,2~1"}, ["1~2", "2~1"]),
        ({"pk.nin": ["1~2", "2~1"]}, ["-1~3", "1~1", "2~12"]),
        ({"pk.in": []}, []),
        ({"pk.isnull": True}, []),
        ({"pk.isnull": False}, KEYS),
        ({"not": {"pk": "1~2"}, "row": 1}, ["1~1"]),
        ({"row": 2, "column.gt": 1}, ["2~12"]),
    ],
)
def test_keys_are_filtered_by_their_text(rows: None, filters: Any, expected: Any) -> None:
    assert expected == listed("plotcell", filters=filters)


def test_many_keys_are_found_at_once(rows: None) -> None:
    many = [f"{n}~{n % 7}" for n in range(900)] + KEYS
    assert KEYS == listed("plotcell", filters={"pk.in": many})


@pytest.mark.parametrize(
    "filters", [{"pk": "x"}, {"pk": 1}, {"pk.in": ["1~1", "1"]}, {"pk.gt": "1~1"}]
)
def test_filters_by_what_is_no_key_are_refused(rows: None, filters: Any) -> None:
    run("plotcell", 400, _action="list", filters=filters)


def pages(model: str, **query: Any) -> list[list[str]]:
    """Return the keys of all pages, on the way there and on the way back."""
    found: list[list[str]] = []
    back: list[list[str]] = []
    cursor: str | None = ""
    last: dict[str, Any] = {}
    while cursor is not None:
        reply = run(model, _action="list", cursor=cursor, **query)
        found.append(list(reply["results"]))
        cursor, last = reply["pagination"].get("next", {}).get("cursor"), reply
    while "prev" in last["pagination"]:
        last = run(model, _action="list", cursor=last["pagination"]["prev"]["cursor"], **query)
        back.insert(0, list(last["results"]))
    assert found[: len(back)] == back
    return found


@pytest.mark.parametrize(
    ("order_by", "expected"),
    [
        ("", [["-1~3", "1~1"], ["1~2", "2~1"], ["2~12"]]),
        ("-pk", [["2~12", "2~1"], ["1~2", "1~1"], ["-1~3"]]),
        ("-crop", [["1~1", "2~1"], ["-1~3", "1~2"], ["2~12"]]),
        ("-row, column", [["2~1", "2~12"], ["1~1", "1~2"], ["-1~3"]]),
        ("column", [["1~1", "2~1"], ["1~2", "-1~3"], ["2~12"]]),
    ],
)
def test_cursors_go_by_all_parts_of_the_key(rows: None, order_by: str, expected: Any) -> None:
    ordered = {"order_by": order_by} if order_by else {}
    assert expected == pages("plotcell", limit=2, **ordered)


def test_cursors_hold_long_texts_and_find_the_rows_of_longer_ones(rows: None) -> None:
    PriceQuote.objects.update(note="x" * 300)
    expected = sorted(key_text((one, DAY)) for one in SYMBOLS)

    found = pages("pricequote", limit=5, order_by="note")
    assert expected == sorted(key for page in found for key in page)


def test_cursors_of_keys_of_other_kinds(rows: None) -> None:
    keys = [key_text(one) for one in ((ONE, ONE), (ONE, TWO), (TWO, ONE))]
    assert [[key] for key in keys] == pages("sensorreading", limit=1)
    found = pages("sensorreading", limit=1, order_by="-sensor.name")
    assert [[keys[1]], [keys[0]], [keys[2]]] == found


def test_rows_are_counted(rows: None) -> None:
    for count, expected in {"exact": 5, "capped:3": 3, "estimated": None}.items():
        reply = run("plotcell", _action="list", limit=1, count=count)
        assert expected in {reply["pagination"]["count"], None}
    grouped = run("plotcell", _action="aggregate", group_by="crop", aggregate="count, column.sum")
    assert [1, 2, 2] == sorted(one["count"] for one in grouped["results"])


def test_offsets_and_shapes(rows: None) -> None:
    reply = run("plotcell", _action="list", shape="list", fields="pk, crop", offset=1, limit=2)
    assert [{"pk": "1~1", "crop": "rye"}, {"pk": "1~2", "crop": "oat"}] == reply["results"]

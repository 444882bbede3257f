"""Values for which the code of a field raises: null in replies, with a line in the log."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from django_flex import FlexQuery
from django_flex.plan.json_values import encode
from tests.doors.fronts import EVERYTHING
from tests.testapp.models import Booking

SECRET = "s3cret"


@pytest.fixture
def broken(settings: Any, bookings: None, monkeypatch: Any) -> None:
    """The status of one booking is of a kind that its field does not know."""
    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "EXPOSE": {
            name: {"anon": {**EVERYTHING, "ops": ["get", "list", "edit"]}}
            for name in ("booking", "customer")
        },
    }
    Booking.objects.filter(pk=2).update(status=SECRET)

    def from_db_value(value: Any, *_: Any) -> Any:
        if value == SECRET:
            raise LookupError
        return value

    monkeypatch.setattr(Booking._meta.get_field("status"), "from_db_value", from_db_value, False)


def ask(model: str = "booking", **query: Any) -> Any:
    result = FlexQuery(model).execute({"shape": "list", "order_by": "id", **query})
    assert result.ok, result.to_dict()
    return result.to_dict()


@pytest.mark.parametrize("times", [1, 3], ids=["compiled", "cached"])
def test_a_value_that_raises_is_null_and_logged_once(broken: None, caplog: Any, times: int) -> None:
    for _ in range(times - 1):
        ask(fields="id, status")
    caplog.clear()
    with caplog.at_level(logging.ERROR, "django_flex"):
        rows = ask(fields="id, status")["results"]
    assert [2] == [row["id"] for row in rows if row["status"] is None]
    assert 6 == len(rows)
    lines = {one.getMessage() for one in caplog.records if one.name == "django_flex"}
    assert 1 == len(lines)
    assert "1 of 6 values of" in lines.pop()
    assert SECRET not in caplog.text


def test_it_is_null_in_lists_and_streams(broken: None) -> None:
    rows = ask("customer", fields="booking.id, booking.status")["results"]
    inside = {one["id"]: one["status"] for row in rows for one in row["booking"]}
    assert [2] == [key for key, status in inside.items() if status is None]
    lines = FlexQuery("booking").stream({"fields": "id, status", "format": "ndjson", "limit": 9})
    shown = [json.loads(line) for line in b"".join(lines).splitlines()]
    assert [2] == [row["id"] for row in shown if row["status"] is None]


def test_a_row_that_cannot_be_read_is_not_written(broken: None, caplog: Any) -> None:
    answer = FlexQuery("booking").execute({"_action": "edit", "_id": 2, "seats": 9})
    body = answer.to_dict()
    assert (400, "The row has a value that cannot be read") == (answer.status_code, body["error"])
    assert SECRET not in str(body)
    assert FlexQuery("booking").execute({"_action": "edit", "_id": 1, "seats": 9}).ok


class _Unsayable:
    def __str__(self) -> str:
        raise LookupError(SECRET)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Unsayable)  # FLEX_CHECK_STATEMENTS compares what is read

    __hash__ = object.__hash__


def test_a_value_without_a_text_is_null_in_lists_streams_and_writes(
    broken: None, monkeypatch: Any, caplog: Any, client: Any
) -> None:
    """A field may return an object for which the first code that raises is its ``__str__``."""
    field = Booking._meta.get_field("status")
    read = lambda value, *_: _Unsayable() if value == SECRET else value  # noqa: E731 - for one line
    monkeypatch.setattr(field, "from_db_value", read, False)
    with caplog.at_level(logging.ERROR, "django_flex"):
        rows = ask(fields="id, status")["results"]
        csv = b"".join(client.get("/api/bookings/?fields=id,status&format=csv&order_by=id"))
        lines = b"".join(client.get("/api/bookings/?fields=id,status&format=ndjson"))
        inside = ask("customer", fields="booking.id, booking.status")["results"]
        got = FlexQuery("booking").execute({"_action": "get", "id": 2, "fields": "status"})
    assert ([2], 6) == ([row["id"] for row in rows if row["status"] is None], len(rows))
    assert b"2," == csv.split()[2]
    assert 6 == len(lines.splitlines())
    assert [2] == [one["id"] for row in inside for one in row["booking"] if one["status"] is None]
    assert {"status": None} == got.to_dict()
    assert "has no text (LookupError)" in caplog.text
    assert SECRET not in caplog.text


@dataclass(frozen=True)
class _Endless:
    around: list[object]

    def __hash__(self) -> int:
        return 1


def _endless() -> dict[str, object]:
    inside: list[object] = []
    inside.append({"again": inside})
    return {"a": inside, "secret": SECRET}


def _deep() -> object:
    value: list[object] = []
    for _ in range(100_000):
        value = [value]
    return value


def _object_around_itself() -> object:
    inside: list[object] = []
    inside.append(_Endless(inside))
    return inside


@pytest.mark.parametrize(
    ("make", "shown"),
    [
        (_endless, {"a": None, "secret": SECRET}),
        (_object_around_itself, [None]),
        (object, None),
        (lambda: (one for one in SECRET), None),
        (lambda: [print, _endless, 1], ["<built-in function print>", None, 1]),
        (lambda: {"\ud800": b"x", "b": ["\udfff"]}, {"\ufffd": "eA==", "b": ["\ufffd"]}),
        (lambda: {"twice": [[], []], "same": ([1],) * 2}, {"twice": [[], []], "same": [[1], [1]]}),
    ],
    ids=[
        "endless",
        "object_around_itself",
        "object",
        "generator",
        "functions",
        "text",
        "same",
    ],
)
def test_what_json_cannot_hold_is_null_and_what_is_beside_it_is_shown(
    make: Any, shown: object, caplog: Any
) -> None:
    beside = {"id": 1, "price": Decimal("1.50"), "value": make(), "tail": "\ud800"}
    with caplog.at_level(logging.ERROR, "django_flex"):
        body = encode(beside)
    assert {"id": 1, "price": "1.50", "value": shown, "tail": "\ufffd"} == json.loads(body)
    assert SECRET not in caplog.text


@pytest.mark.exhaustive
def test_a_value_that_is_too_deep_for_the_encoder_ends_in_null(caplog: Any) -> None:
    with caplog.at_level(logging.ERROR, "django_flex"):
        body = encode({"id": 1, "value": _deep()})
    assert body.endswith(b"[null" + b"]" * 149 + b"}")
    assert "it is too deep" in caplog.text


class _Loop(list[object]):
    """A list in itself, of which one is as good as another: FLEX_CHECK_STATEMENTS compares them."""

    def __init__(self) -> None:
        self.append(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Loop)

    __hash__ = None  # as a list


def test_a_value_that_contains_itself_is_null_by_the_doors(
    broken: None, monkeypatch: Any, caplog: Any, client: Any
) -> None:
    field = Booking._meta.get_field("status")

    def read(value: Any, *_: Any) -> Any:
        if value != SECRET:
            return value
        return _Loop()

    monkeypatch.setattr(field, "from_db_value", read, False)
    with caplog.at_level(logging.ERROR, "django_flex"):
        for door in ("format=csv", "format=ndjson", "", "shape=list"):
            reply = client.get(f"/api/bookings/?fields=id,status&order_by=id&{door}")
            assert 200 == reply.status_code
            body = b"".join(reply) if reply.streaming else reply.content
            assert b"cancelled" in body
    assert "it contains itself" in caplog.text
    assert SECRET not in caplog.text

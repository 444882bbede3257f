"""What a contender is asked, and what it has to answer: the same rows with the same values."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

View = Callable[[HttpRequest], HttpResponse]
_FACTORY = RequestFactory()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request of one contender: its view, its URL, what is posted."""

    view: View
    url: str = "/"
    body: Any = None

    def request(self) -> HttpRequest:
        """Return a new request."""
        if self.body is None:
            return _FACTORY.get(self.url)
        text = json.dumps(self.body)
        return _FACTORY.post(self.url, text, content_type="application/json")


def found(body: Any) -> Any:
    """Return the rows, or the one row, out of whatever a contender wraps them in."""
    while isinstance(body, dict):
        if "errors" in body:
            raise ValueError(body["errors"])
        inside = next((body[key] for key in ("data", "results", "items") if key in body), None)
        if inside is None:
            if body and all(key.isdigit() for key in body):
                return list(body.values())  # rows by key
            if len(body) > 1 or not isinstance(next(iter(body.values())), dict | list):
                return body
            inside = next(iter(body.values()))  # GraphQL wraps an answer in its question
        body = inside
    return body


def booking(row: dict[str, Any]) -> list[Any]:
    """Return the seven values of a booking, whatever types a contender writes them in."""
    customer, address = row["customer"], row.get("address") or {}
    return [
        int(row["id"]),
        row["status"],
        float(row["price"]),
        moment(row.get("created_at") or row["createdAt"]),
        customer["name"],
        customer["email"],
        address.get("city"),
    ]


def nested(row: dict[str, Any]) -> list[Any]:
    """Return the values of a booking with the lists in it, in an order of their own."""
    lines = sorted([line["product"], line["quantity"]] for line in row["lines"])
    return [
        int(row["id"]),
        row["status"],
        float(row["price"]),
        lines,
        sorted(tag["date"] for tag in row["tags"]),
    ]


def group(row: dict[str, Any]) -> list[Any]:
    """Return the values of a group or a row of any kind, numbers as numbers, moments as moments."""
    return [[key, _plain(row[key])] for key in sorted(row)]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return group(value)
    for kind in (_cents, moment):
        try:
            return kind(value)
        except (TypeError, ValueError):
            continue
    return value


def _cents(value: Any) -> float:
    # Whether an average has the places of its column or all of them, is the contender's choice.
    return round(float(value), 2)


def moment(text: str) -> str:
    """Return a moment in UTC; of one without a zone that is what the database keeps."""
    read = datetime.fromisoformat(text)
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC).isoformat()


def added(row: dict[str, Any]) -> list[Any]:
    """Return what the database holds of the row that was added, but for its key."""
    from tests.testapp.models import Booking

    key = int(row["id"])
    columns = ("customer_id", "address_id", "status", "price", "seats", "created_at")
    return [str(value) for value in Booking.objects.values_list(*columns).get(pk=key)]


READERS: dict[str, Callable[[dict[str, Any]], list[Any]]] = {
    "list": booking,
    "get": booking,
    "nested": nested,
    "add": added,
}


def answered(case: str, text: bytes) -> Any:
    """Return the rows of a reply, comparable between contenders."""
    rows = found(json.loads(text))
    read = READERS.get(case, group)
    return [read(row) for row in rows] if isinstance(rows, list) else read(rows)

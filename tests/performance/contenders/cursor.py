"""By hand, without the ORM: ready SQL in a cursor, and values typed as the reply needs them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db import connection
from django.http import HttpRequest, HttpResponse

from tests.performance.asked import Asked
from tests.performance.contenders.tuples import limit_of, page, reply

SQL = """
SELECT b.id, b.status, b.price, b.created_at, c.name, c.email, a.city, b.address_id
FROM testapp_booking b
JOIN testapp_customer c ON c.id = b.customer_id
LEFT JOIN testapp_address a ON a.id = b.address_id
"""
LIST = f"{SQL} WHERE b.status = %s ORDER BY b.created_at DESC, b.id LIMIT %s"
GET = f"{SQL} WHERE b.id = %s"
CENT = Decimal("0.01")


def typed(rows: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
    """Return rows with the price and the moment that SQLite keeps as a number and without a zone."""
    if connection.vendor != "sqlite":
        return rows
    return [
        (
            key,
            status,
            Decimal(price).quantize(CENT),
            made.replace(tzinfo=UTC),
            *others,
        )
        for key, status, price, made, *others in rows
    ]


def fetched(sql: str, parameters: Sequence[Any]) -> Sequence[Sequence[Any]]:
    """Return the rows of a statement."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return typed(cursor.fetchall())


def bookings(request: HttpRequest) -> HttpResponse:
    """Answer with the list."""
    limit = limit_of(request)
    return page(fetched(LIST, (request.GET["status"], limit + 1)), limit)


def booking(request: HttpRequest) -> HttpResponse:
    """Answer with one row by its key."""
    [row] = fetched(GET, (int(request.GET["id"]),))
    body = {
        "id": row[0],
        "status": row[1],
        "price": row[2],
        "created_at": row[3],
        "customer": {"name": row[4], "email": row[5]},
        "address": None if row[7] is None else {"city": row[6]},
    }
    return reply(body)


def ask(case: str, **wanted: Any) -> Asked | None:
    """Return the request of a case."""
    match case:
        case "list":
            query = {"status": "confirmed", "ordering": "-created_at", **wanted}
            return Asked(view=bookings, url=f"/?{urlencode(query)}")
        case "get":
            return Asked(view=booking, url=f"/?id={wanted['key']}")
        case _:
            return None

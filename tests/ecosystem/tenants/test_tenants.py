"""django-tenants: each request sees and writes the rows of its own tenant, whatever is cached."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django_tenants.utils import schema_context

from django_flex import FlexQuery
from tests.ecosystem.tenants.conftest import KEY, Ask

NORTH, SOUTH = "north.example.com", "south.example.com"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (f"order/{KEY}/?fields=total", [{"total": 1}, {"total": 2}]),
        (
            f"order/{KEY}/?fields=lines.product",
            [{"lines": [{"product": NORTH}]}, {"lines": [{"product": SOUTH}]}],
        ),
        ("order/aggregate/?aggregate=sum:total.sum", [{"sum": 1}, {"sum": 2}]),
    ],
)
def test_statements_of_one_tenant_read_the_rows_of_another(
    ask: Ask, path: str, expected: list[Any]
) -> None:
    """Turn about, and more often than a statement takes until it is trusted."""
    for _ in range(6):
        for host, wanted in zip((NORTH, SOUTH), expected, strict=True):
            status, reply = ask(host, path)
            found = reply.get("results", reply)  # of an aggregate; a get has no envelope
            assert (200, wanted) == (status, {name: found[name] for name in wanted})


def test_a_list_and_a_stream_have_the_rows_of_the_tenant(ask: Ask) -> None:
    for host, total in ((NORTH, 1), (SOUTH, 2), (NORTH, 1)):
        assert [{"id": KEY, "total": total}] == ask(host, "order/?fields=id,total&shape=list")[1][
            "results"
        ]
        assert [{"id": KEY, "total": total}] == ask(host, "order/?fields=id,total&format=json")[1]


def test_a_write_is_of_the_tenant(ask: Ask) -> None:
    assert 201 == ask(NORTH, "order/", {"number": "A-2", "total": 7}, "POST")[0]
    assert 400 == ask(NORTH, "order/", {"number": "A-2", "total": 8}, "POST")[0]
    assert 201 == ask(SOUTH, "order/", {"number": "A-2", "total": 9}, "POST")[0]
    assert 200 == ask(SOUTH, f"order/{KEY}/", {"total": 5}, "PATCH")[0]

    totals = [ask(host, "order/aggregate/?aggregate=sum:total.sum")[1] for host in (NORTH, SOUTH)]
    assert [8, 14] == [reply["results"]["sum"] for reply in totals]


def test_a_cursor_of_one_tenant_shows_another_only_its_own_rows(ask: Ask) -> None:
    assert 201 == ask(NORTH, "order/", {"number": "A-2", "total": 7}, "POST")[0]
    _, page = ask(NORTH, "order/?fields=id,total&limit=1&order_by=total&cursor=true")
    cursor = page["pagination"]["next"]["cursor"]

    status, reply = ask(
        SOUTH, f"order/?fields=id,total&limit=1&order_by=total&shape=list&cursor={cursor}"
    )

    assert (200, [{"id": KEY, "total": 2}]) == (status, reply["results"])


def test_python_code_reads_the_tenant_that_it_is_in(orders: list[str]) -> None:
    query = FlexQuery("shop.order")
    found = []
    for schema in ("north", "south", "north"):
        with schema_context(schema):
            result = query.execute({"_action": "get", "id": KEY, "fields": "total"})
            found.append(result.to_dict()["total"])

    assert [1, 2, 1] == found


def test_outside_of_a_tenant_there_are_no_rows(orders: list[str]) -> None:
    """The tables are in no shared schema: an error, which tells nothing of any tenant."""
    connection.set_schema_to_public()

    result = FlexQuery("shop.order").execute({"_action": "list"})

    assert 500 == result.status_code
    assert "total" not in str(result.to_dict())

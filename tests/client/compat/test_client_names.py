"""What the documents of py-directus do, and the same with the client's own names."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest

from django_flex.client import Agg as Aggregate
from django_flex.client import AsyncClient, F
from django_flex.client.compat.directus import Agg, AggregationOperators, Directus
from django_flex.client.compat.directus import F as Condition
from tests.client.compat.conftest import TOKEN, URL, connected, made_server, run

USERS = "directus_users"
DOE = {"first_name": "John", "last_name": "Doe"}
Old = Callable[[Directus], Awaitable[Any]]
New = Callable[[AsyncClient], Awaitable[Any]]

PAIRS: dict[str, tuple[Old, New]] = {
    "read": (lambda d: d.collection(USERS).read(), lambda c: c.collection(USERS).list()),
    "read one": (lambda d: d.collection(USERS).read(1), lambda c: c.collection(USERS).get(1)),
    "filters": (
        lambda d: d.collection(USERS).filter(first_name="John").filter(last_name="Doe").read(),
        lambda c: c.collection(USERS).filter(first_name="John", last_name="Doe").list(),
    ),
    "conditions": (
        lambda d: (
            d.collection(USERS)
            .filter(
                (Condition(first_name="John") | Condition(first_name="Jane"))
                & Condition(status="x")
            )
            .read()
        ),
        lambda c: (
            c.collection(USERS)
            .filter((F(first_name="John") | F(first_name="Jane")) & F(status="x"))
            .list()
        ),
    ),
    "sort": (
        lambda d: d.collection(USERS).sort("first_name").sort("last_name", asc=False).read(),
        lambda c: c.collection(USERS).order_by("first_name", "-last_name").list(),
    ),
    "limit": (
        lambda d: d.collection(USERS).limit(10).offset(5).read(),
        lambda c: c.collection(USERS).limit(10).offset(5).list(),
    ),
    "count": (
        lambda d: d.collection(USERS).aggregate().read(),
        lambda c: c.collection(USERS).aggregate(Aggregate.count()).list(),
    ),
    "aggregates": (
        lambda d: (
            d.collection("products").aggregate(countDistinct="id").aggregate(sum="price").read()
        ),
        lambda c: (
            c.collection("products")
            .aggregate(ids=Aggregate.count_distinct("id"), total=Aggregate.sum("price"))
            .list()
        ),
    ),
    "aggregate of an object": (
        lambda d: (
            d.collection("transactions")
            .aggregate(Agg(operator=AggregationOperators.Sum, fields="amount"))
            .read()
        ),
        lambda c: c.collection("transactions").aggregate(Aggregate.sum("amount")).list(),
    ),
    "groups": (
        lambda d: d.collection(USERS).group_by("first_name", "last_name").read(),
        lambda c: c.collection(USERS).group_by("first_name", "last_name").list(),
    ),
    "search": (
        lambda d: d.collection(USERS).search("John").read(),
        lambda c: c.collection(USERS).search("John").list(),
    ),
    "fields": (
        lambda d: d.collection(USERS).fields("first_name", "last_name").read(),
        lambda c: c.collection(USERS).fields("first_name", "last_name").list(),
    ),
    "counts": (
        lambda d: d.collection(USERS).include_count().read(),
        lambda c: c.collection(USERS).with_count().list(),
    ),
    "collections": (lambda d: d.list_collections(), lambda c: c.schema()),
    "fields of a collection": (
        lambda d: d.collection("products").fields_list(),
        lambda c: c.schema("products"),
    ),
    "metadata": (
        lambda d: d.collection("products").metadata(),
        lambda c: c.collection("directus_collections").get("products"),
    ),
    "create": (
        lambda d: d.collection(USERS).create(DOE),
        lambda c: c.collection(USERS).create(DOE),
    ),
    "create several": (
        lambda d: d.collection(USERS).create([DOE, DOE]),
        lambda c: c.collection(USERS).create_many([DOE, DOE]),
    ),
    "update": (
        lambda d: d.collection(USERS).update(1, DOE),
        lambda c: c.collection(USERS).update(1, DOE),
    ),
    "update several": (
        lambda d: d.collection(USERS).update([1, 2], [{"first_name": "Jean-Luc"}, DOE]),
        lambda c: c.collection(USERS).update_many([1, 2], [{"first_name": "Jean-Luc"}, DOE]),
    ),
    "delete": (lambda d: d.collection(USERS).delete(1), lambda c: c.collection(USERS).delete(1)),
    "delete several": (
        lambda d: d.collection(USERS).delete([1, 2]),
        lambda c: c.collection(USERS).delete([1, 2]),
    ),
    "who asks": (lambda d: d.me(), lambda c: c.me()),
    "settings": (
        lambda d: d.read_settings(),
        lambda c: c.collection("directus_settings").list(),
    ),
}


def told(request: httpx2.Request) -> tuple[Any, ...]:
    sent = json.loads(request.content) if request.content else None
    headers = request.headers.get("authorization")
    return request.method, request.url.path, dict(request.url.params), sent, headers


@pytest.mark.parametrize("name", PAIRS)
def test_both_names_ask_the_same(name: str) -> None:
    old, new = PAIRS[name]
    server = made_server()

    async def program() -> None:
        await old(await Directus(URL, token=TOKEN, connection=connected(server)))
        for table, rows in made_server().collections.items():  # as before the first write
            server.collections[table][:] = rows
        await new(AsyncClient(URL, auth=TOKEN, dialect="directus", http=connected(server)))

    run(program())
    before, after = server.asked
    assert told(before) == told(after)

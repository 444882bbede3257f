"""A read that is kept has the reply of one that is not, whatever is asked; and it costs less."""

from __future__ import annotations

import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from random import Random
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import Q

from django_flex import FlexQuery
from django_flex.analysis.templates import TemplateMismatchError
from django_flex.bounded_cache import BoundedCache
from django_flex.conf import get_settings
from django_flex.query.ast import And, Comparison
from tests import counting
from tests.caching import begin_unchecked
from tests.doors.fronts import OPEN

pytestmark = pytest.mark.django_db

#: Values at the edges of columns, of requests and of Python: some equal others and are not the same.
VALUES: tuple[Any, ...] = (
    *(0, 1, True, False, None, -1, 2**31, 2**63 - 1, 2**63, -(2**63), 2**70, 1.0, 0.0, -0.0, 4.5),
    *("", "0", "1", "-0", "01", "1e3", "true", "null", "ß", "İ", "%", "\0", "x" * 300, "x" * 2_000),
    *([], [1], [True], ["1", None], {"$value": 1}, {"$user": "id"}, {"$now": "-1d"}),
    *("2025-01-15", "2025-01-15T09:30:15", {"$field": "seats"}, {"a": 1}, "1,2", "confirmed"),
)
PATHS = (
    *("id", "status", "seats", "price", "rating", "urgent", "day", "created_at", "reference"),
    *("customer", "customer.name", "customer.id", "lines.quantity", "customer.metadata.level"),
    *("internal_notes", "nothing", "tags", "starts", "lasts"),
)
OPERATORS = ("", ".gte", ".ne", ".in", ".isnull", ".icontains", ".range", ".iregex", ".year")
FIELDS = ("id", "*", "id,status,seats", "customer.name,id", "lines.product", "x:status", "nothing")
ORDERS = ("id", "-seats", "status,-id", "customer.name", "created_at.year", "random", "nothing")


def drawn(random: Random) -> dict[str, Any]:
    """Return a query: half of them make sense."""
    query: dict[str, Any] = {"fields": random.choice(FIELDS)}
    if random.random() < 0.7:
        names = [
            random.choice(PATHS) + random.choice(OPERATORS) for _ in range(random.choice([1, 1, 2]))
        ]
        filters = {name: random.choice(VALUES) for name in names}
        wrapped = random.choice(
            [filters, filters, filters, {"or": [filters, {"id": 1}]}, {"not": filters}]
        )
        query["filters"] = wrapped
    if random.random() < 0.6:
        query["order_by"] = random.choice(ORDERS)
    if random.random() < 0.3:
        query["limit"] = random.choice([0, 1, 2, 200, 1_000, "3", True])
    if random.random() < 0.2:
        query |= random.choice(
            [
                {"offset": 1},
                {"count": "exact"},
                {"distinct": True},
                {"cursor": True},
                {"search": "a"},
            ]
        )
    if random.random() < 0.1:
        query = {
            "_action": "get",
            "_id": random.choice([1, "1", 99, True, *VALUES]),
            "fields": "id",
        }
    return query


ROLE = {
    "fields": ["*", "*.*"],
    "filters": ["*", "*.*"],
    "order_by": ["*", "customer.name"],
    "exclude": ["internal_notes"],
    "ops": ["get", "list"],
}
EXPOSE: dict[str, Any] = {
    **OPEN,
    "booking": {
        "staff": {**ROLE, "rows": "*"},
        "authenticated": {**ROLE, "rows": lambda user, _request: Q(pk__gt=user.pk)},
        "anon": {
            **ROLE,
            "fields": ["id", "status"],
            "filters": ["status", "seats.gte"],
            "rows": "*",
        },
    },
}
CALLERS: tuple[Any, ...] = (
    User(pk=1, username="staff", is_staff=True),
    User(pk=2, username="two"),
    User(pk=3, username="three"),
    None,
)


def reply(query: dict[str, Any], user: Any) -> Any:
    result = FlexQuery("booking").execute(query, user=user)
    return result.status_code, result.to_dict()


def is_certain(query: dict[str, Any]) -> bool:
    """Whether two replies to a query are the same: cursors and random orders are other ones."""
    return "cursor" not in query and query.get("order_by") != "random"


def compare(seed: int, queries: int) -> int:
    """Ask random queries as four callers, with nothing kept and with all; return how many were kept."""
    random, used = Random(seed), 0
    reads = get_settings().prepared
    for _ in range(queries):
        query = drawn(random)
        if not is_certain(query):
            continue
        alone = []
        for user in CALLERS:
            reads.clear()
            alone.append(reply(query, user))
        reads.clear()
        for _ in range(4):
            assert [reply(query, user) for user in CALLERS] == alone, query
        used += len(reads)
    return used


@pytest.mark.parametrize("checked", [True, False], ids=["checked", "unchecked"])
def test_random_queries_have_the_same_replies(bookings, configure, checked):
    configure(EXPOSE=EXPOSE)
    get_settings().prepared.checked = checked

    assert compare(1, 30) > 10


@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", range(10))
def test_many_random_queries_have_the_same_replies(bookings, configure, seed):
    configure(EXPOSE=EXPOSE)
    get_settings().prepared.checked = False

    assert compare(seed + 100, 150) > 50


QUERY: dict[str, Any] = {"fields": "id,status", "filters": {"seats.gte": 1}, "order_by": "-id"}


def test_a_template_that_is_wrong_is_found_where_it_is_checked(bookings, configure):
    configure(EXPOSE=OPEN)
    reads = get_settings().prepared
    reads.checked = True
    for _ in range(3):
        assert reply(QUERY, None)[0] == 200
    [read] = [one for one, _ in reads._kept.values()]
    other = FlexQuery("booking")
    assert other.execute({**QUERY, "filters": {"seats.gte": 2}}).status_code == 200
    read.template = replace(read.template, order_by=())

    with pytest.raises(TemplateMismatchError):
        reply(QUERY, None)


def test_a_query_that_is_wrong_is_found_where_it_is_checked(bookings, configure):
    configure(EXPOSE=OPEN)
    reads = get_settings().prepared
    reads.checked = True
    assert reply(QUERY, None)[0] == 200
    [read] = [one for one, _ in reads._kept.values()]
    read.query = replace(read.query, filters=And((Comparison(("id",), 1),)))

    with pytest.raises(TemplateMismatchError):
        reply(QUERY, None)


def test_a_kept_read_takes_fewer_calls(bookings, configure):
    configure(EXPOSE=OPEN)
    begin_unchecked()
    kept = min(counting.calls(partial(reply, QUERY, None)) for _ in range(5))
    reads = get_settings().prepared
    most, reads.most = reads.most, 0  # nothing is looked for, as with STATEMENT_CACHE_SIZE = 0
    alone = counting.calls(partial(reply, QUERY, None))
    reads.most = most

    assert kept <= alone - 80, f"{kept}, and {alone} with nothing kept"


def test_what_is_kept_is_bounded(bookings, configure):
    """The weights are no less than the memory: 3,000 texts would take more than there may be."""
    configure(EXPOSE=OPEN, STATEMENT_CACHE_SIZE=100)
    reads = get_settings().prepared
    reads.checked = False
    long = " ".join(["word"] * 40)

    def ask(number: int) -> None:
        for _ in range(3):
            reply(
                {
                    "fields": "id",
                    "filters": {"status": f"{number}", "or": [{"status": long}, {"id": 1}]},
                },
                None,
            )

    ask(0)
    tracemalloc.start()
    before, weight = tracemalloc.get_traced_memory()[0], reads.weight
    for number in range(1, 60):
        ask(number)
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()

    assert taken <= reads.weight - weight
    for number in range(60, 400):
        reply({"fields": "id", "filters": {"status": f"{number}{long}"}}, None)
    assert reads.weight <= reads.most == 2_000_000
    assert 50 < len(reads) < 250


def test_the_least_recently_used_is_dropped_first():
    cache: BoundedCache[str] = BoundedCache(1_000, None)
    for name in "abcdefghij":
        cache.put(name, name, 10)
    cache.put("big", "big", 11)  # more than a hundredth
    for number in range(90):
        cache.put(number, "", 10)
    assert cache.get("a") == "a"
    cache.put("last", "", 10)

    assert cache.get("a") == "a"
    assert cache.get("b") is None
    assert cache.get("big") is None
    assert cache.weight == 1_000
    cache.put("a", "again", 5)
    assert cache.weight == 995


def test_threads_agree_about_the_weight():
    cache: BoundedCache[int] = BoundedCache(1_000, None)

    def fill(seed: int) -> None:
        random = Random(seed)
        for number in range(2_000):
            cache.put(random.randrange(300), number, random.randrange(1, 11))
            cache.get(random.randrange(300))

    with ThreadPoolExecutor(4) as pool:
        assert [*pool.map(fill, range(4))] == [None] * 4

    assert cache.weight == sum(weight for _, weight in cache._kept.values()) <= 1_000

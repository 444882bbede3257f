"""A statement is compiled once, and says of every later request only what that one is about."""

from __future__ import annotations

import gc
import os
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, connections
from django.db.models import CharField, Q, Value
from django.db.models.lookups import Exact

from django_flex import FlexQuery
from django_flex.backends.orm.django_internals.compilation import expression_compiler
from django_flex.backends.orm.prepared import statement_cache
from django_flex.backends.orm.prepared.binders import Binder
from django_flex.backends.orm.prepared.statement_cache import Database, StatementCache
from django_flex.backends.orm.prepared.statements import compile_statement
from django_flex.backends.orm.prepared.verification import StatementMismatchError
from django_flex.conf import configuration
from tests.caching import cache, statements
from tests.doors.fronts import grant
from tests.testapp.models import Booking, Company, Customer

ON_A_SERVER = pytest.mark.skipif(
    connection.vendor == "sqlite", reason="threads need a database server (DATABASE_URL)"
)
#: More than any cache keeps; 20,000 in the long run.
SHAPES = int(os.environ.get("FLEX_SHAPES", "2600"))
#: Of each of eight threads; 10,000 in the long run.
REQUESTS = int(os.environ.get("FLEX_REQUESTS", "150"))


@pytest.fixture(autouse=True)
def nothing_cached(db: None) -> None:
    """Begin and end without statements."""
    configuration.cache_clear()


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Collect what is compiled: one entry for each statement that Django made."""
    found: list[Any] = []

    def counted(*args: Any) -> Any:
        found.append(compile_statement(*args))
        return found[-1]

    monkeypatch.setattr(statement_cache, "compile_statement", counted)
    return found


def ask(model: str = "booking", user: Any = None, **query: Any) -> list[int]:
    reply = FlexQuery(model).execute({"fields": "id", "_action": "list", **query}, user=user)
    assert reply.status_code == 200, reply.to_dict()
    return [int(key) for key in reply.to_dict()["results"]]


def texts_in(thing: Any, seen: set[int]) -> set[str]:
    """Return all texts that can be reached from a thing through tuples, objects and closures."""
    if id(thing) in seen or isinstance(thing, type):
        return set()
    seen.add(id(thing))
    if isinstance(thing, str):
        return {thing}
    if type(thing).__module__.startswith("django.") and hasattr(thing, "_meta"):
        return {str(thing)}
    parts: list[Any] = []
    if isinstance(thing, dict):
        parts = [*thing.keys(), *thing.values()]
    elif isinstance(thing, list | tuple | set | frozenset):
        parts = [*thing]
    elif type(thing).__module__.startswith(("django_flex.backends", "django_flex.plan")):
        names = getattr(type(thing), "__slots__", None) or vars(thing)
        parts = [getattr(thing, name) for name in names]
    return {text for part in parts for text in texts_in(part, seen)}


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ([{"seats": 4}, {"seats": 99}], [[2, 6], []]),
        ([{"id": 1}, {"id": 2}], [[1], [2]]),
        ([{"id.in": [1, 2]}, {"id.in": [3, 4]}], [[1, 2], [3, 4]]),
        ([{"id.gt": 4}, {"id.gt": 5}], [[5, 6], [6]]),
        ([{"invoice.number.icontains": "a-1"}, {"invoice.number.icontains": "%"}], [[1], []]),
        ([{"created_at.year": 2025}, {"created_at.year": 1999}], [[1, 2], []]),
        ([{"lines.some": {"product": "mop"}}, {"lines.some": {"product": "?"}}], [[1, 2], []]),
        ([{"not": {"id": 1}}, {"not": {"id": 2}}], [[2, 3, 4, 5, 6], [1, 3, 4, 5, 6]]),
        ([{"invoice": 2}, {"invoice": 99}], [[2], []]),
    ],
)
def test_a_second_value_needs_no_second_statement(bookings, configure, made, filters, expected):
    configure()
    found = [ask(filters=each) for each in filters]

    assert len(made) == 1
    assert made[0] is not None
    assert found == expected
    assert ask(filters=filters[0]) == expected[0]


@pytest.mark.parametrize("column", ["id", "seats", "created_by", "created_by.id", "invoice"])
@pytest.mark.parametrize("number", [2**31, 2**63 - 1, -(2**31) - 1, -(2**63) + 1])
def test_a_number_that_no_row_can_have_finds_none(bookings, configure, column, number):
    """Django leaves such a condition out, so that the statement for other numbers does not fit."""
    configure()
    assert ask(filters={column: 1}) is not None

    assert ask(filters={column: number}) == []
    assert ask(filters={"not": {column: number}, "id.lt": 3}) == [1, 2]


@pytest.mark.parametrize(
    "query",
    [{"offset": 1}, {"limit": 2}, {"limit": 1, "offset": 5}, {"limit": 3, "offset": 2}],
)
def test_pages_share_a_statement(bookings, configure, made, query):
    configure()
    ask()

    assert ask(**query) == [1, 2, 3, 4, 5, 6][query.get("offset", 0) :][: query.get("limit")]
    assert len(made) == 1


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param(lambda user, _request: Q(created_by=user), id="callable"),
        pytest.param(lambda user, _request: Q(created_by_id=user.pk), id="callable-by-key"),
        pytest.param({"created_by": {"$user": "id"}}, id="data"),
    ],
)
def test_each_reader_has_the_rows_of_their_own(bookings, configure, made, django_user_model, rule):
    ann, ben = (django_user_model.objects.create(username=name) for name in ("ann", "ben"))
    Booking.objects.filter(id__in=[1, 2]).update(created_by=ann)
    Booking.objects.filter(id=3).update(created_by=ben)
    configure(grant(role="authenticated", rows=rule))

    assert ask(user=ann) == [1, 2]
    assert ask(user=ben) == [3]
    assert ask(user=ann, filters={"id.lt": 2}) == [1]
    assert len(made) == 2


@pytest.mark.parametrize(
    "filters",
    [
        {"id.in": [1, 1, 2]},
        {"id.in": [2, 1, 2]},
        {"id.in": []},
        {"id": 2**40},
        {"id.lt": 2**40},
    ],
)
def test_value_that_takes_other_sql_gets_it(bookings, configure, filters):
    configure()
    usual: Any = {
        name: [7, 8, 9][: len(value)] if isinstance(value, list) else 7
        for name, value in filters.items()
    }
    ask(filters=usual)
    found = ask(filters=filters)
    cache().entries.clear()

    assert found == ask(filters=filters)


def test_written_row_and_its_references_are_looked_up_by_cached_statements(
    bookings, configure, made
):
    entry = grant(ops=["get", "add"], write_fields=["customer"])
    configure(entry | {"customer": {"anon": "*"}})
    for customer in (1, 2):
        added = FlexQuery("booking").execute({"_action": "add", "customer": customer})
        assert added.status_code == 201, added.to_dict()

    assert len(made) == 2
    assert None not in made


def test_number_of_a_plan_may_equal_a_value(bookings, configure, made):
    configure()
    query: Any = {"fields": "id, lines", "related": {"lines": {"limit": 1}}}
    for first in (1, 2, 3):
        ask(**query, filters={"id.gte": first})

    assert None not in made


def test_statement_with_a_value_in_it_is_not_cached(bookings, configure):
    entry = {
        "customer": {
            "anon": {"fields": ["*", "label"], "filters": ["*"], "ops": ["list"], "rows": "*"},
            "computed": {"label": Value("gold", output_field=CharField())},
        }
    }
    configure(entry)
    ask("customer", fields="id, label", filters={"name": "gold"})
    assert statements() == []

    ask("customer", fields="id, label", filters={"name": "silver"})
    assert len(statements()) == 1


def test_nothing_of_a_request_is_cached(bookings, configure, django_user_model):
    ann = django_user_model.objects.create(username="ann")
    rule: Any = {"rows": lambda user, _request: Q(customer__name="the-rule") | Q(created_by=user)}
    configure(grant(role="authenticated", **rule) | {"customer": {"authenticated": "*"}})
    secrets = {"the-filter", "the-second", "the-text", "the-rule"}
    filters = {
        "status": "the-filter",
        "customer.name.in": ["the-second", "x"],
        "internal_notes.icontains": "the-text",
    }
    ask(user=ann, filters=filters)

    assert len(cache().entries) == 1
    texts = texts_in([*cache().entries.items()], set())
    assert any(text.startswith("SELECT") for text in texts)
    assert not [text for text in texts for secret in secrets if secret in text]


def test_no_more_are_kept_than_the_setting_says(bookings, configure):
    configure(STATEMENT_CACHE_SIZE=3)
    names = ["id", "status", "price", "rating", "seats", "day", "customer.name"]
    for count in range(1, len(names) + 1):
        ask(fields=names[:count])

    assert len(cache().entries) == 3
    assert len(ask(fields=names[:2])) == 6


def test_without_a_cache_each_is_compiled(bookings, configure, made):
    configure(STATEMENT_CACHE_SIZE=0)
    for _ in range(2):
        assert ask(filters={"seats": 4}) == [2, 6]

    assert made == []
    assert not cache().entries


@pytest.mark.exhaustive
def test_ever_more_queries_take_no_more_memory(bookings, configure):
    """Columns under names of their own are as many shapes as there are names."""
    configure(STATEMENT_CACHE_SIZE=100)

    def reached(shapes: range) -> int:
        for number in shapes:
            ask(fields=["id", f"name{number}:customer.name"], limit=1)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        early = reached(range(SHAPES // 2))
        grown = reached(range(SHAPES // 2, SHAPES)) - early
    finally:
        tracemalloc.stop()

    assert len(cache().entries) <= 100
    assert grown < 200_000, f"{grown} bytes for {SHAPES // 2} shapes more"


def test_each_version_has_statements_of_its_own(bookings, configure):
    configure(
        STATEMENT_CACHE_SIZE=9,
        VERSIONS={
            "v1": {"path": "/api/v1/", "STATEMENT_CACHE_SIZE": 0},
            "v2": {"path": "/api/v2/"},
        },
    )
    ask()
    FlexQuery("booking", version="v2").execute({"_action": "list", "fields": "id", "limit": 2})

    assert [9, 0, 9] == [cache(version).size for version in (None, "v1", "v2")]
    assert [1, 0, 1] == [len(cache(version).entries) for version in (None, "v1", "v2")]
    assert cache() is not cache("v2")


def test_settings_that_change_drop_all_statements(bookings, configure):
    configure()
    ask()
    configure(MAX_LIMIT=100)
    ask(limit=2)

    assert len(cache().entries) == 1


def test_rows_of_a_queryset_are_asked_for_each_time(bookings, configure, made):
    keys = iter([1, 2])
    configure(
        {"booking": {"anon": "*", "queryset": lambda _u, _r: Booking.objects.filter(id=next(keys))}}
    )

    assert [ask(), ask()] == [[1], [2]]
    assert not made


def test_rows_of_a_manager_of_its_own_are_asked_for_each_time(db, configure, made):
    configure()
    ask("service")

    assert not made


@pytest.mark.parametrize("many", [False, True], ids=["one", "list"])
def test_object_of_another_model_denies_each_time(bookings, configure, many):
    company, *customers = Company.objects.get(id=1), *Customer.objects.order_by("id")
    given = iter([*customers, *customers, company, customers[0]])

    def rule(_user: Any, _request: Any) -> Q:
        return Q(customer__in=[next(given)]) if many else Q(customer=next(given))

    configure(grant(rows=rule))
    query = {"_action": "list", "fields": "id"}
    statuses = [FlexQuery("booking").execute(query).status_code for _ in range(10)]

    assert statuses == [200] * 8 + [401, 200]


def test_lookup_with_another_text_does_not_bind(db):
    column = Booking._meta.get_field("status").get_col("t")
    compiler = expression_compiler("default")
    sql, _ = compiler.compile(Exact(column, "x"))

    assert ["y"] == [*(Binder(0, Exact, column, sql).parameters("y", connection) or ())]
    assert Binder(0, Exact, column, f"{sql} OR 1").parameters("y", connection) is None


def test_check_finds_a_statement_that_is_wrong(bookings, configure):
    configure(CHECK_STATEMENTS=True)
    ask(filters={"id": 1})
    (found,) = cache().entries.values()
    assert found.statement is not None
    found.statement = replace(found.statement, sql=found.statement.sql.replace(" ASC", " DESC"))

    with pytest.raises(StatementMismatchError):
        ask(filters={"id": 1})


@ON_A_SERVER
def test_threads_never_mix_up_rows_or_users(transactional_db, configure):
    users = [get_user_model().objects.create(username=f"user-{n}") for n in range(8)]
    customer = Customer.objects.create(name="Somebody", email="s@example.com")
    Booking.objects.bulk_create(
        Booking(customer=customer, created_by=user, seats=seats, status=f"of-{user.pk}")
        for user in users
        for seats in range(4)
    )
    role = grant(role="authenticated", rows=lambda user, _request: Q(created_by=user))
    configure({**role, "customer": {"authenticated": "*"}})
    queries: list[dict[str, Any]] = [
        {"fields": "id, status, seats"},
        {"fields": "id, status, seats", "filters": {"seats.gte": 2}},
        {"fields": "id, status, seats, customer.name", "filters": {"seats": 1}},
        {"fields": "id, status, seats", "filters": {"seats.in": [0, 3]}, "order_by": "-seats"},
        {"fields": "id, status, seats", "limit": 1, "offset": 1},
    ]
    seats: list[set[int]] = [{0, 1, 2, 3}, {2, 3}, {1}, {0, 3}, {1}]

    def work(user: Any) -> int:
        try:
            for number in range(REQUESTS):
                which = number % len(queries)
                reply = FlexQuery("booking").execute(
                    {"_action": "list", **queries[which]}, user=user
                )
                rows = reply.to_dict()["results"].values()
                assert {row["status"] for row in rows} == {f"of-{user.pk}"}
                assert {row["seats"] for row in rows} == seats[which]
        finally:
            connections.close_all()
        return REQUESTS

    with ThreadPoolExecutor(len(users)) as pool:
        done = sum(pool.map(work, users))
    assert done == REQUESTS * len(users)


def test_a_statement_is_not_cached_under_the_key_of_another_time_zone(bookings):
    """Code of a project may change the zone between two statements of a read."""
    found = StatementCache()

    def build(_plan: object, _using: str) -> Any:
        return Booking.objects.filter(created_at__hour=9).values_list("pk").query

    def read(zone: str) -> list[tuple[Any, ...]]:
        return statement_cache.fetch(("rows",), build, Database("default", found, time_zone=zone))

    assert [(1,)] == read("Pacific/Niue")
    assert [None] == [entry.statement for entry in found.entries.values()]
    assert [(1,)] == read("UTC")
    assert [False, True] == [entry.statement is not None for entry in found.entries.values()]

"""Relations between resources of different backends: refused with a hint, never joined or guessed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from django.core.cache.backends.locmem import LocMemCache
from django.db.models import F, Q
from django.db.transaction import atomic
from django.test import Client, override_settings

from django_flex import FlexQuery
from django_flex.actions import action
from django_flex.actions.declare.registry import registry
from django_flex.backends.registry import registered
from django_flex.checks import check_settings
from django_flex.idempotency import cached, execution
from tests.doors.fronts import FLEX_MIDDLEWARE, MIDDLEWARE
from tests.memory.backend import CAPABILITIES, MemoryBackend
from tests.memory.test_capabilities import BOOKING, GRANT, check_refusal, tables
from tests.testapp.models import Booking, Company, Customer

OPS = ["get", "list", "aggregate", "add", "edit", "delete", "bulk_delete"]
WRITING: dict[str, Any] = {**GRANT, "search": [], "ops": OPS}
EXPOSE: dict[str, Any] = {
    name: {"anon": WRITING}
    for name in ("booking", "customer", "company", "line", "tag", "address", "product")
}
EXPOSE["tag"] = {"anon": {**WRITING, "add": {"fields": ["slug", "bookings"]}}}
EXPOSE["booking"] = {"anon": WRITING, "computed": {"twice": F("seats") * 2}}
EXPOSE["line"] = {"anon": WRITING, "computed": {"of": F("booking__status")}}

#: What crosses from a model that Django stores to ``booking``, which is in memory.
FROM_DJANGO: dict[str, dict[str, Any]] = {
    "field": {"_model": "line", "fields": "id, booking.status"},
    "filter": {"_model": "line", "fields": "id", "filters": {"booking.status": "new"}},
    "negated": {"_model": "line", "fields": "id", "filters": {"not": {"booking.status": "new"}}},
    "column": {
        "_model": "line",
        "fields": "id",
        "filters": {"product": {"$field": "booking.status"}},
    },
    "order": {"_model": "line", "fields": "id", "order_by": "booking.status"},
    "computed": {"_model": "line", "fields": "of"},
    "list": {"_model": "customer", "fields": "id, booking.status"},
    "keys": {"_model": "customer", "fields": "id, booking"},
    "links": {"_model": "tag", "fields": "slug, bookings.status"},
    "list-over-one": {"_model": "product", "fields": "sku, tag.bookings.status"},
    "over-one": {
        "_model": "product",
        "fields": "id",
        "filters": {"tag.bookings.some": {"seats": 1}},
    },
    "some": {"_model": "customer", "fields": "id", "filters": {"booking.some": {"seats": 2}}},
    "every": {"_model": "customer", "fields": "id", "filters": {"booking.every": {"seats": 2}}},
    "none": {"_model": "tag", "fields": "slug", "filters": {"bookings.none": {"seats": 2}}},
    "count": {"_model": "customer", "fields": "id, booking.count"},
    "count-filter": {"_model": "customer", "fields": "id", "filters": {"booking.count.gt": 1}},
    "count-order": {"_model": "customer", "fields": "id", "order_by": "booking.count"},
    "distinct": {"_model": "line", "fields": "booking.status", "distinct": True},
    "total": {"_model": "customer", "_action": "aggregate", "aggregate": "booking.count"},
    "group": {
        "_model": "line",
        "_action": "aggregate",
        "aggregate": "count",
        "group_by": "booking.status",
    },
    "totals": {"_model": "customer", "fields": "id", "aggregate": "booking.count"},
    "key": {"_model": "line", "_action": "add", "booking": 1, "product": "mop"},
    "key-of-edit": {"_model": "line", "_action": "edit", "_id": 1, "booking": 1},
    "children": {
        "_model": "customer",
        "_action": "add",
        "name": "Bo",
        "booking": {"$add": [{"status": "new"}]},
    },
    "linked": {"_model": "tag", "_action": "add", "slug": "a", "bookings": [1]},
    "delete": {"_model": "customer", "_action": "delete", "_id": 1},
    "delete-links": {"_model": "tag", "_action": "delete", "_id": "a"},
    "bulk-delete": {
        "_model": "customer",
        "_action": "bulk_delete",
        "filters": {"name": "Ann"},
        "_max_affected": 5,
    },
    "nulled": {"_model": "address", "_action": "delete", "_id": 1},
}
#: And the other way round.
FROM_MEMORY: dict[str, dict[str, Any]] = {
    "field": {"fields": "customer.name"},
    "list": {"fields": "lines.product"},
    "links": {"fields": "id, tags"},
    "filter": {"fields": "id", "filters": {"customer.name": "Ann"}},
    "some": {"fields": "id", "filters": {"tags.some": {"slug": "a"}}},
    "order": {"fields": "id", "order_by": "customer.name"},
    "count": {"fields": "lines.count"},
    "group": {"_action": "aggregate", "aggregate": "count", "group_by": "customer.name"},
    "key": {"_action": "add", **BOOKING},
    "delete": {"_action": "delete", "_id": 1},
}
#: What needs no row of the other backend.
ALONE: dict[str, dict[str, Any]] = {
    "keys": {"fields": "id, customer, customer_id"},
    "by-key": {"fields": "id", "filters": {"customer": 1}, "order_by": "customer"},
    "edit": {"_action": "edit", "_id": 1, "status": "new", "_fields": "id"},
    "null": {"_action": "edit", "_id": 1, "address": None, "_fields": "id"},
    "of-django": {"_model": "customer", "fields": "id, company.name"},
    "add-to-django": {"_model": "customer", "_action": "add", "name": "Bo", "email": "b@b.example"},
    "key-of-django": {"_model": "line", "fields": "id, booking", "filters": {"booking": 1}},
}


@pytest.fixture(autouse=True)
def project(settings: Any, db: None) -> None:
    settings.MIDDLEWARE = [*MIDDLEWARE, FLEX_MIDDLEWARE]
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": EXPOSE}


@pytest.fixture
def backend() -> Iterator[MemoryBackend]:
    """``booking`` in memory; everything else is stored by Django."""
    made = MemoryBackend(tables())
    with registered(made, "testapp.booking"):
        yield made


def ask(query: dict[str, Any]) -> Any:
    return FlexQuery(query.get("_model", "booking")).execute(query)


@pytest.mark.parametrize("name", FROM_DJANGO)
def test_django_joins_nothing_that_another_backend_stores(
    backend: MemoryBackend, name: str, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        result = ask(FROM_DJANGO[name])

    check_refusal(name, result.status_code, result.to_dict())
    assert result.to_dict()["path"]


@pytest.mark.parametrize("name", FROM_MEMORY)
def test_another_backend_is_not_asked_for_what_django_stores(
    backend: MemoryBackend, name: str, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        result = ask(FROM_MEMORY[name])

    check_refusal(name, result.status_code, result.to_dict())
    assert result.to_dict()["path"]


@pytest.mark.parametrize("name", ALONE)
def test_each_backend_serves_its_own_rows(backend: MemoryBackend, name: str) -> None:
    result = ask(ALONE[name])

    assert result.ok, result.to_dict()


@pytest.mark.parametrize("name", FROM_DJANGO)
def test_what_is_refused_asks_for_rows_of_the_other_backend(name: str) -> None:
    """Without another backend the same queries fail for no such reason."""
    result = ask(FROM_DJANGO[name])

    assert result.to_dict().get("code") != "query.unsupported"


def test_proxies_and_links_are_stored_with_their_models(backend: MemoryBackend, db: None) -> None:
    with registered(backend, "testapp.customer", "testapp.tag"):
        found = [
            ask({"_model": model, "fields": fields}).to_dict().get("code")
            for model, fields in (("booking", "id, tags.slug"), ("booking", "customer.name"))
        ]

    assert found == [None, None]


def test_an_atomic_batch_does_not_cross_backends(backend: MemoryBackend) -> None:
    batch = [
        {"_model": "booking", "_action": "edit", "_id": 1, "status": "new"},
        {"_model": "customer", "_action": "add", "name": "Bo", "email": "b@b.example"},
    ]

    response = Client().post("/api/", {"_batch": batch}, content_type="application/json")

    check_refusal("batch", response.status_code, response.json())


# --- row rules ------------------------------------------------------------------------------------

#: Rules of which model, and whether a check speaks of them.
RULES: dict[str, tuple[str, Any, bool]] = {
    "data-of-django": ("line", {"booking.status": "new"}, True),
    "data-over-many": ("customer", {"booking.some": {"status": "new"}}, True),
    "data-of-a-count": ("customer", {"booking.count.gt": 1}, True),
    "data-of-memory": ("booking", {"customer.name": "Ann"}, True),
    "q": ("line", Q(booking__status="new"), True),
    "q-inside": ("line", ~Q(Q(product="x") | Q(booking__seats__gt=1)), True),
    "q-over-many": ("customer", Q(booking=1), True),
    "q-over-links": ("tag", Q(bookings__isnull=True), True),
    "q-compares": ("line", Q(product=F("booking__status")), True),
    "q-of-rows": ("line", Q(product__in=Booking.objects.values("status")), True),
    "callable": ("line", lambda user: Q(booking__status="new"), True),
    "q-of-memory": ("booking", Q(status="new"), True),
    "callable-of-memory": ("booking", lambda user: Q(status="new"), True),
    "own-data": ("booking", {"status": "new", "customer": 1}, False),
    "own-key": ("line", {"booking": 1}, False),
    "own-q": ("line", Q(booking=1) | Q(booking__pk=2) | Q(booking__in=[3]), False),
    "own-callable": ("line", lambda user: Q(booking_id=1), False),
    "within-django": ("customer", Q(company__name="Acme"), False),
}


def complaints() -> list[str]:
    return [m.msg for m in check_settings() if m.id == "django_flex.E029"]


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("place", ["rows", "check", "edit"])
def test_a_rule_that_needs_another_backend_is_a_mistake(
    backend: MemoryBackend, settings: Any, name: str, place: str
) -> None:
    model, rule, wrong = RULES[name]
    part = {"edit": {"fields": ["id"], "rows": rule}} if place == "edit" else {place: rule}
    entry = {"anon": {**GRANT, "search": [], "ops": ["get", "list", "edit"], **part}}
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": {model: entry}}

    assert bool(complaints()) is wrong


def test_a_rule_with_an_operator_that_the_backend_lacks_is_a_mistake(
    backend: MemoryBackend, settings: Any
) -> None:
    backend.capabilities = replace(CAPABILITIES, operators=CAPABILITIES.operators - {"gte"})
    entry = {"anon": {**WRITING, "rows": {"seats.gte": 1}}}
    settings.DJANGO_FLEX = {"EXPOSE": {"booking": entry}}

    assert len(complaints()) == 1


def test_a_queryset_that_the_backend_cannot_use_is_a_mistake(
    backend: MemoryBackend, settings: Any
) -> None:
    entry = {"anon": WRITING, "queryset": lambda user, request: Booking.objects.all()}
    settings.DJANGO_FLEX = {"EXPOSE": {"booking": entry}}

    assert len(complaints()) == 1


def test_no_rule_is_a_mistake_where_django_stores_everything(settings: Any) -> None:
    for model, rule, _ in RULES.values():
        settings.DJANGO_FLEX = {"EXPOSE": {model: {"anon": {**GRANT, "search": [], "rows": rule}}}}

        assert not complaints()


# --- actions --------------------------------------------------------------------------------------


@pytest.fixture
def runnable(settings: Any) -> Iterator[None]:
    with registry.isolated():

        @action(Customer)
        def join(ctx: Any, customer: Customer, company: Company | None = None) -> dict[str, Any]:
            return {"company": company and company.pk}

        @action(Customer)
        def take(ctx: Any, customer: Customer, booking: Booking | None = None) -> None: ...

        grant = {**WRITING, "ops": [*OPS, "join", "take"]}
        expose = {**EXPOSE, "customer": {"anon": grant}}
        settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": expose}
        yield


def run(name: str, **parts: Any) -> Any:
    customer = Customer.objects.create(name="Ann", email="a@a.example")
    body = {"_model": "customer", "_action": name, "_id": customer.pk, **parts}
    return Client().post("/api/", body, content_type="application/json")


def test_an_input_of_an_action_is_found_by_its_own_backend(
    backend: MemoryBackend, runnable: None
) -> None:
    acme = Company.objects.create(name="Acme")

    assert run("join", _input={"company": acme.pk}).json()["company"] == acme.pk
    response = run("take", _input={"booking": 1})

    assert (400, "query.unsupported") == (response.status_code, response.json()["code"])


def test_rows_of_an_action_are_chosen_by_one_backend(
    backend: MemoryBackend, runnable: None
) -> None:
    response = run("join", _if={"booking.count": 0})

    check_refusal("if", response.status_code, response.json())
    assert "_if" == response.json()["path"]


def test_rows_of_an_action_are_chosen_by_operators_that_their_backend_has(
    backend: MemoryBackend, runnable: None
) -> None:
    backend.capabilities = replace(CAPABILITIES, operators=frozenset({"exact"}))
    with registry.isolated():

        @action(Booking, scope="bulk")
        def close(ctx: Any, bookings: list[Booking]) -> None: ...

        grant = {**WRITING, "ops": [*OPS, "close"]}
        with override_settings(
            DJANGO_FLEX={"REQUIRE_AUTHENTICATION": False, "EXPOSE": {"booking": {"anon": grant}}}
        ):
            body = {"_model": "booking", "_action": "close", "_filters": {"seats.gte": 1}}
            response = Client().post("/api/", body, content_type="application/json")

    assert (400, "query.unsupported") == (response.status_code, response.json()["code"])
    assert ("_filters", "one of exact") == (response.json()["path"], response.json()["hint"])


# --- a key for a write that no transaction of Django's holds -----------------------------------------


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache as the store of replies, with nothing in it."""
    made = LocMemCache("across", {})
    made.clear()
    monkeypatch.setattr(cached, "caches", {"default": made})
    monkeypatch.setattr(execution, "in_database", lambda: False)


@pytest.fixture(params=["database", "cache"])
def store(request: pytest.FixtureRequest) -> None:
    if request.param == "cache":
        request.getfixturevalue("cache")


def add(product: str, key: str = "k" * 20) -> Any:
    body = {"_model": "line", "_action": "add", "product": product}
    headers = {"Idempotency-Key": key}
    return Client().post("/api/", body, content_type="application/json", headers=headers)


@pytest.fixture
def lines(settings: Any) -> Iterator[MemoryBackend]:
    """``line`` and its booking in memory; a line needs a booking, which a preset says."""
    made = MemoryBackend(tables())
    presets = {"fields": ["product"], "presets": {"booking": 1}}
    expose = {**EXPOSE, "line": {"anon": {**WRITING, "add": presets}}}
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": expose}
    with registered(made, "testapp.line", "testapp.booking"):
        yield made


def stored(backend: MemoryBackend) -> int:
    return len(backend.tables.rows["testapp.line"])


def test_a_repeated_write_to_another_backend_happens_once(
    lines: MemoryBackend, store: None
) -> None:
    before = stored(lines)

    first, second = add("mop"), add("mop")

    assert (201, 201) == (first.status_code, second.status_code), first.json()
    assert first.json() == second.json()
    assert "true" == second.headers["Idempotency-Replayed"]
    assert stored(lines) == before + 1


def test_the_key_of_another_write_is_refused(lines: MemoryBackend, store: None) -> None:
    add("mop")

    assert add("bucket").status_code == 422
    assert add("bucket", "another" * 3).status_code == 201


def test_a_key_is_free_after_a_failure(
    lines: MemoryBackend, store: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = stored(lines)
    with monkeypatch.context() as patch:
        patch.setattr(lines, "write", _fail)
        with pytest.raises(RuntimeError):
            add("mop")

    assert add("mop").status_code == 201
    assert stored(lines) == before + 1


def _fail(*_args: Any) -> Any:
    raise RuntimeError


def test_a_key_is_taken_while_the_write_runs(
    lines: MemoryBackend, cache: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = lines.write
    meanwhile: list[int] = []

    def slow(*args: Any) -> Any:
        meanwhile.append(add("mop").status_code)
        return write(*args)

    monkeypatch.setattr(lines, "write", slow)

    assert (201, [409]) == (add("mop").status_code, meanwhile)


def test_a_write_to_another_backend_outlives_a_rollback(lines: MemoryBackend, cache: None) -> None:
    """The reply is stored at once: a transaction of Django's does not undo the write."""
    before = stored(lines)

    with suppress(RuntimeError), atomic():
        assert add("mop").status_code == 201
        raise RuntimeError

    assert "true" == add("mop").headers["Idempotency-Replayed"]
    assert stored(lines) == before + 1

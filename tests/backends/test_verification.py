"""A kept statement is compared with Django's own until three other sets of values were right."""

from __future__ import annotations

import logging
from contextvars import ContextVar
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import (
    Case,
    CharField,
    F,
    Func,
    Manager,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Concat, Upper
from django.db.models.lookups import Exact
from django.utils import timezone, translation
from django.utils.functional import SimpleLazyObject, lazy
from django.utils.translation import gettext_lazy

from django_flex import FlexQuery
from django_flex.backends.orm.prepared import deterministic, statement_cache
from django_flex.backends.orm.prepared.deterministic import is_deterministic
from django_flex.backends.orm.prepared.statements import bind
from django_flex.backends.orm.prepared.verification import (
    REQUIRED,
    Verification,
    digest_of,
    matches_django,
)
from django_flex.schema.model_attributes import computed_attribute
from django_flex.schema.resources import ComputedExpression
from tests.caching import begin_unchecked, cache
from tests.testapp.models import Booking, Customer

TENANT: ContextVar[str] = ContextVar("tenant", default="a")


@pytest.fixture(autouse=True)
def nothing_cached(bookings: None, configure: Any) -> None:
    configure()
    begin_unchecked()


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Collect what is compared with Django's own."""
    found: list[Any] = []

    def noted(sent: Any, *others: Any) -> bool:
        found.append([*sent[1]])
        return matches_django(sent, *others)

    monkeypatch.setattr(statement_cache, "matches_django", noted)
    return found


def ask(filters: Any = None, **query: Any) -> list[int]:
    asked = {"_action": "list", "fields": "id", "filters": filters or {}, **query}
    reply = FlexQuery("booking").execute(asked).to_dict()
    return [int(key) for key in reply["results"]]


def spoil() -> None:
    """Let the one kept statement say something else."""
    (found,) = cache().entries.values()
    assert found.statement is not None
    found.statement = replace(found.statement, sql=found.statement.sql.replace(" = ", " <> "))


def test_three_other_values_are_compared_and_no_more(compared: list[Any]) -> None:
    for number in (1, 1, 2, 2, 3, 3, 4, 5, 6, 1):
        assert [number] == ask({"id": number})

    # The first is what it was made of: it is compared when it comes again, and is none of the three.
    assert REQUIRED == 3
    assert [[1], [2], [3], [4]] == compared


def test_statement_without_values_is_compared_once(compared: list[Any]) -> None:
    for _ in range(4):
        ask()

    assert [[]] == compared


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(1, True, id="true"),
        pytest.param(1, 1.0, id="float"),
        pytest.param(1, "1", id="text"),
        pytest.param(0.0, -0.0, id="zero"),
        pytest.param(Decimal(1), Decimal("1.0"), id="digits"),
        pytest.param(b"a", "a", id="bytes"),
        pytest.param(None, "None", id="null"),
    ],
)
def test_values_are_the_same_only_by_value_and_type(one: Any, other: Any) -> None:
    assert digest_of((one,)) == digest_of((one,))
    assert digest_of((one,)) != digest_of((other,))


def test_verification_stores_no_values() -> None:
    ask({"status": "the-first"})
    ask({"status": "the-second"})
    (found,) = cache().entries.values()

    assert found.statement is not None
    assert "the-" not in repr(found)
    assert {type(one) for one in found.statement.verification.compared} == {int}


def test_wrong_statement_is_dropped_for_djangos_own(compared: list[Any], caplog: Any) -> None:
    ask({"id": 1})
    spoil()
    with caplog.at_level(logging.ERROR, logger="django_flex"):
        assert [[2], [2], [3]] == [ask({"id": number}) for number in (2, 2, 3)]

    (found,) = cache().entries.values()
    assert found.statement is None
    assert [[2]] == compared
    assert [
        "A cached statement on 'testapp.Booking' differs from what Django compiles; it is dropped"
    ] == [record.getMessage() for record in caplog.records]


def test_parameters_of_another_type_are_wrong(monkeypatch: Any, caplog: Any) -> None:
    def texts(*args: Any) -> Any:
        return tuple(map(str, bind(*args) or ()))

    ask({"id": 1})
    monkeypatch.setattr(statement_cache, "bind", texts)
    with caplog.at_level(logging.ERROR, logger="django_flex"):
        assert [2] == ask({"id": 2})

    assert 1 == len(caplog.records)


def test_wrong_page_is_found(monkeypatch: Any) -> None:
    ask()
    spoil_page = replace(next(iter(cache().entries.values())).statement, tail=" OFFSET 1")  # type: ignore[type-var]
    next(iter(cache().entries.values())).statement = spoil_page

    assert [1, 2] == ask(limit=2)


def test_one_value_is_not_enough_to_trust_a_statement() -> None:
    verification = Verification()
    for _ in range(10):
        if not verification.knows(digest_of([1])):
            verification.passed(digest_of([1]), varies=True)

    assert verification.pending


class Tenants(Manager[Booking]):
    def all(self) -> Any:
        return super().all().filter(seats=4)


class Sorted(QuerySet[Booking]):
    def values(self, *names: Any, **expressions: Any) -> Any:
        return super().values(*names, **expressions).filter(seats=4)


class Published(QuerySet[Booking]):
    def delete(self) -> Any:
        return 0, {}

    def published(self) -> Any:
        return self.filter(seats=4)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        pytest.param(Manager, True, id="plain"),
        pytest.param(Manager.from_queryset(Published), True, id="methods-of-its-own"),
        pytest.param(Tenants, False, id="all"),
        pytest.param(Manager.from_queryset(Sorted), False, id="values"),
    ],
)
def test_rows_of_a_manager_are_the_same_if_it_changes_no_way_to_them(
    kind: Any, expected: bool
) -> None:
    manager = kind()
    manager.model = Booking

    assert expected is deterministic._is_constant(manager)


def test_text_of_a_project_is_in_the_language_of_the_reader(configure: Any) -> None:
    label = Value(gettext_lazy("Yes"), output_field=CharField())
    entry = {"fields": ["label"], "filters": ["*"], "ops": ["list"], "rows": "*"}
    configure({"booking": {"anon": entry, "computed": {"label": label}}})

    def labels(language: str) -> Any:
        with translation.override(language):
            query = {"_action": "list", "fields": "label", "limit": 1, "shape": "list"}
            return FlexQuery("booking").execute(query).to_dict()["results"][0]["label"]

    assert ["Yes", "Ja", "Yes"] == [labels(one) for one in ("en", "de", "en")]


#: A text that is asked for whenever it is used.
NAMED = lazy(TENANT.get, str)()


class Tenant(Func):
    """An expression of a project that asks for the tenant while it is compiled."""

    output_field = CharField()

    def as_sql(self, *_args: Any, **_others: Any) -> Any:
        return "%s", [TENANT.get()]


class Shouted(Func):
    function = "UPPER"
    output_field = CharField()


def owner(**condition: Any) -> Any:
    rows = Customer.objects.filter(pk=OuterRef("customer"), **condition)
    return Subquery(rows.values("name")[:1])


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        pytest.param(Tenant(), False, id="project's-sql"),
        pytest.param(Concat("status", Tenant()), False, id="inside"),
        pytest.param(Case(When(status=Tenant(), then=Value("x"))), False, id="condition"),
        pytest.param(Value(gettext_lazy("Yes"), output_field=CharField()), False, id="language"),
        pytest.param(Value(SimpleLazyObject(TENANT.get), CharField()), False, id="lazy"),
        pytest.param(owner(name=Tenant()), False, id="subquery"),
        pytest.param(Case(When(status=NAMED, then=Value("x"))), False, id="lazy-condition"),
        pytest.param(Case(When(status__in=[NAMED], then=Value("x"))), False, id="lazy-in-a-list"),
        pytest.param(
            Case(When(Exact(F("status"), NAMED), then=Value("x"))), False, id="lazy-in-a-lookup"
        ),
        pytest.param(Func("status", function=NAMED), False, id="lazy-function"),
        pytest.param(owner(), True, id="djangos-subquery"),
        pytest.param(Shouted("status"), True, id="a-name-alone"),
        pytest.param(Upper(Coalesce("status", Value("x"))), True, id="djangos"),
        pytest.param(Case(When(status__in=["a"], then=Value("x"))), True, id="djangos-condition"),
    ],
)
def test_computed_field_is_cached_if_it_is_the_same_for_every_caller(
    expression: Any, expected: bool
) -> None:
    computed = ComputedExpression(expression)

    assert expected is is_deterministic(computed_attribute("made", computed, CharField()))


def test_each_tenant_has_a_condition_of_their_own(configure: Any) -> None:
    condition = When(status=NAMED, then=Value("yes"))
    mine = Case(condition, default=Value("no"), output_field=CharField())
    entry = {"fields": ["mine"], "ops": ["list"], "rows": "*"}
    configure({"booking": {"anon": entry, "computed": {"mine": mine}}})
    Booking.objects.update(status="first")

    found = seen_by_tenants({"fields": "mine"})

    assert ["yes"] * 5 + ["no"] == [one["mine"] for one in found]


def test_each_tenant_has_a_computed_value_of_their_own(configure: Any) -> None:
    entry = {"fields": ["made"], "ops": ["list"], "rows": "*"}
    configure({"booking": {"anon": entry, "computed": {"made": Tenant()}}})

    def made(tenant: str) -> Any:
        token = TENANT.set(tenant)
        try:
            query = {"_action": "list", "fields": "made", "limit": 1, "shape": "list"}
            return FlexQuery("booking").execute(query).to_dict()["results"][0]["made"]
        finally:
            TENANT.reset(token)

    assert [*"aabbab"] == [made(tenant) for tenant in "aabbab"]


@pytest.mark.skipif(
    connection.vendor == "mysql", reason="time zone tables are not loaded in a plain MariaDB"
)
@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
def test_day_begins_where_the_reader_is(zone: str) -> None:
    query = {"created_at.date": "2025-01-15"}
    assert [1] == ask(query)
    with timezone.override(zone):
        assert [1] == ask(query)
        assert ([3] if zone == "Asia/Tokyo" else []) == ask({"created_at.date": "2024-12-31"})
    assert [] == ask({"created_at.date": "2024-12-31"})


def test_rows_of_a_rule_are_those_of_each_reader_on_probation(configure: Any) -> None:
    keys = iter([1, 2, 3, 4, 5, 6, 2, 1])
    configure(
        {
            "booking": {
                "anon": {"rows": lambda _u, _r: Q(pk=next(keys)), "fields": "*", "ops": ["list"]}
            }
        }
    )

    assert [[1], [2], [3], [4], [5], [6], [2], [1]] == [ask() for _ in range(8)]


class CustomersOfTenant(Manager[Customer]):
    def get_queryset(self) -> Any:
        return super().get_queryset().filter(name=TENANT.get())


def seen_by_tenants(query: Any) -> list[Any]:
    """Return what a field of the first row is for one tenant, often, and for another one."""
    found = []
    for tenant in ("first",) * 5 + ("second",):
        token = TENANT.set(tenant)
        try:
            reply = FlexQuery("booking").execute({"_action": "list", "limit": 1, **query})
            found.append(reply.to_dict()["results"])
        finally:
            TENANT.reset(token)
    return [next(iter(rows.values())) for rows in found]


def test_related_computed_value_is_of_the_rows_of_the_related_manager(
    configure: Any, monkeypatch: Any
) -> None:
    loud = {"loud": Upper("name")}
    customer = {"anon": {"fields": ["loud"], "rows": "*", "ops": ["list"]}, "computed": loud}
    booking = {"fields": ["customer.loud"], "ops": ["list"], "rows": "*"}
    configure({"booking": {"anon": booking}, "customer": customer})
    Customer.objects.update(name="first")
    manager: Any = CustomersOfTenant()
    manager.model = Customer
    monkeypatch.setitem(Customer._meta.__dict__, "base_manager", manager)
    deterministic.has_constant_managers.cache_clear()

    found = seen_by_tenants({"fields": "customer.loud"})
    deterministic.has_constant_managers.cache_clear()

    assert [{"customer": {"loud": "FIRST"}}] * 5 + [{"customer": {"loud": None}}] == [
        {"customer": one["customer"]} for one in found
    ]


class Sealed(CharField):  # type: ignore[type-arg]  # generic for the checker alone
    """A column that is opened by the key of a tenant, in the statement."""

    def select_format(self, compiler: Any, sql: str, params: Any) -> Any:
        return f"REPLACE({sql}, %s, '-')", [*params, TENANT.get()]


def test_column_with_sql_of_a_project_is_read_by_the_sql_of_each_reader(
    configure: Any, monkeypatch: Any
) -> None:
    booking = {"fields": ["status"], "ops": ["list"], "rows": "*"}
    configure({"booking": {"anon": booking}})
    Booking.objects.update(status="first")
    monkeypatch.setattr(Booking._meta.get_field("status"), "__class__", Sealed)
    deterministic.has_deterministic_columns.cache_clear()

    found = seen_by_tenants({"fields": "status"})
    deterministic.has_deterministic_columns.cache_clear()

    assert ["-"] * 5 + ["first"] == [one["status"] for one in found]

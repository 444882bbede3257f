"""OPTIONS of a model whose backend lacks something: only what it can do is described."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from django_flex.actions import action
from django_flex.actions.declare.registry import registry
from django_flex.backends.registry import registered
from django_flex.plan.capabilities import ALL
from tests.doors.fronts import FLEX_MIDDLEWARE, MIDDLEWARE, OPEN
from tests.memory.backend import MemoryBackend
from tests.memory.tables import of
from tests.testapp.models import Booking

EVERY = ["get", "list", "aggregate", "explain", "add", "edit", "bulk_edit"]
GRANT: dict[str, Any] = {part: ["*"] for part in ("fields", "order_by", "aggregates")}
GRANT |= {"filters": ["status", "seats.gte", "created_at.year.lt", "customer.name.*"]}
GRANT |= {"rows": "*", "ops": EVERY, "search": ["status"]}
WRITTEN = ["seats", "customer", "address", "document", "tags", "lines"]
ENTRY = {**GRANT, "write_fields": WRITTEN, "files": {"document": {}}, "rate_limit": "9/h"}
EXPOSE = {
    **OPEN,
    "booking": {"anon": ENTRY},
    "line": {"anon": {"fields": ["*"], "ops": ["list", "add"]}},
    "tag": {"anon": {"fields": ["*"], "ops": ["aggregate"], "aggregates": ["count"]}},
    "address": {"anon": {"fields": ["*"], "ops": ["list"]}},
}
LABELS = [f"testapp.{name}" for name in ("booking", "customer", "line", "tag")]


@pytest.fixture
def backend(settings: Any, unused_caches: None) -> Iterator[MemoryBackend]:
    settings.MIDDLEWARE = [*MIDDLEWARE, FLEX_MIDDLEWARE]
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": EXPOSE}
    # It has to be asked nothing: what it can do is enough.
    made = MemoryBackend(of({}), ALL)
    with registered(made, *LABELS):
        yield made


def described(**lacking: Any) -> dict[str, Any]:
    """Return the description of a booking by a backend that can do everything but this."""
    with registered(MemoryBackend(of({}), replace(ALL, **lacking)), *LABELS):
        found: dict[str, Any] = Client().options("/api/booking/").json()
    return found


@pytest.mark.parametrize(
    ("path", "operator", "comparison"),
    [
        pytest.param("status", "exact", "exact", id="equal"),
        pytest.param("seats", "gte", "gte", id="at-least"),
        pytest.param("customer.name", "nin", "in", id="negated"),
        pytest.param("customer.name", "icontains", "icontains", id="related"),
    ],
)
def test_an_operator_that_the_backend_lacks_is_left_out(
    backend: MemoryBackend, path: str, operator: str, comparison: str
) -> None:
    some = described(operators=ALL.operators - {comparison})["fields"][path]["operators"]

    assert operator in described()["fields"][path]["operators"]
    assert operator not in some
    assert comparison not in some


def test_a_transform_that_the_backend_lacks_is_left_out(backend: MemoryBackend) -> None:
    less = described(transforms=ALL.transforms - {"year", "len"})

    assert ["year.lt"] == described()["fields"]["created_at"]["operators"]
    assert [] == less["fields"]["created_at"]["operators"]
    assert "len" not in less["fields"]["customer.name"]["operators"]


def test_granted_filters_that_the_backend_lacks_are_left_out(backend: MemoryBackend) -> None:
    assert ["created_at.year.lt", "customer.name.*", "seats.gte", "status"] == (
        described()["filters"]
    )
    less = described(operators=ALL.operators - {"gte", "exact"}, transforms=frozenset())
    assert ["customer.name.*"] == less["filters"]
    assert ["created_at.year.lt", "seats.gte", "status"] == described(joins=False)["filters"]


#: What is missing in a description, by the capability that is missing.
MISSING: dict[str, tuple[str, ...]] = {
    "joins": ("customer.name",),
    "aggregates": ("aggregates", "group_by"),
    "groups": ("group_by",),
    "search": ("search",),
    "writes": ("writable", "inputs", "nested"),
}


@pytest.mark.parametrize("name", MISSING)
def test_what_needs_a_missing_capability_is_left_out(backend: MemoryBackend, name: str) -> None:
    everything, less = described(), described(**{name: False})

    for key in MISSING[name]:
        assert key in (everything if "." not in key else everything["fields"])
        assert key not in (less if "." not in key else less["fields"])


@pytest.mark.parametrize(
    ("name", "operations"),
    [
        ("aggregates", {"aggregate"}),
        ("writes", {"add", "edit", "bulk_edit"}),
        ("writes_by_filter", {"bulk_edit"}),
        ("transactions", {"bulk_edit"}),
    ],
)
def test_operations_that_the_backend_lacks_are_left_out(
    backend: MemoryBackend, name: str, operations: set[str]
) -> None:
    everything, less = described(), described(**{name: False})

    assert operations == {*everything["operations"]} - {*less["operations"]}
    assert operations == {*everything["rates"]} - {*less["rates"]}


def test_actions_that_lock_rows_are_left_out_where_there_are_no_locks(
    backend: MemoryBackend, settings: Any
) -> None:
    with registry.isolated():

        @action(Booking)
        def confirm(ctx: Any, booking: Booking) -> None: ...

        @action(Booking, scope="bulk", lock="skip")
        def close(ctx: Any, bookings: list[Booking]) -> None: ...

        @action(Booking, lock="none")
        def look(ctx: Any, booking: Booking) -> None: ...

        @action(Booking, atomic=False)
        def mail(ctx: Any, booking: Booking) -> None: ...

        @action(Booking, scope="collection")
        def report(ctx: Any) -> None: ...

        names = ["confirm", "close", "look", "mail", "report"]
        entry = {"anon": {**GRANT, "ops": ["list", *names]}}
        settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": {"booking": entry}}
        assert {*names} == {*described()["actions"]}
        assert {"look", "mail", "report"} == {*described(locks=False)["actions"]}
        backend.capabilities = replace(ALL, locks=False)
        listed = Client().get("/api/booking/actions/").json()

    lists = (listed[f"{scope}_actions"] for scope in ("instance", "bulk", "collection"))
    assert {"look", "mail", "report"} == {one["id"] for some in lists for one in some}


def test_inputs_are_those_that_the_backend_can_write(backend: MemoryBackend) -> None:
    everything = described()
    assert {"seats", "customer", "document", "tags"} == everything["inputs"]["edit"].keys()
    assert {"lines"} == everything["nested"]["add"].keys()
    assert "file" in everything["inputs"]["edit"]["document"]

    less = described(related_writes=False, files=False)
    assert {"seats", "customer", "document"} == less["inputs"]["edit"].keys()
    assert "nested" not in less
    assert "file" not in less["inputs"]["edit"]["document"]


def test_changes_of_stored_values_are_those_that_the_backend_can_write(
    backend: MemoryBackend,
) -> None:
    assert ["$inc"] == described()["inputs"]["edit"]["seats"]["updates"]
    assert ["$add"] == described()["inputs"]["edit"]["customer"]["updates"]

    assert "updates" not in described(updates=False)["inputs"]["edit"]["seats"]
    assert "updates" not in described(related_writes=False)["inputs"]["edit"]["customer"]


def test_rows_of_another_backend_are_left_out(backend: MemoryBackend) -> None:
    found = described()

    assert "address" in found["fields"]
    assert "address.city" not in found["fields"]
    assert {"customer", "lines"} <= found["relations"].keys()
    assert "address" not in found["relations"]
    assert "address" not in found["writable"]["edit"]


def test_a_model_of_which_the_backend_can_do_nothing_is_not_described(
    backend: MemoryBackend,
) -> None:
    assert "tag" in Client().options("/api/").json()["models"]

    backend.capabilities = replace(ALL, aggregates=False)

    assert "tag" not in Client().options("/api/").json()["models"]
    assert 401 == Client().options("/api/tag/").status_code


def test_what_is_described_is_not_cached_with_the_grant(backend: MemoryBackend) -> None:
    before = described()
    less = described(operators=frozenset({"gte"}))

    assert ["gte"] == less["fields"]["seats"]["operators"]
    assert before == described()

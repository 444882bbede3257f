"""Each capability of a backend: what needs it works with it, and is refused without it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db.models import F, Q
from django.test import Client

from django_flex import FlexQuery
from django_flex.backends.registry import registered
from django_flex.exceptions import UnsupportedQueryError
from django_flex.plan.capabilities import ALL, Capabilities
from django_flex.resolved import Rows
from tests.doors.fronts import FLEX_MIDDLEWARE, MIDDLEWARE, OPEN
from tests.memory.backend import CAPABILITIES, MemoryBackend
from tests.memory.tables import of

EVERY = ["get", "list", "aggregate", "explain", "add", "edit", "bulk_edit"]
GRANT: dict[str, Any] = {"rows": "*", "ops": EVERY, "search": ["status"]}
GRANT |= {part: ["*"] for part in ("fields", "filters", "order_by", "aggregates")}
GRANT["order_by"] = ["*", "random"]
ENTRY = {
    "anon": {**GRANT, "files": {"document": {"max_bytes": 10}}},
    "computed": {"twice": F("seats") * 2},
}
EXPOSE = {
    **OPEN,
    "booking": ENTRY,
    "tag": {"anon": {**GRANT, "search": [], "add": {"fields": ["slug"]}}},
    "address": {"anon": {**GRANT, "rows": Q(city="Berlin"), "search": []}},
}
BOOKING = {"customer": 1, "status": "new", "reference": "00000000-0000-0000-0000-000000000009"}
#: A query on bookings that needs each capability.
QUERIES: dict[str, dict[str, Any]] = {
    "joins": {"fields": "customer.name"},
    "lists": {"fields": "lines.product"},
    "related_filters": {"fields": "id", "filters": {"lines.some": {"quantity": 2}}},
    "related_aggregates": {"fields": "lines.count"},
    "computed": {"fields": "twice"},
    "model_rules": {"fields": "id", "filters": {"address.city": "Berlin"}},
    "operators": {"fields": "id", "filters": {"seats.gte": 2}},
    "transforms": {"fields": "id", "filters": {"status.len": 2}},
    "parts": {"fields": "status.len"},
    "json_keys": {"fields": "id", "filters": {"customer.metadata.level": 1}},
    "containment": {"fields": "id", "filters": {"customer.metadata.contains": {"level": 1}}},
    "comparisons": {"fields": "id", "filters": {"status": {"$field": "internal_notes"}}},
    "search": {"fields": "id", "search": "pend"},
    "orders": {"fields": "id", "order_by": "status"},
    "random": {"fields": "id", "order_by": "random"},
    "offsets": {"fields": "id", "offset": 1},
    "cursors": {"fields": "id", "cursor": True},
    "counts": {"fields": "id", "count": True},
    "distinct": {"fields": "id", "distinct": "status"},
    "aggregates": {"_action": "aggregate", "aggregate": "count"},
    "groups": {"_action": "aggregate", "group_by": "status"},
    "explain": {"fields": "id", "explain": True},
    "writes": {"_action": "edit", "_id": 1, "_fields": "id", "status": "new"},
    "upserts": {"_model": "tag", "_action": "upsert", "_match": "slug", "slug": "a"},
    "updates": {"_action": "edit", "_id": 1, "seats": {"$inc": 1}, "_fields": "id"},
    "writes_by_filter": {
        "_action": "bulk_edit",
        "filters": {"seats": 2},
        "_set": {"status": "new"},
        "_max_affected": 5,
        "_fields": "id",
    },
    "related_writes": {"_action": "add", **BOOKING, "lines": {"$add": [{"product": "mop"}]}},
    "transactions": {
        "_action": "edit",
        "_items": [{"id": 1, "seats": 1}, {"id": 2, "seats": 1}],
        "_fields": "id",
    },
    "files": {"_action": "edit", "_id": 1, "document": ContentFile(b"x", "a.txt")},
    "dry_runs": {"_action": "edit", "_id": 1, "status": "new", "_fields": "id", "_dry_run": True},
}
#: Those that a query object alone cannot need, and what ``test_across_backends`` tries.
OTHERS = {"streams", "locks", "resources"}
LABELS = ("booking", "customer", "line", "address", "tag")
DATA = {"apart", "fewer", "keys", "metered_as"}
NAMES = [field.name for field in fields(Capabilities) if field.name not in DATA]


def without(name: str) -> Capabilities:
    """Return what the backend of the tests can do, but for one thing."""
    nothing: Any = frozenset() if isinstance(getattr(ALL, name), frozenset) else False
    return replace(CAPABILITIES, **{name: nothing})


def lacks(name: str) -> bool:
    return getattr(CAPABILITIES, name) is False


def tables() -> Any:
    row = dict.fromkeys(("address_id", "team_id", "created_by_id", "price", "rating"))
    row |= dict.fromkeys(("day", "starts", "lasts", "created_at", "closed_at", "digest"))
    row |= {"customer_id": 1, "internal_notes": "", "stripe_payment_id": "", "document": ""}
    return of(
        {
            "testapp.customer": [
                {"id": 1, "name": "Ann", "email": "", "vip": True, "company_id": None}
                | {"metadata": {"level": 1}, "api_token": ""}
            ],
            "testapp.booking": [
                {**row, "id": n, "status": "pending", "urgent": False, "seats": 2, "reference": n}
                for n in (1, 2)
            ],
            "testapp.line": [
                {"id": 1, "booking_id": 1, "product": "mop", "quantity": 2, "note": None}
            ],
        }
    )


@pytest.fixture(autouse=True)
def project(settings: Any) -> None:
    settings.MIDDLEWARE = [*MIDDLEWARE, FLEX_MIDDLEWARE]
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": EXPOSE}


@pytest.fixture
def backend() -> Iterator[MemoryBackend]:
    made = MemoryBackend(tables())
    labels = [f"testapp.{name}" for name in LABELS]
    with registered(made, *labels):
        yield made


def ask(query: Mapping[str, Any]) -> Any:
    return FlexQuery(query.get("_model", "booking")).execute(query)


def check_refusal(name: str, status: int, body: Mapping[str, Any]) -> None:
    assert (400, "query.unsupported") == (status, body["code"]), body
    assert body["hint"], name


def test_each_part_of_rows_is_known_here() -> None:
    """What narrows rows is either checked by the planner or evaluated in memory: never overlooked."""
    known = {"resource", "nothing", "plain", "condition", "queryset", "q", "links", "among"}

    assert known == {field.name for field in fields(Rows)}


def test_each_capability_is_tried() -> None:
    assert {*NAMES} == QUERIES.keys() | OTHERS


@pytest.mark.parametrize("name", QUERIES)
def test_what_needs_a_capability_is_refused_without_it(backend: MemoryBackend, name: str) -> None:
    backend.capabilities = without(name)

    result = ask(QUERIES[name])

    check_refusal(name, result.status_code, result.to_dict())


IN_LISTS: dict[str, dict[str, Any]] = {
    "cursors": {"cursor": True},
    "distinct": {"fields": "product", "distinct": True},
    "counts": {"count": True},
    "offsets": {"offset": 1},
}


@pytest.mark.parametrize("name", IN_LISTS)
def test_what_needs_a_capability_in_a_list_is_refused_without_it(
    backend: MemoryBackend, name: str
) -> None:
    backend.capabilities = without(name)

    result = ask({"fields": "id", "related": {"lines": IN_LISTS[name]}})

    check_refusal(name, result.status_code, result.to_dict())
    assert f"related.lines.{[*IN_LISTS[name]][-1]}" == result.to_dict()["path"]


@pytest.mark.parametrize("name", [name for name in QUERIES if not lacks(name)])
def test_what_needs_a_capability_works_with_it(backend: MemoryBackend, name: str) -> None:
    result = ask(QUERIES[name])

    assert result.ok, result.to_dict()


#: Where a condition with an operator can be; ``{}`` is the path before the operator.
CLAUSES: dict[str, tuple[str, Any]] = {
    "filters": ("seats", lambda test: {"filters": test}),
    "not": ("seats", lambda test: {"filters": {"or": [{"id": 1}, {"not": test}]}}),
    "to-one": ("customer.id", lambda test: {"filters": test}),
    "to-many": ("quantity", lambda test: {"filters": {"lines.some": test}}),
    "aggregate": ("lines.count", lambda test: {"filters": test}),
    "related": ("quantity", lambda test: {"related": {"lines": {"filters": test}}}),
    "groups": ("seats", lambda test: {"_action": "aggregate", "filters": test}),
    "having": (
        "count",
        lambda test: {"_action": "aggregate", "group_by": "status", "having": test},
    ),
    "write": (
        "seats",
        lambda test: {
            "_action": "bulk_edit",
            "filters": test,
            "_set": {"status": "new"},
            "_fields": "id",
        },
    ),
}
#: Each comparison of numbers, the operators that need it, and a value that they take.
COMPARED: dict[str, dict[str, Any]] = {
    "exact": {"exact": 1, "ne": 1},
    "in": {"in": [1], "nin": [1]},
    "lt": {"lt": 1},
    "gte": {"gte": 1},
    "range": {"range": [1, 2]},
    "isnull": {"isnull": False},
}


@pytest.mark.parametrize("clause", CLAUSES)
@pytest.mark.parametrize("comparison", COMPARED)
def test_an_operator_that_the_backend_lacks_is_refused_in_each_clause(
    backend: MemoryBackend, clause: str, comparison: str
) -> None:
    path, make = CLAUSES[clause]
    for operator, value in COMPARED[comparison].items():
        query = {"fields": "id", **make({f"{path}.{operator}": value})}
        if query.get("_action"):
            del query["fields"]
        can = replace(CAPABILITIES, related_filters=True, related_aggregates=True)
        backend.capabilities = can
        assert ask(query).status_code in {200, 404}, ask(query).to_dict()

        backend.capabilities = replace(can, operators=can.operators - {comparison})
        result = ask(query)

        check_refusal(operator, result.status_code, result.to_dict())
        assert comparison not in str(result.to_dict()["hint"]).removeprefix("one of ").split(", ")
        places = {"having": "having", "related": "related.lines.filters"}
        assert places.get(clause, "filters") == result.to_dict()["path"]


def test_a_word_that_is_searched_needs_its_operator(backend: MemoryBackend) -> None:
    backend.capabilities = replace(
        CAPABILITIES, search=True, operators=CAPABILITIES.operators - {"icontains"}
    )

    result = ask({"fields": "id", "search": "pend"})

    check_refusal("icontains", result.status_code, result.to_dict())


@pytest.mark.parametrize("name", ["len", "year"])
def test_a_transform_that_the_backend_lacks_is_refused(backend: MemoryBackend, name: str) -> None:
    path = {"len": "status.len.gte", "year": "created_at.year"}[name]
    backend.capabilities = replace(CAPABILITIES, transforms=frozenset({"month"}))

    result = ask({"fields": "id", "filters": {path: 2020}})

    check_refusal(name, result.status_code, result.to_dict())
    assert ("filters", "one of month") == (result.to_dict()["path"], result.to_dict()["hint"])


def test_a_stream_is_refused_where_there_are_none(backend: MemoryBackend) -> None:
    backend.capabilities = without("streams")

    with pytest.raises(UnsupportedQueryError) as caught:
        FlexQuery("booking").stream({"fields": "id"})

    check_refusal("streams", 400, caught.value.to_dict())


def test_a_precondition_is_refused_where_there_are_no_locks(backend: MemoryBackend) -> None:
    response = Client().patch(
        "/api/booking/1",
        {"status": "new"},
        content_type="application/json",
        headers={"If-Match": "*"},
    )

    check_refusal("locks", response.status_code, response.json())


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        pytest.param({"Idempotency-Key": "k" * 20}, {"_model": "booking", **BOOKING}, id="key"),
        pytest.param({}, {"_batch": [{"_model": "booking", **BOOKING}]}, id="batch"),
    ],
)
def test_all_or_nothing_is_refused_where_there_are_no_transactions(
    backend: MemoryBackend, headers: dict[str, str], body: dict[str, Any]
) -> None:
    backend.capabilities = without("transactions")
    body = {"_action": "add", **body} if "_batch" not in body else body
    for item in body.get("_batch", []):
        item["_action"] = "add"

    response = Client().post("/api/", body, content_type="application/json", headers=headers)

    check_refusal("transactions", response.status_code, response.json())


def test_a_refusal_tells_of_something_that_works() -> None:
    can = replace(CAPABILITIES, offsets=False, cursors=True)

    with pytest.raises(UnsupportedQueryError) as caught:
        can.require("offsets", "offset")

    assert ("offset", "page by 'cursor'") == (caught.value.path, caught.value.hint)


@pytest.mark.parametrize(
    "query",
    [
        {"_action": "add", "customer": 1, "seats": "many", "price": "cheap"},
        {"_action": "edit", "_id": 1, "seats": "many", "price": "cheap"},
        {
            "_action": "edit",
            "_items": [{"id": 1, "seats": 5}, {"id": 2, "seats": "many", "price": "cheap"}],
        },
    ],
)
def test_values_that_do_not_fit_never_reach_a_backend_that_does_not_validate(
    backend: MemoryBackend, query: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MemoryBackend, "write", None)

    result = ask({**query, "_fields": "id"})

    codes = {"seats": ["invalid"], "price": ["invalid"]}
    assert (400, codes) == (result.status_code, result.to_dict()["codes"])

"""One JSON shape for every error, through every door, without a statement on the tables."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, NoReturn

import pytest
from django.db import OperationalError
from django.db.backends.utils import CursorWrapper
from django.test.utils import CaptureQueriesContext

from django_flex import exceptions
from django_flex.engine import answer, execution
from django_flex.engine.reading import READ
from tests.doors.fronts import OPEN, SERVED_DOORS, Door, HttpDoor, grant

pytestmark = pytest.mark.usefixtures("bookings")

NARROW = grant(fields=["id", "status"], filters=["status"], order_by=["status"], ops=["list"])

#: Query, options, and what comes back: status, code, text, place.
ERRORS: dict[str, tuple[dict[str, Any], dict[str, Any], tuple[int, str, str, str | None]]] = {
    "unknown-key": (
        {"fieldz": "id"},
        {},
        (400, "query.unknown_key", "Unknown key 'fieldz'", "fieldz"),
    ),
    "invalid-value": (
        {"limit": "many"},
        {},
        (400, "query.value", "A whole number of at least 1 is needed", "limit"),
    ),
    "invalid-query": (
        {"fields": "id..status"},
        {},
        (400, "query.invalid", "'id..status' is not a path", "fields"),
    ),
    "limit-exceeded": (
        {"offset": 100_001},
        {},
        (400, "query.limit", "The offset is too large", "offset"),
    ),
    "unsupported": (
        {"fields": "status", "distinct": True, "cursor": True},
        {},
        (400, "query.unsupported", "Distinct combinations have no cursor", "cursor"),
    ),
    "get-without-a-key": (
        {"_action": "get", "fields": "id"},
        {},
        (400, "query.invalid", "'get' needs the key of a row", "_id"),
    ),
    "authentication-required": (
        {},
        {"REQUIRE_AUTHENTICATION": True},
        (401, "auth.required", "Authentication required", None),
    ),
    "operation-denied": (
        {},
        {"expose": grant(ops=["get"])},
        (401, "auth.required", "Authentication required", None),
    ),
    "empty-grant": (
        {},
        {"expose": {"booking": {"anon": {}}}},
        (401, "auth.required", "Authentication required", None),
    ),
    "field-denied": (
        {"fields": "id, internal_notes"},
        {"expose": NARROW},
        (403, "field.denied", "Access denied: field 'internal_notes' not accessible", "fields"),
    ),
    "field-that-does-not-exist": (
        {"fields": "secret_field"},
        {"expose": NARROW},
        (403, "field.denied", "Access denied: field 'secret_field' not accessible", "fields"),
    ),
    "filter-denied": (
        {"fields": "id", "filters": {"price.gt": 1}},
        {"expose": NARROW},
        (403, "filter.denied", "Filter denied: 'price.gt' not allowed", "filters.price.gt"),
    ),
    "order-denied": (
        {"fields": "id", "order_by": "-status"},
        {"expose": NARROW},
        (403, "order.denied", "Order denied: '-status' not allowed", "order_by"),
    ),
}


@pytest.mark.parametrize(
    ("query", "options", "expected"),
    [pytest.param(*case, id=name) for name, case in ERRORS.items()],
)
def test_error_says_what_and_where(any_door: Door, query, options, expected) -> None:
    status, code, text, place = expected
    reply = any_door.list(query, **options)

    assert (status, code, text, place) == (
        reply.status,
        reply.body["code"],
        reply.body["error"],
        reply.body.get("path"),
    )
    assert reply.body.keys() <= {"error", "code", "path", "hint"}
    assert 0 == reply.statements


def test_object_that_is_not_there_is_a_404(any_door: Door) -> None:
    reply = any_door.get(999, {"fields": "id"})

    assert (404, {"error": "Object not found", "code": "object.not_found"}) == (
        reply.status,
        reply.body,
    )


@pytest.mark.parametrize("key", ["abc", "1.5", "9" * 30, "-1", "0x1"])
def test_key_that_cannot_be_one_is_a_404(door: Door, key: str) -> None:
    reply = door.get(key, {"fields": "id"})

    assert (404, "object.not_found") == (reply.status, reply.body["code"])


@pytest.mark.sql
def test_database_that_is_away_is_a_503(any_door: Door, monkeypatch) -> None:
    execute = CursorWrapper.execute

    def fail(cursor: Any, sql: str, params: Any = None) -> Any:
        if "SELECT" not in sql:
            return execute(cursor, sql, params)
        message = "secret host is gone"
        raise OperationalError(message)

    monkeypatch.setattr(CursorWrapper, "execute", fail)
    reply = any_door.list({"fields": "id"})

    assert (503, "backend.unavailable", 1) == (
        reply.status,
        reply.body["code"],
        reply.body["retry_after"],
    )
    assert "secret" not in str(reply.body)


def test_hint_names_what_the_caller_may_use(any_door: Door) -> None:
    near = any_door.list({"fields": "statuss"}, expose=NARROW)
    hidden = any_door.list({"fields": "internal_note"}, expose=NARROW)

    assert "did you mean 'status'?" == near.body["hint"]
    assert "hint" not in hidden.body


def test_hint_names_the_near_key(any_door: Door) -> None:
    assert "did you mean 'fields'?" == any_door.list({"fieldz": "id"}).body["hint"]


HTTP_ERRORS = {
    "not-json": ("POST", "query", "{", {}, (400, "request.invalid")),
    "nan": ("POST", "query", '{"limit": NaN}', {}, (400, "request.invalid")),
    "not-utf-8": ("POST", "query", b'{"fields": "\xff"}', {}, (400, "request.invalid")),
    "no-object": ("POST", "query", "[1]", {}, (400, "query.invalid")),
    "too-deep": ("POST", "query", "[" * 40 + "]" * 40, {}, (400, "request.invalid")),
    "absurdly-deep": ("POST", "query", "[" * 99_999, {}, (400, "request.invalid")),
    "too-large": ("POST", "query", " " * 1_048_577, {}, (413, "request.too_large")),
    "compressed": (
        "POST",
        "query",
        "{}",
        {"Content-Encoding": "gzip"},
        (415, "request.media_type"),
    ),
    "method": ("DELETE", "", "", {}, (405, "request.method")),
    "trace": ("TRACE", "", "", {}, (405, "request.method")),
    "odd-method": ("BREW", "", "", {}, (405, "request.method")),
    "wrong-action": ("POST", "query", '{"_action": "delete"}', {}, (400, "query.invalid")),
    "unknown-action": ("POST", "query", '{"_action": "dance"}', {}, (400, "query.value")),
    "other-model": ("POST", "query", '{"_model": "customer"}', {}, (400, "query.invalid")),
    "model-of-no-text": ("POST", "query", '{"_model": 5}', {}, (400, "query.invalid")),
    "q-of-no-json": ("GET", "?q={", "", {}, (400, "request.invalid")),
    "q-of-no-object": ("GET", "?q=[]", "", {}, (400, "query.invalid")),
    "q-twice": ("GET", "?q={}&q={}", "", {}, (400, "request.invalid")),
    "value-and-object": ("GET", "?filters.or=1&filters.or.id=1", "", {}, (400, "query.invalid")),
    "too-long-path": ("GET", "?filters." + "a." * 70 + "b=1", "", {}, (400, "query.invalid")),
    "nothing-there": ("GET", "1/2/3", "", {}, (404, "not_found")),
    "two-keys": ("POST", "query", '{"_id": 1, "id": 2}', {}, (400, "query.invalid")),
}


@pytest.mark.parametrize("case", HTTP_ERRORS.values(), ids=HTTP_ERRORS)
def test_request_that_cannot_be_read_is_answered_in_json(
    settings, case, django_assert_num_queries
) -> None:
    method, rest, body, headers, expected = case
    door = SERVED_DOORS["middleware"](settings)
    door.open("booking", OPEN, {})
    with django_assert_num_queries(0):
        response = door.request(method, f"/api/booking/{rest}", body, headers)

    assert (*expected, "application/json") == (
        response.status_code,
        response.json()["code"],
        response.headers["Content-Type"],
    )
    assert {"error", "code"} <= response.json().keys()


def test_form_is_refused(configure, client) -> None:
    configure()
    response = client.post("/api/booking/query", {"fields": "id"})

    assert (415, "request.media_type") == (response.status_code, response.json()["code"])


def test_method_that_is_not_served_is_a_405_with_allow(served: HttpDoor) -> None:
    response = served.request("DELETE", served.path)

    assert (405, "request.method") == (response.status_code, response.json()["code"])
    assert {"GET", "QUERY", "OPTIONS"} <= set(response.headers["Allow"].split(", "))


def test_broken_body_is_a_400_through_every_kind_of_url(served: HttpDoor) -> None:
    response = served.request("QUERY", served.path, "{")

    assert (
        400,
        {"error": "This is not valid JSON", "code": "request.invalid", "path": "body"},
    ) == (
        response.status_code,
        response.json(),
    )


def test_fault_of_the_code_is_answered_in_json(served: HttpDoor, monkeypatch, caplog) -> None:
    def fail(*_args: object) -> NoReturn:
        message = "a secret of ours"
        raise RuntimeError(message)

    broken = partial(answer, replace(READ, plan=fail))
    monkeypatch.setattr(execution, "ANSWERS", {**execution.ANSWERS, "list": broken})
    served.raises = False
    response = served.request("GET", served.path)

    assert (500, {"error": "Internal error", "code": "internal"}) == (
        response.status_code,
        response.json(),
    )
    assert "a secret of ours" in caplog.text


def test_action_of_a_later_version_is_refused_in_words(configure, client) -> None:
    configure()
    body = {"_model": "booking", "_action": "export"}
    response = client.post("/api/", body, content_type="application/json")

    assert (400, "query.unsupported") == (response.status_code, response.json()["code"])


def test_rule_that_raises_denies_and_is_logged(any_door: Door, caplog) -> None:
    def broken(_user: Any) -> Any:
        message = "sensitive"
        raise RuntimeError(message)

    reply = any_door.list({"fields": "id"}, expose=grant(rows=broken))

    assert (401, "auth.required", 0) == (reply.status, reply.body["code"], reply.statements)
    assert "sensitive" not in str(reply.body)
    assert "sensitive" in caplog.text


def test_execute_refuses_what_is_no_mapping(configure) -> None:
    from django_flex import FlexQuery

    configure()
    result = FlexQuery("booking").execute(["id"])  # type: ignore[arg-type]

    assert (False, 400) == (result.ok, result.status_code)
    assert "query.invalid" == result.to_dict()["code"]


def test_execute_gives_the_error_beside_its_json(configure) -> None:
    from django_flex import FlexError, FlexQuery

    configure(NARROW)
    result = FlexQuery("booking").execute({"fields": "price"})

    assert isinstance(result.error, FlexError)
    assert result.error.to_dict() == result.to_dict()


def _leaves(error: type[exceptions.FlexError]) -> set[str]:
    return {error.code}.union(*(_leaves(below) for below in error.__subclasses__()))


def test_every_class_of_error_is_tried_here() -> None:
    tried = {case[2][1] for case in ERRORS.values()}
    tried |= {case[4][1] for case in HTTP_ERRORS.values()}
    elsewhere = {
        "error",  # the base, never raised
        "permission.denied",  # test_row_rules
        "query.cost",  # test_cost
        "backend.misconfigured",  # tests/backends/test_time_zones
        "query.reply_size",  # test_reply_size
        "query.cursor",  # test_cursors
        "search.denied",  # test_search
        "auth.failed",  # test_authentication
        "auth.expired",  # tests/tokens
        "csrf.failed",  # tests/http/test_csrf
        "row.denied",  # this line and those below: tests/writes, tests/idempotency, tests/backends
        "write.invalid",
        "write.cascade",  # tests/security/writes/test_cascades
        "write.confirmation",  # tests/mcp
        "write.conflict",
        "write.duplicate",
        "write.precondition",
        "write.unknown",  # tests/dynamodb/backend/test_faults
        "operation.denied",  # test_roles
        "idempotency.in_flight",
        "idempotency.reused",
        "rate_limit.exceeded",  # tests/throttling
        "backend.timeout",
        "object.not_found",
        "resource.not_found",  # test_names
        "backend.unavailable",
        "internal",
        "action.not_found",  # this line and those below: tests/actions
        "action.failed",
        "action.todo",
        "action.refused",
        "action.cancelled",
        "action.unavailable",
    }

    assert _leaves(exceptions.FlexError) == tried | elsewhere


def test_refusal_runs_no_statement(configure, client) -> None:
    from django.db import connection

    configure(NARROW)
    with CaptureQueriesContext(connection) as captured:
        response = client.get("/api/booking/?fields=price")

    assert (403, 0) == (response.status_code, len(captured))

"""The document of each role: valid, complete, and with nothing that the role may not use."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from django_flex import FlexQuery
from django_flex.openapi import RELEASES
from tests.openapi.conftest import ROLES
from tests.openapi.reading import Document, component, operations, references, resolved

Render = Callable[..., Document]


@pytest.mark.exhaustive
@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("role", ROLES)
def test_a_document_is_valid(role: str, release: str, document: Render) -> None:
    validation = pytest.importorskip("openapi_spec_validator")
    validators = {
        "3.1": validation.OpenAPIV31SpecValidator,
        "3.2": validation.OpenAPIV32SpecValidator,
    }
    found = json.loads(json.dumps(document(role, release)))

    assert [str(error) for error in validators[release](found).iter_errors()] == []


@pytest.mark.parametrize("role", ROLES)
def test_every_reference_leads_somewhere(role: str, document: Render) -> None:
    found = document(role, "3.2")

    assert all(resolved(found, {"$ref": one}) is not None for one in references(found))


def test_the_operations_are_those_that_the_role_is_granted(document: Render) -> None:
    def of(role: str, release: str = "3.1") -> set[str]:
        found = [(path, method) for path, method, _ in operations(document(role, release))]
        assert len(found) == len(set(found))
        return {f"{method} {path.removeprefix('/api/')}" for path, method in found}

    both = {"get ", "post "}
    assert of("anon") == {*both, "get bookings/", "post bookings/query"}
    assert of("anon", "3.2") - of("anon") == {"query ", "query bookings/"}
    assert of("authenticated") == {*both, "post bookings/"}
    assert of("staff") == {
        *both,
        *("get bookings/", "post bookings/query", "get bookings/{key}", "post bookings/"),
        *("put bookings/{key}", "patch bookings/{key}"),
        *("get bookings/aggregate", "post bookings/aggregate", "get customers/{key}"),
    }
    assert "put bookings/" in of("superuser")
    assert "delete bookings/{key}" in of("superuser")


@pytest.mark.parametrize("role", ROLES)
def test_the_ids_of_operations_are_unique(role: str, document: Render) -> None:
    ids = [operation["operationId"] for _, _, operation in operations(document(role, "3.2"))]

    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("role", "hidden"),
    [
        ("anon", ["internal_notes", "price", "lines", "seats", "/customers/", "email", "delete"]),
        ("staff", ["internal_notes", "urgent", "email", "quantity.sum", "superuser"]),
        ("authenticated", ["internal_notes", "/customers/", "bulk_edit"]),
    ],
)
def test_nothing_is_in_it_that_the_role_may_not_use(
    role: str, hidden: list[str], document: Render
) -> None:
    text = json.dumps(document(role, "3.2")).replace("bulk_deleted", "")

    assert [word for word in hidden if f"{word}" in text] == []


FILTERS: list[tuple[str, Any, bool]] = [
    ("staff", {"status": "x"}, True),
    ("staff", {"status": None}, True),
    ("staff", {"status.in": ["x", "y"]}, True),
    ("staff", {"status.in": 3}, False),
    ("staff", {"status.gte": "x"}, False),
    ("staff", {"created_at.year.gte": 2024}, True),
    ("staff", {"created_at.year": 2024}, False),
    ("staff", {"created_at.year.gte": "soon"}, False),
    ("staff", {"customer.name": "x"}, True),
    ("staff", {"customer.name.icontains": "x"}, True),
    ("staff", {"customer.name.regex": "x"}, False),
    ("staff", {"customer.email": "x"}, False),
    ("staff", {"customer.metadata.level.gte": 3}, True),
    ("staff", {"lines.quantity.gte": 3}, True),
    ("staff", {"lines.some": {"quantity.gte": 3}}, True),
    ("staff", {"lines.some": {"product": "x"}}, False),
    ("staff", {"lines.count.gte": 3}, True),
    ("staff", {"or": [{"status": "x"}, {"not": {"status": "y"}}]}, True),
    ("staff", {"or": [{"price": 1}]}, False),
    ("superuser", {"created_at": {"$now": "-7d"}}, True),
    ("superuser", {"created_at.date.year": 2024}, True),
    ("superuser", {"created_at.hour.in": [1, 2]}, True),
    ("superuser", {"price.range": [1, "2.50"]}, True),
    ("superuser", {"price.range": [1]}, False),
    ("superuser", {"seats.isnull": True}, True),
    ("superuser", {"seats.isnull": "x"}, False),
    ("superuser", {"seats.gte": None}, False),
    ("superuser", {"status.len.gte": 3}, True),
    ("superuser", {"customer.metadata.a.b": 3}, True),
    ("superuser", {"document.contains": "x"}, True),
    ("superuser", {"urgent": True}, True),
    ("superuser", {"urgent": "x"}, False),
    ("superuser", {"invoice": None}, True),
    ("superuser", {"invoice.isnull": 3}, False),
    ("superuser", {"lines.isnull": True}, False),
    ("staff", {"invoice": None}, False),
]


@pytest.mark.parametrize(("role", "filters", "good"), FILTERS, ids=str)
def test_the_schema_of_filters_says_what_is_accepted(
    role: str,
    filters: Any,
    good: bool,
    document: Render,
    bookings: None,
    django_user_model: Any,
) -> None:
    schema = component(document(role), "BookingFilters")
    assert schema.is_valid(filters) is good

    user = django_user_model(username="x", is_superuser=role == "superuser", is_staff=True)
    user.save()
    fields = "status" if role == "staff" else "id"
    result = FlexQuery("booking").execute({"fields": fields, "filters": filters}, user=user)
    assert result.ok is good, result.error


TERMS = [
    ("BookingField", "*", True),
    ("BookingField", "customer.name", True),
    ("BookingField", "customer.metadata.theme", True),
    ("BookingField", "who:customer.name", True),
    ("BookingField", "-status", True),
    ("BookingField", "price", False),
    ("BookingField", "customer.email", False),
    ("BookingOrder", "-id", True),
    ("BookingOrder", "id", False),
    ("BookingOrder", "status.nulls_last", True),
    ("BookingOrder", "lines.count", True),
    ("BookingOrder", "-lines.count", False),
    ("BookingOrder", "price", False),
]


@pytest.mark.parametrize(("name", "term", "good"), TERMS, ids=str)
def test_the_schemas_of_terms_say_what_is_accepted(
    name: str, term: str, good: bool, document: Render
) -> None:
    assert component(document("staff"), name).is_valid(term) is good


def test_a_row_has_what_a_wildcard_covers(document: Render) -> None:
    schemas = document("staff")["components"]["schemas"]
    assert schemas["Booking"]["required"] == ["id", "status"]

    row = document("authenticated")["components"]["schemas"]["BookingAdd"]["properties"]
    assert "internal_notes" not in row
    assert row["status"]["default"] == "pending"


def test_a_rate_limit_is_named(document: Render) -> None:
    lists = document("anon")["paths"]["/api/bookings/"]["get"]

    assert lists["x-rate-limit"] == {"requests": 100, "seconds": 3_600}
    assert lists["responses"]["429"] == {"$ref": "#/components/responses/TooManyRequests"}
    assert "429" not in document("anon")["paths"]["/api/"]["get"]["responses"]


def test_writes_have_the_headers_of_conditions_and_repetition(document: Render) -> None:
    found = document("superuser")
    patch = found["paths"]["/api/bookings/{key}"]["patch"]

    names = {resolved(found, one)["name"] for one in patch["parameters"]}
    assert names == {"Idempotency-Key", "If-Match", "Prefer"}
    assert {"409", "412", "422"} <= patch["responses"].keys()


def test_errors_have_their_codes(document: Render) -> None:
    responses = document("anon")["components"]["responses"]
    schema = responses["Forbidden"]["content"]["application/json"]["schema"]

    codes = schema["allOf"][1]["properties"]["code"]["enum"]
    assert {"field.denied", "filter.denied", "operation.denied"} <= {*codes}


def test_an_api_whose_replies_are_all_200_says_so(document: Render) -> None:
    found = document("superuser", ALWAYS_HTTP_200=True)

    for _, _, operation in operations(found):
        assert operation["responses"].keys() == {"200"}


@pytest.mark.exhaustive
def test_a_version_in_camel_case_is_described_in_camel_case(document: Render) -> None:
    found = document("superuser", NAMING="camel")
    query = found["components"]["schemas"]["BookingQuery"]["properties"]

    assert "orderBy" in query
    filters = component(found, "BookingFilters")
    assert filters.is_valid({"createdAt.isoYear": 2024, "customer.name.istartswith": "x"})
    assert "hasMore" in found["components"]["schemas"]["Pagination"]["properties"]


def test_who_signs_in_how(document: Render) -> None:
    session = {"type": "apiKey", "in": "cookie", "name": "sessionid"}
    settings = {"AUTHENTICATION": ["django_flex.http.authentication.SessionAuthentication"]}
    found = document("superuser", **settings)
    schemes = found["components"]["securitySchemes"]

    assert schemes["session"] == session
    assert schemes["csrfToken"]["name"].lower() == "x-csrftoken"
    assert found["paths"]["/api/bookings/"]["get"]["security"] == [{"session": []}, {}]
    assert found["paths"]["/api/bookings/"]["post"]["security"] == [
        {"session": [], "csrfToken": []},
        {},
    ]
    only = document("superuser", REQUIRE_AUTHENTICATION=True, **settings)
    assert only["paths"]["/api/bookings/"]["get"]["security"] == [{"session": []}]


class Schemeless:
    """Signs in by something that no challenge names."""

    def authenticate(self, request: object) -> None:
        return None

    def authenticate_header(self, request: object) -> None:
        return None


class Keyed(Schemeless):
    security_scheme = {"type": "apiKey", "in": "header", "name": "X-Key"}


class Tokened(Schemeless):
    def authenticate_header(self, request: object) -> Any:
        return "Token"


@pytest.mark.parametrize(
    ("classes", "names"),
    [
        ([], set()),
        ([Schemeless], set()),
        ([Keyed], {"apiKey"}),
        ([Tokened], {"token"}),
        (["django_flex.tokens.authentication.TokenAuthentication"], {"bearer"}),
    ],
    ids=str,
)
def test_the_schemes_are_those_of_the_authenticators(
    classes: list[Any], names: set[str], document: Render
) -> None:
    components = document("superuser", AUTHENTICATION=classes)["components"]

    assert components.get("securitySchemes", {}).keys() == names

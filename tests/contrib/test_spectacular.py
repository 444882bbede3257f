"""The document of drf-spectacular, with that of this API in it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest

from tests.openapi.conftest import EXPOSE
from tests.openapi.reading import references, resolved

pytest.importorskip("drf_spectacular")

from django_flex.contrib.spectacular import merge_flex


def merged(request: Any = None, *, public: bool = True, version: str = "3.1.1") -> dict[str, Any]:
    """Return what the package generates, after our hook."""
    from drf_spectacular.generators import SchemaGenerator
    from drf_spectacular.settings import patched_settings

    hook = "django_flex.contrib.spectacular.merge_flex"
    asked = {"OAS_VERSION": version, "POSTPROCESSING_HOOKS": [hook]}
    with patched_settings(asked):
        found = SchemaGenerator(patterns=[]).get_schema(request=request, public=public)
    return dict(json.loads(json.dumps(found)))


def test_what_anonymous_callers_may_do_is_in_the_public_document(configure: Any) -> None:
    configure(EXPOSE)
    found = merged()

    assert "/api/bookings/query" in found["paths"]
    assert "delete" not in found["paths"]["/api/bookings/"]
    assert "FlexBooking" in found["components"]["schemas"]
    assert all(resolved(found, {"$ref": one}) for one in references(found))


@pytest.mark.exhaustive
def test_the_document_is_valid(configure: Any) -> None:
    validation = pytest.importorskip("openapi_spec_validator")
    configure(EXPOSE, VERSIONS={"v2": {"path": "/api/v2/"}})

    assert [*validation.OpenAPIV31SpecValidator(merged()).iter_errors()] == []


@pytest.mark.exhaustive
def test_a_caller_gets_what_they_may_do(configure: Any, django_user_model: Any) -> None:
    configure(EXPOSE, REQUIRE_AUTHENTICATION=True)
    request = HttpRequest()
    request.user = django_user_model(username="x", is_superuser=True)
    document = {"openapi": "3.1.1"}

    found = merge_flex(document, None, request, public=False)
    assert "/api/customers/{key}" in found["paths"]
    assert merge_flex({"openapi": "3.1.1"}, None, None, public=True) == {"openapi": "3.1.1"}


def test_what_the_project_has_stays(configure: Any) -> None:
    configure(EXPOSE, VERSIONS={"cms": {"path": "/cms/", "DIALECT": "directus"}})
    own: dict[str, Any] = {"get": {"responses": {}}}
    document = {"openapi": "3.1.1", "paths": {"/api/bookings/": own}}

    found = merge_flex(document, None, None, public=True)
    assert found["paths"]["/api/bookings/"] == own
    assert not [path for path in found["paths"] if path.startswith("/cms/")]


def test_an_older_release_is_refused(configure: Any) -> None:
    configure(EXPOSE)

    with pytest.raises(ImproperlyConfigured, match="OAS_VERSION"):
        merged(version="3.0.3")

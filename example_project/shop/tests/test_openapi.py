"""The OpenAPI document of each of the shop's roles is valid, and served to them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from django_flex.conf import get_settings
from django_flex.http.openapi import document_of_role
from django_flex.openapi import RELEASES

ROLES = ("superuser", "managers", "agents", "customers", "anon")


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("role", ROLES)
def test_the_document_of_a_role_is_valid(role: str, release: Any) -> None:
    validation = pytest.importorskip("openapi_spec_validator")
    validators = {
        "3.1": validation.OpenAPIV31SpecValidator,
        "3.2": validation.OpenAPIV32SpecValidator,
    }
    document = json.loads(json.dumps(document_of_role(role, get_settings(), release)))

    assert [str(error) for error in validators[release](document).iter_errors()] == []


@pytest.mark.django_db
def test_visitors_get_what_the_command_prints_for_their_role() -> None:
    served = Client().get("/api/openapi.json").json()

    assert served == json.loads(json.dumps(document_of_role("anon", get_settings())))

"""Every id that ``manage.py check`` can print is provoked here, with its place and hint."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models.functions import Upper

from django_flex.checks import check_settings
from django_flex.permissions.problems import PROBLEMS

AUTHENTICATION = "django.contrib.auth.middleware.AuthenticationMiddleware"
FLEX = "django_flex.middleware.FlexQueryMiddleware"


def booking(**grant: Any) -> dict[str, Any]:
    return {"EXPOSE": {"booking": {"staff": {"ops": ["list"], "fields": ["id"], **grant}}}}


CASES = {
    "E001": ({"DEFAULT_LIMITS": 20}, "DJANGO_FLEX:", "did you mean 'DEFAULT_LIMIT'?"),
    "E002": ({"MAX_LIMIT": "many"}, "DJANGO_FLEX['MAX_LIMIT']", None),
    "E003": ({"EXPOSE": {"bookin": {}}}, "EXPOSE['bookin']", "did you mean 'booking'?"),
    "E004": (
        {"EXPOSE": {"booking": {}, "testapp.booking": {}}},
        "EXPOSE['testapp.booking']",
        None,
    ),
    "E005": (booking(filter=["id"]), "['staff']", "did you mean 'filters'?"),
    "E006": (booking(fields=["statuz"]), "['fields']", "did you mean 'status'?"),
    "E007": (booking(filters=["id.containing"]), "['filters']", "did you mean 'contains'?"),
    "E008": (booking(ops=["lists"]), "['ops']", "did you mean 'list'?"),
    "E009": (booking(fields=5), "['fields']", None),
    "E010": (
        {"EXPOSE": {"node": {"url_name": "bookings"}, "booking": {}}},
        "EXPOSE['booking']",
        "give one of them a 'url_name'",
    ),
    "E012": (booking(rows={"nothing": 1}), "['rows']", None),
    "E014": ({"ROLE_RESOLVER": "no.such.resolver"}, "['ROLE_RESOLVER']", None),
    "E015": ({"VERSIONS": {"v1": {"path": "/api/"}}}, "['VERSIONS']['v1']", None),
    "W001": (booking(filters=["customer.email"]), "['filters']", "add it to 'fields'"),
    "W002": (booking(fields=["*"]), "['fields']", "give them entries"),
    "W003": (
        {"EXPOSE": {"node": {"anon": {"ops": ["list"], "fields": ["id"]}}}},
        "EXPOSE['node']['anon']",
        "REQUIRE_AUTHENTICATION",
    ),
    "W004": (
        {"EXPOSE": {"node": {"Managers": {"ops": ["list"], "fields": ["id"]}}}},
        "EXPOSE['node']['Managers']",
        "'managers'",
    ),
    "E016": (booking(rate_limit="5/M"), "['staff']['rate_limit']", "60 for each minute"),
    "E017": (
        {"RATE_LIMIT": 60, "RATE_LIMIT_CACHE": "nowhere"},
        "CACHES['nowhere']",
        "DJANGO_FLEX['RATE_LIMIT_CACHE']",
    ),
    "E019": (
        {"EXPOSE": {"booking": {"computed": {"status": Upper("status")}}}},
        "EXPOSE['booking']['computed']['status']",
        None,
    ),
    "E020": (booking(search=["id"]), "['search']", None),
    "E021": (booking(actions={"publish": {}}), "['actions']", "list it under 'ops'"),
    "W008": (booking(search=["status"]), "['search']", "add it to 'fields'"),
    "W006": (
        {"RATE_LIMIT": 60, "RATE_LIMIT_CACHE": "local"},
        "CACHES['local']",
        "such as Redis",
    ),
    "I001": (
        {"EXPOSE": {"customer": {"staff": {"fields": ["*"], "ops": ["list"]}}, "company": {}}},
        "EXPOSE['customer']",
        "write a field's name out",
    ),
}


def messages(settings: Any, written: Any) -> dict[str, Any]:
    settings.DJANGO_FLEX = written
    return {str(message.id).removeprefix("django_flex."): message for message in check_settings()}


@pytest.mark.parametrize("identifier", CASES)
def test_a_mistake_is_named_with_its_place_and_what_would_be_right(
    identifier: str, settings: Any
) -> None:
    written, place, hint = CASES[identifier]
    found = messages(settings, written)
    beside = {"W002", "W006", "I001"}
    assert {identifier} == set(found) - beside or identifier in beside
    message = found[identifier]
    assert place in message.msg
    assert hint is None or hint in (message.hint or "")


@pytest.mark.parametrize(
    "middleware",
    [pytest.param([FLEX, AUTHENTICATION], id="before"), pytest.param([FLEX], id="without")],
)
def test_the_middleware_needs_the_one_that_sets_the_user(
    middleware: list[str], settings: Any
) -> None:
    settings.MIDDLEWARE = middleware
    found = messages(settings, {})
    assert ["E013"] == list(found)
    assert AUTHENTICATION in (found["E013"].hint or "")


def test_a_composite_primary_key_cannot_be_exposed(settings: Any, monkeypatch: Any) -> None:
    from django_flex.schema import introspection
    from tests.testapp.models import Node

    def refuse(model: Any) -> Any:
        raise introspection.UnsupportedModelError(model)

    monkeypatch.setattr(introspection, "describe", refuse)
    found = messages(settings, {"EXPOSE": {"node": {}}})
    assert ["E011"] == list(found)
    assert Node._meta.label in found["E011"].msg


def test_good_settings_have_nothing_to_say(settings: Any) -> None:
    assert {} == messages(settings, booking(filters=["id"], order_by=["-id"]))


def test_a_version_is_named(settings: Any) -> None:
    found = messages(
        settings, {"VERSIONS": {"v1": {"path": "/api/v1/", **booking(fields=["statuz"])}}}
    )
    assert "['VERSIONS']['v1']" in found["E006"].msg


def test_every_id_is_provoked() -> None:
    # E018 and W007 in tests/idempotency, E022 and W009 in tests/actions
    elsewhere = {"E011", "E013", "E018", "E022", "W007", "W009"}
    assert set(PROBLEMS) == {*CASES, *elsewhere}

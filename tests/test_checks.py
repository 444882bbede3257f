"""Every id that ``manage.py check`` can print is provoked here, with its place and hint."""

from __future__ import annotations

import types
import warnings
from typing import Any, ClassVar

import pytest
from django.db.models.functions import Upper
from django.test import modify_settings
from django.urls import include, path
from rest_framework.viewsets import ViewSet

from django_flex import FlexQueryView, flex_query
from django_flex.checks import check_settings
from django_flex.contrib.rest_framework import FlexViewSetMixin
from django_flex.middleware import FlexQueryMiddleware
from django_flex.policy.problems import PROBLEMS
from tests.review.test_review import FINDINGS
from tests.testapp.models import Node

AUTHENTICATION = "django.contrib.auth.middleware.AuthenticationMiddleware"
FLEX = "django_flex.middleware.FlexQueryMiddleware"


class NodeViewSet(FlexViewSetMixin, ViewSet):  # type: ignore[misc]  # as in any project
    """A viewset at a URL of the project's."""


def urls(patterns: list[Any]) -> Any:
    """Return a module of URL patterns."""
    module = types.ModuleType("urls")
    vars(module)["urlpatterns"] = patterns
    return module


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
        "name a field in a grant",
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


GRANT = "{'fields': ['id'], 'ops': ['get', 'list']}"
CALLER = "the caller's key is {'$user': 'id'}"
NUMBER = "a whole number of at most 64 bits"

#: What those write who know other packages: the setting, the id, and words of text and hint.
HABITS: dict[str, tuple[Any, str, str, str]] = {
    "page-size": ({"PAGE_SIZE": 20}, "E001", "'PAGE_SIZE'", "'DEFAULT_LIMIT'"),
    "authentication": (
        {"DEFAULT_AUTHENTICATION_CLASSES": []},
        "E001",
        "CLASSES'",
        "'AUTHENTICATION'",
    ),
    "throttle": ({"throttle": 60}, "E001", "'throttle'", "'RATE_LIMIT'"),
    "prefix": ({"url_prefix": "/x/"}, "E001", "'url_prefix'", "'MIDDLEWARE_PATH'"),
    "lower-case": ({"expose": {}}, "E001", "'expose'", "'EXPOSE'"),
    "far": ({"XYZZY": 1}, "E001", "'XYZZY'", "one of EXPOSE, "),
    "list-of-models": ({"EXPOSE": ["booking"]}, "E002", "['EXPOSE']", GRANT),
    "list-of-versions": ({"VERSIONS": ["v2"]}, "E002", "['VERSIONS']", "'path'"),
    "no-model": ({"EXPOSE": {"xyzzy": {}}}, "E003", "'xyzzy'", "installed app"),
    "entry-of-fields": ({"EXPOSE": {"booking": ["id"]}}, "E009", "['booking']", GRANT),
    "entry-of-a-wildcard": ({"EXPOSE": {"booking": "*"}}, "E009", "['booking']", GRANT),
    "grant-of-fields": ({"EXPOSE": {"booking": {"staff": ["id"]}}}, "E009", "['staff']", GRANT),
    "grant-of-true": ({"EXPOSE": {"booking": {"staff": True}}}, "E009", "['staff']", GRANT),
    "no-roles": (
        {"EXPOSE": {"booking": {"fields": ["id"]}}},
        "E005",
        "['booking']: 'fields'",
        "{'authenticated': {'fields': …}}",
    ),
    "rows-by-name": (booking(rows="shop.rules.own"), "E009", "['rows']", "the function itself"),
    "user": (booking(rows={"created_by": "$user"}), "E012", "'created_by': ", CALLER),
    "request-user": (booking(rows={"created_by": "request.user"}), "E012", "'created_by'", CALLER),
    "request-user-id": (booking(rows={"seats": "request.user.id"}), "E012", "'seats': ", CALLER),
    "me": (booking(rows={"created_by.in": ["me"]}), "E012", "'created_by.in': ", NUMBER),
    "condition": (booking(rows={"status": "x", "seats": "many"}), "E012", "'seats': ", NUMBER),
    "deep": (booking(rows={"or": {"seats": "many"}}), "E012", "'or.seats': ", NUMBER),
    "of-a-relation": (
        booking(rows={"lines.some": {"quantity": "y"}}),
        "E012",
        "'lines.some.quantity': ",
        NUMBER,
    ),
    "no-condition": (booking(rows={"or": {}}), "E012", "'or': An empty", "leave it out"),
}


@pytest.mark.parametrize(
    ("written", "identifier", "text", "hint"),
    [pytest.param(*case, id=name) for name, case in HABITS.items()],
)
def test_what_others_write_is_translated(
    settings: Any, written: Any, identifier: str, text: str, hint: str
) -> None:
    message = messages(settings, written)[identifier]

    assert text in message.msg
    assert hint in (message.hint or "")


def test_an_action_without_its_app_is_told_from_a_typo(settings: Any) -> None:
    needed = "for a model action, add 'django_flex.actions' to INSTALLED_APPS"
    written = booking(ops=["list", "confirm"])

    assert needed not in (messages(settings, written)["E008"].hint or "")
    without = [one for one in settings.INSTALLED_APPS if not one.startswith("django_flex.actions")]
    with modify_settings(INSTALLED_APPS={"remove": ["django_flex.actions"]}):
        assert without == list(settings.INSTALLED_APPS)
        assert needed in (messages(settings, written)["E008"].hint or "")


@pytest.mark.parametrize("written", [{}, {"EXPOSE": {}}, {"VERSIONS": {"v2": {"path": "/v2/"}}}])
def test_an_api_that_exposes_nothing_says_so(settings: Any, written: Any) -> None:
    found = messages(settings, written)

    assert ["I005"] == list(found)
    assert GRANT in (found["I005"].hint or "")
    assert {} == messages(settings, {"EXPOSE": {"node": {}}})


@pytest.mark.parametrize("name", ["DJANGOFLEX", "DJANGO_FLEXX", "DJANGO_FLEX_API", "DJANGO_FLX"])
def test_a_misspelt_name_of_the_setting_is_found(settings: Any, name: str) -> None:
    setattr(settings, name, booking())
    found = messages(settings, {})

    assert f"rename '{name}' to 'DJANGO_FLEX'" == found["I005"].hint


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
    from django_flex.schema import introspection, registry
    from tests.testapp.models import Node

    def refuse(model: Any) -> Any:
        raise introspection.UnsupportedModelError(model)

    monkeypatch.setattr(registry, "describe", refuse)
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


#: See tests/tokens/test_checks.py.
OF_TOKENS = {"E041", "E042", "W041", "W042", "W043", "W044", "W045", "W046"}
#: See tests/explorer/test_page.py.
OF_THE_EXPLORER = {"W048", "W049"}


def test_every_id_is_provoked() -> None:
    # E018 and W007 in tests/idempotency, E022 and W009 in tests/actions, I004 in tests/security,
    # E028 and W026 in tests/http, E029 in tests/memory, W027 and W028 in tests/backends,
    # W029 and W030 in tests/doors/clauses, I006 in tests/schema, E030 in tests/naming,
    # E031 in tests/keyed, W035 to W037 and I007 in tests/dynamodb/backend, W047 in tests/mcp
    elsewhere = {"E011", "E013", "E018", "E022", "W007", "W009", "I004", "E028", "E029", "W026"}
    elsewhere |= {
        "W027",
        "W028",
        "W029",
        "W030",
        "E030",
        "E031",
        "W035",
        "W036",
        "W037",
        "I007",
        "W047",
    }
    of_grants = {identifier for identifier, *_ in FINDINGS.values()} | {"E026", "W023"}
    assert set(PROBLEMS) == {
        *CASES,
        *elsewhere,
        *of_grants,
        "W024",
        "I003",
        "I005",
        "I006",
        *OF_TOKENS,
        *OF_THE_EXPLORER,
    }


def test_an_api_that_nobody_can_reach_is_told_of(settings: Any) -> None:
    settings.MIDDLEWARE = [AUTHENTICATION]
    settings.ROOT_URLCONF = urls([])
    found = messages(settings, booking())
    assert ["I003"] == list(found)
    assert "include('django_flex.urls')" in (found["I003"].hint or "")
    assert {} == messages(settings, {})


@flex_query(model=Node, allowed_fields=["id"])
def decorated(request: Any, result: Any, query_spec: Any) -> None: ...


class NodeView(FlexQueryView):
    model = Node
    flex_permissions: ClassVar[dict[str, Any]] = {"staff": {"fields": ["id"], "ops": ["list"]}}


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param(path("api/", include("django_flex.urls")), id="urls"),
        pytest.param(path("a/", include([path("b/", decorated)])), id="decorator"),
        pytest.param(path("nodes/", NodeView.as_view()), id="view"),
        pytest.param(path("nodes/", NodeViewSet.as_view({"get": "list"})), id="viewset"),
    ],
)
def test_a_url_that_leads_here_serves_it(settings: Any, pattern: Any) -> None:
    settings.MIDDLEWARE = [AUTHENTICATION]
    settings.ROOT_URLCONF = urls([pattern])
    assert {} == messages(settings, booking())


class Subclass(FlexQueryMiddleware):
    """A project's own."""


@pytest.mark.parametrize("middleware", [FLEX, f"{__name__}.Subclass"])
@pytest.mark.parametrize(("prefix", "expected"), [("api/", ["W024"]), ("v2/", []), ("ap", [])])
def test_two_doors_at_one_path(
    settings: Any, middleware: str, prefix: str, expected: list[str]
) -> None:
    settings.MIDDLEWARE = [AUTHENTICATION, middleware]
    settings.ROOT_URLCONF = urls([path(prefix, include("django_flex.urls"))])
    assert expected == list(messages(settings, booking()))


def test_the_middleware_warns_where_the_app_is_not_installed() -> None:
    with (
        modify_settings(INSTALLED_APPS={"remove": ["django_flex"]}),
        pytest.warns(RuntimeWarning, match="'django_flex' is not in INSTALLED_APPS"),
    ):
        FlexQueryMiddleware(lambda request: None)  # type: ignore[arg-type,return-value]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        FlexQueryMiddleware(lambda request: None)  # type: ignore[arg-type,return-value]

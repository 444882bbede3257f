"""A mistake in the settings that may have narrowed something lets nothing through."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import Q

from django_flex import FlexQuery
from django_flex.checks import check_settings
from django_flex.conf import get_settings
from tests.testapp.models import Booking

pytestmark = pytest.mark.usefixtures("bookings")
FULL = {
    "fields": "*",
    "filters": "*",
    "ops": ["get", "list", "add", "edit", "delete", "bulk_edit", "bulk_delete"],
}
#: Keys of a grant that narrow what the others give, with a typing error.
NARROWING: dict[str, Any] = {
    "rows": {"row": {"id": 1}},
    "exclude": {"exclude": ["internal_note"]},
    "exclude-key": {"excludes": ["internal_notes"]},
    "check": {"chek": {"id": 1}},
    "limits": {"limt": {"max_limit": 1}},
    "min_group": {"min_grp": 5},
    "write_fields": {"writefields": []},
    "rate_limit": {"ratelimit": 1},
    "key": {1: 2},
}
ENTRY: dict[str, Any] = {
    "queryset": {"query_set": lambda user: Booking.objects.none()},
    "exclude": {"exclude": ["internal_note"]},
    "exclude-key": {"exlude": ["internal_notes"]},
    "hooks": {"hoks": {"before_add": print}},
    "form_class": {"form_clas": "tests.no.form"},
    "rows-of-a-role": {"rows": {"id": 1}},
    "rate_limit": {"rate_limits": {"list": 60}},
    "rate_limit-in-capitals": {"RATE_LIMIT": {"list": 60}},
    "exclude-in-capitals": {"EXCLUDE": ["internal_note"]},
}


def listed(user: Any = None) -> list[int]:
    result = FlexQuery("booking").execute({"shape": "list"}, user=user)
    return [row["id"] for row in result.to_dict().get("results", [])]


def errors() -> set[str]:
    return {str(message.id) for message in check_settings() if message.level >= 40}


@pytest.mark.parametrize("name", NARROWING)
def test_a_grant_with_a_key_that_is_not_known_denies(configure: Any, name: str) -> None:
    configure({"booking": {"anon": FULL}})
    assert 6 == len(listed())
    configure({"booking": {"anon": {**FULL, **NARROWING[name]}}})
    assert [] == listed()
    assert errors() <= {"django_flex.E005", "django_flex.E006"}
    assert errors()


@pytest.mark.parametrize("name", ENTRY)
def test_an_entry_with_a_key_that_is_not_known_denies(configure: Any, name: str) -> None:
    configure({"booking": {"anon": FULL, **ENTRY[name]}})
    assert [] == listed()
    assert errors() <= {"django_flex.E005", "django_flex.E006"}
    assert errors()


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(60, id="rate"),
        pytest.param("60/min", id="rate-as-text"),
        pytest.param(lambda user: Q(pk=1), id="callable"),
        pytest.param(["internal_note"], id="list"),
    ],
)
def test_an_entry_with_a_value_that_is_no_grant_denies(configure: Any, written: Any) -> None:
    configure({"booking": {"anon": FULL, "throttle": written}})
    assert [] == listed()
    assert {"django_flex.E009"} == errors()


@pytest.mark.parametrize(
    ("part", "spec"),
    [
        pytest.param(
            {"edit": {"row": {"id": 2}}}, {"_action": "edit", "id": 1, "seats": 5}, id="edit"
        ),
        pytest.param(
            {"add": {"chek": {"id": 2}}}, {"_action": "add", "customer": 1, "seats": 5}, id="add"
        ),
        pytest.param(
            {"edit": {"filds": ["seats"]}},
            {"_action": "bulk_edit", "filters": {}, "_set": {"seats": 5}},
            id="bulk-edit",
        ),
        pytest.param({"delete": {"row": {"id": 2}}}, {"_action": "delete", "id": 6}, id="delete"),
    ],
)
def test_an_operation_with_a_key_that_is_not_known_denies(
    configure: Any, part: dict[str, Any], spec: dict[str, Any]
) -> None:
    configure({"booking": {"anon": {**FULL, **part}}})
    before = list(Booking.objects.order_by("pk").values())
    assert 6 == len(listed())
    assert 401 == FlexQuery("booking").execute(spec).status_code
    assert before == list(Booking.objects.order_by("pk").values())


def test_a_hook_that_is_not_known_vetoes_every_write(configure: Any) -> None:
    configure({"booking": {"anon": FULL, "hooks": {"befor_add": print}}})
    result = FlexQuery("booking").execute({"_action": "add", "customer": 1})
    assert (403, 6) == (result.status_code, Booking.objects.count())


@pytest.mark.parametrize(
    "written",
    [
        pytest.param({"GUARDED_FIELDS": "status"}, id="wrong-type"),
        pytest.param({"EXTRA_GUARDED_FIELDS": ["status", 1]}, id="wrong-item"),
        pytest.param({"GUARDED_FIELD": ["status"]}, id="typing-error"),
        pytest.param({"EXTRA_GUARDED": ["status"]}, id="shortened"),
    ],
)
def test_without_a_list_of_guarded_names_no_wildcard_covers_anything(
    configure: Any, written: dict[str, Any]
) -> None:
    configure({"booking": {"anon": {**FULL, "fields": ["*", "seats"]}}}, **written)
    result = FlexQuery("booking").execute({"_id": 1})
    assert {"seats"} == result.to_dict().keys()
    assert errors() <= {"django_flex.E001", "django_flex.E002"}


@pytest.mark.parametrize(
    "written",
    [
        pytest.param({"ROLE_RESOLVER": 5}, id="resolver-of-the-wrong-type"),
        pytest.param({"ROLE_RESOLVER": ".roles.resolve"}, id="resolver-by-a-relative-path"),
        pytest.param({"ROLE_RESOLVR": lambda user, model: None}, id="resolver-with-a-typing-error"),
    ],
)
def test_without_the_resolver_nobody_has_a_role(configure: Any, written: dict[str, Any]) -> None:
    configure({"booking": {"authenticated": FULL}}, **written)
    assert [] == listed(User.objects.create_user("ann"))


def test_a_resolver_that_is_right_gives_roles(configure: Any) -> None:
    configure({"booking": {"x": FULL}}, ROLE_RESOLVER=lambda user, model: ("x", Q(id=1)))
    assert [1] == listed()


@pytest.mark.parametrize(
    "written",
    [
        pytest.param({"AUTHENTICATION": "shop.Tokens"}, id="wrong-type"),
        pytest.param({"AUTHENTICATIONS": ["shop.Tokens"]}, id="typing-error"),
    ],
)
def test_without_its_authenticators_everybody_is_anonymous(
    configure: Any, written: dict[str, Any]
) -> None:
    configure({}, **written)
    assert () == get_settings().authentication


@pytest.mark.parametrize(
    "written",
    [
        pytest.param({"RATE_LIMIT": "60/min"}, id="unreadable"),
        pytest.param({"RATE_LIMT": 60}, id="typing-error"),
        pytest.param({"rate_limit": 60}, id="small-letters"),
    ],
)
def test_without_the_rate_limit_nobody_passes(configure: Any, written: dict[str, Any]) -> None:
    configure({"booking": {"anon": FULL}}, **written)
    assert 429 == FlexQuery("booking").execute({}).status_code
    assert errors() <= {"django_flex.E001", "django_flex.E016"}


@pytest.mark.parametrize(
    "written",
    [
        pytest.param({"MIN_ACTION_STATUS": "production"}, id="unreadable"),
        pytest.param({"MIN_ACTON_STATUS": "prod"}, id="typing-error"),
    ],
)
def test_without_the_least_status_only_finished_actions_are_there(
    configure: Any, written: dict[str, Any]
) -> None:
    configure({}, **written)
    assert "prod" == get_settings().actions.min_status


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param({}, 200, id="inherited"),
        pytest.param({"EXPSE": {}}, 404, id="expose-with-a-typing-error"),
        pytest.param({"expose": {}}, 404, id="expose-in-small-letters"),
        pytest.param({"REQUIRE_AUTH": True}, 401, id="authentication-shortened"),
        pytest.param({"require_authentication": True}, 401, id="authentication-in-small-letters"),
    ],
)
def test_a_version_does_not_inherit_what_it_meant_to_narrow(
    configure: Any, written: dict[str, Any], expected: int
) -> None:
    versions = {"v1": {"path": "/api/v1/", **written}}
    configure({"booking": {"anon": FULL}}, REQUIRE_AUTHENTICATION=False, VERSIONS=versions)
    assert expected == FlexQuery("booking", version="v1").execute({}).status_code


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("READ_TIMEOUT", float("inf"), id="endless"),
        pytest.param("READ_TIMEOUT", float("nan"), id="no-number"),
        pytest.param("READ_TIMEOUT", 10**9, id="more-milliseconds-than-there-are"),
        pytest.param("MAX_LIMIT", 10**30, id="limit-of-no-database"),
        pytest.param("MAX_OFFSET", 10**30, id="offset-of-no-database"),
    ],
)
def test_numbers_that_no_database_takes_are_not_used(configure: Any, name: str, value: Any) -> None:
    configure({"booking": {"anon": FULL}}, **{name: value})
    asked = {"limit": 10**20, "offset": 0}
    assert 200 == FlexQuery("booking").execute(asked).status_code
    assert {"django_flex.E002"} == errors()

"""Grants of views: compiled once, forgotten with the settings."""

from __future__ import annotations

from typing import Any

from django_flex.conf import get_settings
from django_flex.http.view_policy import ViewGrants, view_door
from tests.testapp.models import Booking


def grants(**options: Any) -> ViewGrants:
    written = {"anon": {"fields": ["id"], "ops": ["list"]}}
    return ViewGrants(model=Booking, permissions=written, place="TheView", **options)


def test_policy_is_compiled_once_for_the_same_settings(configure) -> None:
    configure({})
    same = grants()

    assert view_door(get_settings(), same).entry is view_door(get_settings(), same).entry


def test_policy_is_compiled_again_when_the_settings_change(configure) -> None:
    same = grants()
    configure({})
    before = view_door(get_settings(), same).entry
    configure({"customer": {"anon": "*"}})

    assert before is not view_door(get_settings(), same).entry


def test_other_entries_stay_as_they_are(configure) -> None:
    configure({"customer": {"anon": "*"}, "booking": {"staff": "*"}})
    policy = view_door(get_settings(), grants()).policy

    assert {"booking": ["anon"], "customer": ["anon"]} == {
        entry.name: [*entry.grants] for entry in policy.entries.values()
    }


def test_view_may_ask_for_less_or_more_identity(configure) -> None:
    configure({}, REQUIRE_AUTHENTICATION=True)

    assert view_door(get_settings(), grants()).settings.require_authentication
    assert not view_door(get_settings(), grants(require_auth=False)).settings.require_authentication


def test_actions_have_synonyms(configure) -> None:
    configure({})
    given = grants(actions=["query", "update"])

    assert frozenset({"list", "edit"}) == view_door(get_settings(), given).actions
    assert view_door(get_settings(), grants()).actions is None


def test_mistake_in_a_view_is_logged_and_denies(configure, caplog) -> None:
    configure({})
    broken = ViewGrants(
        model=Booking, permissions={"anon": {"fields": ["nothing"], "ops": ["list"]}}, place="Odd"
    )
    door = view_door(get_settings(), broken)

    assert door.entry is not None
    assert not door.entry.grants["anon"].fields
    assert "'nothing' does not exist on testapp.booking" in caplog.text

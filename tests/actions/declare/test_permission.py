"""Who may run an action: only what a grant lists, and only on the rows that it names."""

from __future__ import annotations

from typing import Any

import pytest

from django_flex.actions import action
from django_flex.actions.models import ActionEvent
from tests.testapp.models import Booking


def test_a_wildcard_grants_no_action(door, settings) -> None:
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": {"booking": {"anon": "*"}}}

    assert door.run("nonsense", 2).body["error"] == door.run("confirm", 2).body["error"]
    assert "pending" == Booking.objects.get(pk=2).status


@pytest.mark.parametrize("ops", ["*", ["*"], ["actions.*"], []])
def test_a_wildcard_under_ops_grants_no_action(rest, settings, ops) -> None:
    role = {"fields": "*", "ops": ops}
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": {"booking": {"anon": role}}}

    assert 404 == rest.run("confirm", 2).status


def test_rows_of_an_action_narrow_those_of_the_role(door, grant) -> None:
    grant("confirm", "approve", actions={"approve": {"rows": {"urgent": True}}})

    assert (404, 200, 200) == (
        door.run("approve", 2).status,
        door.run("approve", 6).status,
        door.run("confirm", 2).status,
    )


@pytest.mark.parametrize(
    "rows",
    [lambda user: None, lambda user: 1 / 0, {"no_such": 1}, "", []],
    ids=["nothing", "raises", "broken", "empty-text", "empty-list"],
)
def test_a_rule_that_fails_denies_the_action(rest, grant, rows) -> None:
    grant("confirm", actions={"confirm": {"rows": rows}})

    assert 404 == rest.run("confirm", 2).status
    assert "pending" == Booking.objects.get(pk=2).status


@pytest.mark.parametrize("narrowed", [[], "confirm", {"confirm": {"row": "*"}}, {"confirm": 5}])
def test_a_narrowing_that_cannot_be_read_denies_the_action(rest, grant, narrowed) -> None:
    grant("confirm", actions=narrowed)

    assert 404 == rest.run("confirm", 2).status


def test_a_permission_of_its_own_holds_beside_the_grant(door, grant, user) -> None:
    @action(Booking, permission="testapp.change_booking")
    def guarded(ctx: Any, booking: Booking) -> None: ...

    @action(Booking, permission=lambda who: who.username == "vera")
    def personal(ctx: Any, booking: Booking) -> None: ...

    @action(Booking, permission=lambda who: 1 / 0)
    def broken(ctx: Any, booking: Booking) -> None: ...

    grant("guarded", "personal", "broken")

    unknown = door.run("nonsense", 2, user=user)
    assert unknown.body["error"] == door.run("guarded", 2, user=user).body["error"]
    assert 200 == door.run("personal", 2, user=user).status
    assert unknown.body["error"] == door.run("personal", 2).body["error"]
    assert unknown.body["error"] == door.run("broken", 2, user=user).body["error"]


def test_the_role_of_the_caller_decides(door, settings, user) -> None:
    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "EXPOSE": {
            "booking": {
                "authenticated": {"fields": ["status"], "ops": ["get", "confirm"]},
                "anon": {"fields": ["status"], "ops": ["get"]},
            }
        },
    }

    assert 200 == door.run("confirm", 2, user=user).status
    assert "authenticated" == ActionEvent.objects.get().role
    assert door.run("nonsense", 2).body["error"] == door.run("confirm", 2).body["error"]


def test_a_rate_limit_of_an_action_is_its_own(rest, grant, settings) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": "test_a_rate_limit_of_an_action",
        }
    }
    grant("confirm", "approve", actions={"confirm": {"rate_limit": "1/h"}})

    statuses = [rest.run("confirm", 2).status, rest.run("confirm", 2).status]

    assert [200, 429] == statuses
    assert "RateLimit" not in rest.run("approve", 6).headers


def test_a_rate_limit_tells_nothing_of_actions_that_are_not_granted(rest, grant, settings) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": "test_a_rate_limit_tells_nothing",
        }
    }
    grant(flex={"RATE_LIMIT": {"confirm": "1/h", "default": "50/h"}})

    known, unknown = rest.run("confirm", 2), rest.run("nonsense", 2)

    assert (404, 404) == (known.status, unknown.status)
    assert '"actions";q=50;w=3600' == known.headers["RateLimit-Policy"]
    assert known.headers["RateLimit-Policy"] == unknown.headers["RateLimit-Policy"]


def test_code_may_say_that_it_bypasses_permissions(settings, bookings) -> None:
    from django_flex.actions import FlexAction

    settings.DJANGO_FLEX = {"EXPOSE": {"booking": {}}}

    assert FlexAction(Booking, "confirm").execute(pk=2).status_code == 401
    free = FlexAction(Booking, "confirm").unrestricted().execute(pk=2)
    assert (200, "confirmed") == (free.status_code, free.data["status"])
    by_name = FlexAction("booking", "approve").unrestricted().execute(pk=6)
    assert 200 == by_name.status_code


def test_a_view_serves_the_actions_that_it_lists(settings, bookings) -> None:
    import json

    from django.test import Client
    from django.urls import path

    from django_flex import FlexQueryView
    from tests.doors.fronts import MIDDLEWARE, Urls

    class TheView(FlexQueryView):
        model = Booking
        flex_permissions = {"anon": {"fields": ["status"], "ops": ["get", "confirm", "approve"]}}
        allowed_actions = ("get", "confirm")
        require_auth = False

    settings.MIDDLEWARE = MIDDLEWARE
    settings.ROOT_URLCONF = Urls(path("own/", TheView.as_view()))

    def post(name: str) -> Any:
        body = json.dumps({"_action": name, "_id": 6})
        return Client().post("/own/", body, content_type="application/json")

    assert {"status": "confirmed"} == post("confirm").json()
    assert post("nonsense").json()["error"] == post("approve").json()["error"]
    assert 400 == post("approve").status_code


def test_an_action_does_not_go_into_a_batch(rest, grant) -> None:
    grant("confirm")

    batch = [{"_model": "booking", "_action": "confirm", "_id": 2}]
    reply = rest.request("POST", "/api/", {"_batch": batch})

    assert (400, "There is no such action") == (reply.status, reply.body["error"])


def test_an_inherited_action_is_one_of_the_child_too(rest, settings) -> None:
    from tests.testapp.models import Customer, VipCustomer

    @action(Customer)
    def greet(ctx: Any, customer: Customer) -> dict[str, str]:
        return {"hello": customer.name}

    role = {"fields": ["name"], "ops": ["get", "greet"]}
    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "EXPOSE": {"vipcustomer": {"anon": role}},
    }
    vip = VipCustomer.objects.create(name="Ada", **vip_columns())

    assert {"hello": "Ada"} == rest.run("greet", vip.pk, model="vipcustomer").body


def vip_columns() -> dict[str, Any]:
    return {}

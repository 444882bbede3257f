"""The model actions of a role, described without a caller who has it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User

from django_flex.access.actor import Actor
from django_flex.access.roles import resolve_grant
from django_flex.actions import ActionContext, action
from django_flex.actions.declare.registry import registry
from django_flex.actions.run.describing import actions_of_role
from django_flex.conf import get_settings
from django_flex.describe import ActionDescription, describe_role
from django_flex.http.actions import describer
from tests.testapp.models import Booking, Customer

FIELDS = {"fields": ["id"], "ops": ["get"]}
EXPOSE = {
    "booking": {
        "anon": FIELDS,
        "authenticated": {**FIELDS, "ops": ["get", "close", "signed", "asked", "draft"]},
        "staff": {
            **FIELDS,
            "ops": ["close", "shift"],
            "actions": {"shift": {"input": ["day"], "rows": {"seats": 1}}},
        },
    },
    "customer": {"authenticated": {"fields": ["id"], "ops": ["get", "greet"]}},
}


def never(_user: Any) -> bool:
    raise AssertionError


@pytest.fixture(autouse=True)
def project(settings: Any) -> Iterator[None]:
    settings.DJANGO_FLEX = {"EXPOSE": EXPOSE, "MIN_ACTION_STATUS": "beta"}
    with registry.isolated():

        @action(Booking)
        def close(ctx: ActionContext, booking: Booking, why: str = "") -> None: ...

        @action(Booking)
        def shift(ctx: ActionContext, booking: Booking, day: int, room: str) -> None: ...

        @action(Booking, permission="testapp.sign_booking")
        def signed(ctx: ActionContext, booking: Booking) -> None: ...

        @action(Booking, permission=never)
        def asked(ctx: ActionContext, booking: Booking) -> None: ...

        @action(Booking, status="alpha")
        def draft(ctx: ActionContext, booking: Booking) -> None: ...

        @action(Customer, scope="collection")
        def greet(ctx: ActionContext, word: str) -> None: ...

        yield


def described(role: str, model: str = "booking") -> dict[str, ActionDescription]:
    settings = get_settings()
    entry = settings.policy.names[model]
    found = describe_role(
        settings.policy, role, entry, settings.limits, actions=actions_of_role(settings)
    )
    return {} if found is None else {one.id: one for one in found.summary.actions}


@pytest.mark.parametrize(
    ("role", "model", "expected"),
    [
        ("anon", "booking", set()),
        ("authenticated", "booking", {"close", "signed", "asked"}),
        ("staff", "booking", {"close", "shift"}),
        ("authenticated", "customer", {"greet"}),
        # What everybody may do who has signed in.
        ("nobody", "customer", {"greet"}),
    ],
)
def test_each_role_has_the_actions_that_it_is_granted(
    role: str, model: str, expected: set[str]
) -> None:
    assert expected == described(role, model).keys()


def test_an_action_with_a_permission_of_its_own_says_so_and_asks_nobody() -> None:
    found = described("authenticated")

    assert {"close": False, "signed": True, "asked": True} == {
        name: one.needs_permission for name, one in found.items()
    }


def test_only_the_inputs_that_a_role_may_send_are_described() -> None:
    moved, closed = described("staff")["shift"], described("staff")["close"]

    assert (["day"], ["day"]) == (
        [*moved.input["properties"]],
        [one["name"] for one in moved.fields],
    )
    assert ["why"] == [one["name"] for one in closed.fields]


def test_a_role_is_described_as_a_caller_with_it_is() -> None:
    """But for what only a caller has: the permissions of actions, and the door."""
    settings = get_settings()
    policy = settings.policy
    entry = policy.names["booking"]
    actor = Actor(User(pk=1, is_staff=True))
    of_caller = describer(actor, settings, policy)(entry, resolve_grant(policy, entry, actor))

    assert {one.id for one in of_caller} == described("staff").keys()

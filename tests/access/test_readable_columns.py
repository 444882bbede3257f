"""Columns that may be read are found once for the grants that decide it, and for no others."""

from __future__ import annotations

import gc
from typing import Any
from weakref import ref

import pytest
from django.contrib.auth.models import User

from django_flex.access import readable_columns
from django_flex.access.actor import Actor
from django_flex.access.hints import field_hint, readable_names
from django_flex.access.reach import Access
from django_flex.access.roles import resolve_grant
from django_flex.policy.compile.entries import compile_policy
from django_flex.policy.model import Policy
from django_flex.query.limits import Limits
from django_flex.schema.paths import ResolvedPath

EVERYTHING = {"fields": "*", "ops": ["list"]}
#: Everybody has the same grant on bookings, and another one on the customers behind them.
EXPOSE: dict[str, Any] = {
    "booking": {"authenticated": EVERYTHING, "anon": EVERYTHING},
    "customer": {
        "staff": EVERYTHING,
        "authenticated": {"fields": ["name"], "ops": ["list"]},
    },
}


def compiled(expose: dict[str, Any] = EXPOSE) -> Policy:
    return compile_policy(expose)[0]


def access_of(policy: Policy, *, is_staff: bool = False) -> Access:
    actor = Actor(User(username="x", is_staff=is_staff))
    actor._groups = ()
    entry = policy.names["booking"]
    granted = resolve_grant(policy, entry, actor)
    assert granted.grant is not None
    return Access(policy, actor, entry, granted.grant, Limits())


def behind(access: Access) -> set[str]:
    """Return the columns of the customer that are named to a caller."""
    names = readable_names(access)
    return {name for name in names if name.startswith("customer.")}


@pytest.mark.parametrize("order", [(True, False, True), (False, True, False)])
def test_callers_with_one_grant_here_and_two_behind_have_their_own(order: tuple[bool, ...]) -> None:
    policy = compiled()
    found = {is_staff: behind(access_of(policy, is_staff=is_staff)) for is_staff in order}

    assert found[False] == {"customer.name"}
    assert {"customer.name", "customer.email"} <= found[True]
    assert field_hint("customer.emial", access_of(policy)) != field_hint(
        "customer.emial", access_of(policy, is_staff=True)
    )


def test_a_model_without_entry_is_not_one_without_a_role() -> None:
    unlisted = compiled({"booking": EXPOSE["booking"]})
    closed = compiled({**EXPOSE, "customer": {"staff": EVERYTHING}})

    assert "customer.email" in behind(access_of(unlisted))
    assert behind(access_of(closed)) == set()


def test_each_column_is_judged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = compiled()
    judged: list[str] = []
    original = Access.readable

    def readable(self: Access, target: ResolvedPath) -> bool:
        judged.append(".".join(target.canonical))
        return original(self, target)

    monkeypatch.setattr(Access, "readable", readable)
    first = readable_names(access_of(policy))
    once = list(judged)

    assert "customer.email" in once
    assert len(set(once)) == len(once)
    assert readable_names(access_of(policy)) == first
    assert judged == once


def test_they_are_dropped_with_their_grants() -> None:
    access = access_of(compiled())
    readable_names(access)
    grant = ref(access.grant)
    assert grant() in readable_columns._cache._answers

    del access
    gc.collect()

    assert grant() is None

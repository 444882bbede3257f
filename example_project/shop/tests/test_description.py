"""What the API says that each of the shop's roles may do is what they may do."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser, User

from django_flex.access.actor import Actor
from django_flex.conf import get_settings
from django_flex.describe import describe_model, describe_role
from django_flex.query.limits import Limits
from tests.describe.proving import Gate, differences, differences_of_writes

#: Superusers have what managers have.
ROLES = ("managers", "agents", "customers", "anon")
POLICY = get_settings().policy
CASES = [(entry.name, role) for entry in POLICY.entries.values() for role in ROLES]
IDS = ["-".join(case) for case in CASES]


def caller(role: str) -> Actor:
    """Return somebody with a role, whom no database knows."""
    if role == "anon":
        return Actor(AnonymousUser())
    actor = Actor(User(pk=1, username=role))
    actor._groups = (role,)
    return actor


@pytest.fixture(autouse=True)
def no_hints(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let refusals be quick: what was probably meant takes longer than to refuse."""
    monkeypatch.setattr("django_flex.access.hints.nearest", lambda *_: None)


@pytest.mark.parametrize(("name", "role"), CASES, ids=IDS)
def test_a_description_is_what_the_gate_lets_through(name: str, role: str) -> None:
    gate = Gate(POLICY, caller(role), POLICY.names[name], Limits(max_relation_depth=1))

    assert differences(gate) == []


@pytest.mark.parametrize(("name", "role"), CASES, ids=IDS)
def test_described_inputs_are_what_a_write_takes(name: str, role: str) -> None:
    gate = Gate(POLICY, caller(role), POLICY.names[name], Limits())

    assert differences_of_writes(gate) == []


@pytest.mark.parametrize(("name", "role"), CASES, ids=IDS)
def test_a_role_is_described_without_a_caller(name: str, role: str) -> None:
    entry = POLICY.names[name]

    assert describe_role(POLICY, role, entry, Limits()) == describe_model(
        POLICY, caller(role), entry, Limits()
    )

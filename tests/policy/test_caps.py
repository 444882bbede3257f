"""Caps of one role: they hold in place of the version's, and broken ones deny."""

from __future__ import annotations

from typing import Any

import pytest

from django_flex import FlexQuery
from django_flex.conf import get_settings
from tests.doors.fronts import EVERYTHING

pytestmark = pytest.mark.usefixtures("bookings")


@pytest.fixture
def ask(configure: Any) -> Any:
    """Ask under a grant with caps."""

    def send(limits: Any, **spec: Any) -> Any:
        grant = {**EVERYTHING, "ops": ["list", "add"], "limits": limits}
        configure({"booking": {"anon": grant}, "customer": {"anon": "*"}})
        return FlexQuery("booking").execute(spec)

    return send


def test_a_role_has_a_smaller_page(ask: Any) -> None:
    assert 2 == len(ask({"max_limit": 2}, limit=100).data["results"])
    assert 6 == len(ask({"max_limit": 300}, limit=100).data["results"])


CAPPED: dict[str, tuple[int, dict[str, Any]]] = {
    "max_conditions": (1, {"filters": {"id": 1, "status": "x"}}),
    "max_fields": (1, {"fields": "id,status"}),
    "max_offset": (0, {"offset": 1}),
    "max_relation_depth": (0, {"fields": "customer.name"}),
    "max_text_length": (3, {"filters": {"status": "long"}}),
    "max_items": (1, {"_action": "add", "_items": [{"customer": 1}, {"customer": 1}]}),
}


@pytest.mark.parametrize("name", CAPPED)
def test_each_cap_of_a_role_holds(ask: Any, name: str) -> None:
    cap, spec = CAPPED[name]
    assert "query.limit" == ask({name: cap}, **spec).error.code
    assert ask({"max_limit": 3}, **spec).ok


@pytest.mark.parametrize(
    ("limits", "identifier"),
    [
        (3, "E009"),
        ({}, "E009"),
        ({"max_limits": 3}, "E005"),
        ({"max_limit": "3"}, "E009"),
        ({"max_limit": 0}, "E009"),
        ({"max_limit": True}, "E009"),
        ({"read_timeout": -1}, "E009"),
        ({"max_body_bytes": 10}, "E005"),
    ],
)
def test_broken_caps_deny_and_are_reported(ask: Any, limits: Any, identifier: str) -> None:
    assert 401 == ask(limits).status_code
    found = [p for p in get_settings().problems if "['limits']" in p.place]
    assert [identifier] == [problem.id for problem in found]

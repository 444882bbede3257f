"""Model actions: which rules restrict them, in a matrix and where a request is explained."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from django_flex.actions.declare.registry import registry
from django_flex.conf import get_settings
from django_flex.http.actions import actions_of
from django_flex.matrix import make_matrix
from tests.actions import handlers
from tests.why.test_why import why

PLACE = "EXPOSE['booking']['anon']"
EXPOSE: dict[str, Any] = {
    "booking": {
        "anon": {
            "fields": ["id"],
            "ops": ["list", "confirm"],
            "actions": {"confirm": {"rows": {"status": "pending"}, "input": ["note"]}},
        }
    }
}


@pytest.fixture(autouse=True)
def entries(configure: Any) -> Iterator[None]:
    with registry.isolated():
        handlers.register()
        configure(EXPOSE)
        yield


def test_an_action_is_opened_with_its_inputs_and_rows() -> None:
    settings = get_settings()
    matrix = make_matrix(settings.policy, settings.limits, actions=actions_of(settings))
    cell = matrix.models["booking"]["anon"]
    (found,) = [one for one in cell.openings if one.clause == "action"]

    assert (found.path, found.values, found.by) == (
        "confirm",
        ("note",),
        (f"{PLACE}['ops']: 'confirm'",),
    )
    assert cell.rules == {"rows": "all", "actions.confirm.rows": "{'status': 'pending'}"}


@pytest.mark.parametrize(("key", "verdict"), [(1, "hides it"), (2, "lets it pass")])
def test_the_rule_of_an_action_is_tried(bookings: None, key: int, verdict: str) -> None:
    found = why("POST", f"/api/bookings/{key}/actions/confirm/", "{}")

    assert found.row is not None
    assert found.row.lines == (
        "there is such a row",
        f"{PLACE}['actions']['confirm']['rows'] {verdict}: {{'status': 'pending'}}",
    )
    assert found.outcome.startswith("refused with 404" if key == 1 else "allowed")
    assert handlers.RAN == []


def test_an_action_that_is_not_granted_is_told(bookings: None) -> None:
    found = why("POST", "/api/bookings/1/actions/typed/", "{}")

    assert found.outcome.startswith("refused with 404")
    assert found.grant == f"{PLACE}['ops']: add 'typed'"

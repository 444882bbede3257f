"""Pages whose rule compares with something else than when their cursor was made."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from django_flex.dynamodb.transport import current_transport, override_transport
from tests.dynamodb.backend.conftest import GRANT
from tests.dynamodb.faults import FaultTransport
from tests.dynamodb.models import Play

pytestmark = pytest.mark.exhaustive


@pytest.fixture(autouse=True)
def plays(api: Client) -> None:
    Play.objects.bulk_create(
        [
            Play(listener=name, moment=n, device="phone", plays=n)
            for name in ("ada", "bob", "cy")
            for n in range(6)
        ],
        mode="batch",
    )


def expose(settings: Any, rows: dict[str, Any]) -> None:
    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "EXPOSE": {"play": {"anon": {**GRANT, "rows": rows}}},
    }


def ask(api: Client, query: dict[str, Any]) -> tuple[int, Any]:
    body = {"_action": "list", "fields": "pk", **query}
    found = api.post("/api/play/", body, content_type="application/json")
    return found.status_code, found.json()


def following(api: Client, settings: Any, rules: list[dict[str, Any]], order: str) -> Any:
    """Return the second page, under the second rule, and the requests for it."""
    expose(settings, rules[0])
    _, first = ask(api, {"order_by": order, "limit": 2, "cursor": True})
    expose(settings, rules[1])
    transport = FaultTransport(inner=current_transport())
    with override_transport(transport):
        status, found = ask(api, first["pagination"]["next"])
    return status, found, [parameters for _, parameters in transport.sent]


@pytest.mark.parametrize(
    ("rules", "order", "expected"),
    [
        (
            [{"listener": "ada"}, {"listener": "ada", "moment.gte": 4}],
            "moment",
            ["ada~4", "ada~5"],
        ),
        (
            [{"listener": "ada"}, {"listener": "ada", "moment.lte": 1}],
            "-moment",
            ["ada~1", "ada~0"],
        ),
        ([{"listener": "ada"}, {"listener": "ada", "moment.gt": 4}], "-moment", []),
        ([{"listener": "ada"}, {"listener": "ada", "moment.lt": 1}], "moment", []),
        ([{"listener": "ada"}, {"listener": "cy"}], "moment", ["cy~0", "cy~1"]),
        ([{"listener": "cy"}, {"listener": "ada"}], "moment", []),
        (
            [{"listener.in": ["ada", "bob"]}, {"listener.in": ["bob", "cy"], "moment.gte": 3}],
            "moment",
            ["bob~3", "cy~3"],
        ),
    ],
    ids=["up", "down", "gone-down", "gone-up", "later-hash", "earlier-hash", "merged"],
)
def test_a_page_begins_inside_of_what_the_rule_now_allows(
    api: Client, settings: Any, rules: list[dict[str, Any]], order: str, expected: list[str]
) -> None:
    status, found, sent = following(api, settings, rules, order)

    assert (200, expected) == (status, [*found["results"]])
    # DynamoDB refuses a start outside of the conditions; not every emulator does.
    assert not [one for one in sent if "ExclusiveStartKey" in one]


@pytest.mark.parametrize("way", [1, -1], ids=["to-the-table", "to-the-index"])
def test_a_place_in_another_index_is_no_cursor_here(api: Client, settings: Any, way: int) -> None:
    both: list[dict[str, Any]] = [{"device": "phone", "plays.gte": 0}, {"listener": "ada"}]
    rules = both[::way]
    expose(settings, rules[0])
    _, first = ask(api, {"limit": 2, "cursor": True})
    expose(settings, rules[1])
    transport = FaultTransport(inner=current_transport())
    with override_transport(transport):
        status, found = ask(api, first["pagination"]["next"])

    assert (400, "query.cursor") == (status, found["code"])
    assert [] == transport.operations

"""What a query would send, without sending it."""

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
def _granted(api: Client, settings: Any) -> None:
    grant = {**GRANT, "ops": ["get", "list", "explain"], "rows": {"size": 7}}
    expose = {"play": {"anon": grant}, "account": {"anon": GRANT}}
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": expose}


def explained(api: Client, model: str = "play", **query: Any) -> tuple[int, Any]:
    body = {"_action": "list", "fields": "moment", "explain": True, **query}
    transport = FaultTransport(inner=current_transport())
    with override_transport(transport):
        response = api.post(f"/api/{model}/", body, content_type="application/json")
    assert [] == transport.sent or query.get("explain") == "analyze"
    return response.status_code, response.json()


@pytest.mark.parametrize(
    ("query", "text", "parameters", "said"),
    [
        (
            {"filters": {"listener": "a"}},
            "QUERY play KEY listener = %s FILTER size = %s",
            2,
            {"index": None, "queries": 1, "filtered_afterwards": False},
        ),
        (
            {"filters": {"device": "tv", "plays.gte": 2}, "order_by": "-plays"},
            "QUERY by_device KEY device = %s AND plays >= %s FILTER size = %s",
            3,
            {"index": "by_device", "ascending": False, "items_by_key": False},
        ),
        (
            {"filters": {"genre.in": ["a", "b"]}},
            "QUERY by_genre KEY genre = %s",
            2,
            {"queries": 2, "items_by_key": True},
        ),
        (
            {"filters": {"pk.in": [f"a~{n}" for n in range(100)]}},
            "GET play KEY listener = %s AND moment = %s",
            200,
            {"keys": 100},
        ),
        (
            {"_action": "get", "_id": "a~1"},
            "GET play KEY listener = %s AND moment = %s",
            2,
            {"keys": 1},
        ),
    ],
    ids=["table", "index", "several", "keys", "get"],
)
def test_requests_are_shown_without_values(
    api: Client, query: Any, text: str, parameters: int, said: dict[str, Any]
) -> None:
    status, found = explained(api, **query)

    assert 200 == status, found
    [statement] = found["plan"]["statements"]
    assert ("DynamoDB", "rows") == (found["plan"]["database"], statement["reads"])
    assert (text, parameters) == (statement["sql"], statement["parameters"])
    assert said.items() <= statement["database"].items()


def test_a_count_is_a_request_of_its_own(api: Client) -> None:
    _, found = explained(api, filters={"listener": "a"}, count=True)

    assert ["rows", "count"] == [one["reads"] for one in found["plan"]["statements"]]


def test_what_finds_nothing_sends_nothing(api: Client) -> None:
    _, found = explained(api, filters={"listener": "a", "moment.gt": 2, "moment.lt": 1})

    assert [None] == [one["sql"] for one in found["plan"]["statements"]]


def test_what_is_refused_is_refused_when_it_is_explained(api: Client) -> None:
    status, found = explained(api, filters={"title": "a"})
    assert (400, "query.unsupported") == (status, found["code"])
    assert 401 == explained(api, "account", filters={"owner": "a"})[0]


def test_a_read_is_measured(api: Client) -> None:
    Play.objects.create(listener="a", moment=1, size=7)
    Play.objects.create(listener="a", moment=2)
    _, found = explained(api, filters={"listener": "a"}, explain="analyze")

    assert 1 == found["plan"]["cost"]["rows"]

"""What an item of a page costs in calls, from the answer of DynamoDB to the bytes of the reply."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.test import Client

from django_flex.backends.dynamodb import DynamoBackend
from django_flex.dynamodb.core.encoding import decoded, encoded
from django_flex.dynamodb.transport import override_transport
from django_flex.dynamodb.wire.clients import Response
from tests import counting
from tests.doors.fronts import FLEX_MIDDLEWARE, MIDDLEWARE
from tests.dynamodb.backend.conftest import EXPOSE

#: Python and C calls for each further item. Lower it after making pages faster.
CALLS = 18.5
FEW, MANY = 20, 200


class Pages:
    """Answers each query with as many items as it asks for, as a server would: in bytes."""

    def __init__(self) -> None:
        self.texts: dict[int, bytes] = {}

    def call(self, _operation: str, parameters: Mapping[str, Any]) -> Response:
        number = parameters["Limit"]
        if number not in self.texts:
            items = [
                {"listener": {"S": "ada"}, "moment": {"N": str(n)}, "plays": {"N": str(n * 7)}}
                for n in range(number)
            ]
            page = {"Items": items, "Count": number, "ScannedCount": number}
            self.texts[number] = encoded(page).encode()
        found: Response = decoded(self.texts[number])
        return found


def test_an_item_takes_no_more_calls(backend: DynamoBackend, settings: Any) -> None:
    settings.MIDDLEWARE = [*MIDDLEWARE, FLEX_MIDDLEWARE]
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": EXPOSE, "MAX_LIMIT": MANY}
    asked = {"fields": "listener, moment, plays", "filters": {"listener": "ada"}, "shape": "list"}
    client = Client()

    def ask(limit: int) -> None:
        query = {"_action": "list", **asked, "limit": limit}
        response = client.post("/api/play/", query, content_type="application/json")
        assert limit == len(response.json()["results"]), response.content

    with override_transport(Pages()):
        for limit in (FEW, MANY, FEW, MANY):
            ask(limit)
        few, many = (counting.calls(partial(ask, limit)) for limit in (FEW, MANY))
    each = (many - few) / (MANY - FEW)

    assert each <= CALLS, (
        f"{each:.1f} calls for each item, at most {CALLS} are allowed: find what is done for each that "
        "could be done once (cProfile)"
    )

"""Generated requests over lists, aggregates, searches, cursors: never a fault, never a secret."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.random_search import same, some
from tests.security.conftest import granted
from tests.security.generated.clause_requests import beside
from tests.security.generated.requests import encoded
from tests.security.generated.test_generated_requests import EXPOSE, Sent, assert_ours, send

OPERATIONS = ["get", "list", "aggregate"]
OPENED: dict[str, Any] = {
    **EXPOSE,
    "booking": {
        "anon": {
            **EXPOSE["booking"]["anon"],
            "fields": [*EXPOSE["booking"]["anon"]["fields"], "lines.product"],
            "ops": OPERATIONS,
            "aggregates": ["count", "id.count", "price.*", "status.*", "lines.count"],
            "search": ["status", "customer.name", "internal_notes"],
            "exclude": ["internal_notes"],
        }
    },
    "customer": {
        "anon": {**EXPOSE["customer"]["anon"], "ops": OPERATIONS, "aggregates": ["*"]},
    },
    "tag": granted(ops=OPERATIONS, aggregates=["*"]),
}
REFUSED = {400, 403, 404, 405}


@pytest.fixture
def world(secrets: None, settings: Any) -> None:
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": OPENED}


def sent(query: Any) -> Sent:
    """Return a request for rows, or for an aggregate of them."""
    url = "booking/query"
    if isinstance(query, dict) and query.get("_action") == "aggregate":
        query = {key: value for key, value in query.items() if key != "_action"}
        url = "booking/aggregate"
    return Sent(method="POST", url=url, body=encoded(query))


@pytest.mark.exhaustive
@pytest.mark.usefixtures("world")
@settings(max_examples=some(800))
@given(query=beside)
def test_any_clause_is_answered_in_our_form(query):
    request = sent(query)
    with CaptureQueriesContext(connection) as captured:
        response = send(request)
    assert_ours(response, request)
    if response.status_code in REFUSED:
        ran = [one["sql"] for one in captured.captured_queries if "testapp_" in one["sql"]]
        assert ran == []


@pytest.mark.usefixtures("world")
@settings(max_examples=some(200))
@given(query=beside, name=st.sampled_from(["ndjson", "csv", "json"]))
def test_any_stream_ends_without_a_fault(query, name):
    request = sent({**query, "format": name})
    response = send(request)
    content = response.getvalue()
    # A plan is refused to whoever is not signed in.
    visitors = {401} if query.get("explain") else set()
    assert response.status_code in {200, 400, 403, 404, 405} | visitors
    assert b"Traceback" not in content
    assert b"internal" not in content.replace(b"internal_notes", b"")
    assert response.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.exhaustive
@pytest.mark.usefixtures("world")
def test_enough_generated_clauses_are_valid():
    statuses = []

    @same(50)
    @given(query=beside)
    def ask(query: Any) -> None:
        statuses.append(send(sent(query)).status_code)

    ask()
    assert statuses.count(200) * 6 > len(statuses)

"""No oracle: lists inside rows, aggregates, counts, cursors, streams tell nothing of hidden data.

As with filters: each example asks, changes everything that the role may not see, and asks again.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.random_search import same, some
from tests.security.hidden import clauses, test_hidden_data
from tests.security.hidden.test_hidden_data import ROLES, change_hidden_data

world = test_hidden_data.world  # the fixture

QUESTIONS = {
    "lists": clauses.nested,
    "aggregates": clauses.aggregates.map(lambda query: ("booking", None, query)),
    "aggregates-of-related-rows": clauses.beside_rows.map(lambda query: ("booking", None, query)),
    "parts": clauses.parts.map(lambda query: ("booking", None, query)),
}
#: How many pages of a cursor are followed.
PAGES = 4


@pytest.fixture
def opened(world: Any, settings: Any) -> dict[str, Client]:
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": clauses.expose()}
    return dict(world)


def send(client: Client, model: str, pk: Any, query: dict[str, Any]) -> Any:
    body = dict(query)
    word = "aggregate" if body.pop("_action", None) == "aggregate" else "query"
    if pk is not None:
        body["_id"] = pk
    return client.post(f"/api/{model}/{word}", json.dumps(body), "application/json")


def replies(client: Client, question: Any) -> list[Any]:
    """Return all that a client learns: status, headers, bytes; of cursors that of some pages."""
    model, pk, query = question
    found: list[Any] = []
    in_lists = any("cursor" in entry for entry in query.get("related", {}).values())
    for _ in range(PAGES if in_lists or "cursor" in query else 1):
        response = send(client, model, pk, query)
        content = response.getvalue()
        following = None
        if (in_lists or "cursor" in query) and response.status_code == 200:
            body = json.loads(content)
            if in_lists:
                pk, following = _next_of_a_list(pk, query, body)
            else:
                following = body["pagination"].get("next")
            # By a column that is not shown, cursors of one place are told apart by their length at most.
            content = json.dumps(_without_cursors(body)).encode()
        headers = {name: value for name, value in response.headers.items() if name != "ETag"}
        headers["Link"] = str(len(headers.get("Link", "")))
        found.append((response.status_code, headers.get("Flex-Cost"), headers["Link"], content))
        if following is None:
            break
        query = following
    return found


def _next_of_a_list(
    pk: Any, query: dict[str, Any], body: dict[str, Any]
) -> tuple[Any, dict[str, Any] | None]:
    """Return the key of a row with the query for the next page of a list in it, if there is one."""
    rows = body["results"] if pk is None else {pk: body}
    for key, row in rows.items():
        for name, entry in query["related"].items():
            shown = row.get(name) if "cursor" in entry else None
            if shown is not None and "next" in shown["pagination"]:
                further = {**entry, **shown["pagination"]["next"]}
                return key, {"fields": query["fields"], "related": {name: further}}
    return pk, None


def _without_cursors(part: Any) -> Any:
    """Return a part of a body with the lengths of cursors in their places."""
    if isinstance(part, list):
        return [_without_cursors(one) for one in part]
    if not isinstance(part, dict):
        return part
    return {
        key: len(value) if key == "cursor" and isinstance(value, str) else _without_cursors(value)
        for key, value in part.items()
    }


@pytest.mark.parametrize("name", QUESTIONS)
@pytest.mark.parametrize("role", ROLES)
def test_reply_does_not_change_with_hidden_data(opened, role, name):
    client = opened[role]

    # A counterexample is one request; making it smaller would take minutes.
    @settings(max_examples=some(25), phases=[Phase.generate])
    @given(batch=st.lists(QUESTIONS[name], min_size=10, max_size=10))
    def check(batch: list[Any]) -> None:
        before = [replies(client, question) for question in batch]
        with transaction.atomic():
            change_hidden_data(role)
            after = [replies(client, question) for question in batch]
            transaction.set_rollback(True)
        for question, first, second in zip(batch, before, after, strict=True):
            assert first == second, question
            assert first[0][0] in {200, 400, 403, 404}

    check()


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", QUESTIONS)
@pytest.mark.parametrize("role", ROLES)
def test_enough_of_the_questions_are_answered(opened, role, name):
    statuses = []

    @same(25)
    @given(question=QUESTIONS[name])
    def check(question: Any) -> None:
        statuses.append(send(opened[role], *question).status_code)

    check()
    assert statuses.count(200) * 6 > len(statuses)

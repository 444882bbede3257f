"""Replies against an evaluation of the same query in plain Python, over random grants and queries.

Each is the same, byte for byte, when it is asked for again, which uses the prepared read and the
cached statement, when nothing is kept, and the same from another backend, which keeps the rows in
memory.

2,000 cases with ``--exhaustive``; ``FLEX_CASES=20000 python -m pytest tests/differential`` is the
long run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from functools import cache, reduce
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings
from hypothesis import given, seed
from hypothesis import settings as examples
from hypothesis import strategies as st

from django_flex import FlexQuery
from django_flex.backends.registry import registered
from django_flex.conf import get_settings, loading
from django_flex.plan.json_values import encode
from tests.caching import uncached
from tests.differential import grants, naive, queries, world
from tests.differential.sight import Caller
from tests.memory.backend import MemoryBackend
from tests.memory.tables import copies
from tests.random_search import SEED, some

CASES = int(os.environ.get("FLEX_CASES", some(2_000)))
#: Cases of one set of grants.
EACH = 100
#: The first read is kept, the second makes a template of it, and the third uses that.
AGAIN = 2
DEFAULT_LIMIT = 6
#: The version of the API whose rules are conditions of the query language: no Q objects.
BY_DATA = "data"
LABELS = [f"testapp.{name}" for name in (*world.COLUMNS, "booking_tags")]
LIMITS = {
    "DEFAULT_LIMIT": DEFAULT_LIMIT,
    "MAX_JOINS": 100,
    "MAX_FIELDS": 500,
    "CHECK_STATEMENTS": True,
}


@pytest.fixture(scope="module")
def rows(django_db_setup: None, django_db_blocker: Any) -> Iterator[world.World]:
    """Rows that all cases share: they only read."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield world.create(seed=1)
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def memory(rows: world.World) -> MemoryBackend:
    """The same rows in memory."""
    return MemoryBackend(copies())


def ask(model: str, query: dict[str, Any], version: str | None = None) -> dict[str, Any]:
    result = FlexQuery(model, version=version).execute(query)
    return {**result.to_dict(), "_status": result.status_code}


def expected(caller: Caller, model: str, query: dict[str, Any]) -> dict[str, Any]:
    answer = naive.answer(caller, model, query, DEFAULT_LIMIT)
    if answer is None:
        return {"_status": 404, "error": "Object not found", "code": "object.not_found"}
    return {**answer, "_status": 200}


def sorted_by_keys(query: dict[str, Any], *replies: dict[str, Any]) -> list[list[Any]]:
    """Return groups in one order, whatever order they came in."""
    paths = [(term.partition(":")[0]).split(".") for term in query["group_by"].split(", ")]

    def keys(group: Any) -> str:
        return repr([reduce(lambda place, name: place[name], path, group) for path in paths])

    return [sorted(reply["results"], key=keys) for reply in replies]


def in_memory(memory: MemoryBackend) -> loading.Configuration:
    """Return the configuration that holds, with one version that reads from memory.

    It lasts for all cases: each may use what others have left in its caches.
    """
    with registered(memory, *LABELS):
        other = get_settings(BY_DATA)
    found = loading.configuration()
    return replace(found, versions={**found.versions, BY_DATA: other})


def check(caller: Caller, model: str, query: dict[str, Any]) -> None:
    """Compare a reply with what it has to be, and its ``next`` with the page behind it."""
    reply = ask(model, query)
    with uncached():
        assert encode(ask(model, query)) == encode(reply), (model, query)
    for _ in range(AGAIN):
        assert encode(ask(model, query)) == encode(reply), (model, query)
    other = ask(model, query, version=BY_DATA)
    following = reply.get("pagination", {}).pop("next", None)
    assert following == other.get("pagination", {}).pop("next", None), (model, query)
    wanted = expected(caller, model, query)
    if "group_by" in query and "order_by" not in query:
        replies = (reply, other, wanted)
        for one, results in zip(replies, sorted_by_keys(query, *replies), strict=True):
            one["results"] = results
    assert wanted == reply, (model, query)
    assert wanted == other, (model, query)
    assert (following is not None) == wanted.get("pagination", {}).get("has_more", False)
    if following is not None:
        limit = wanted["pagination"]["limit"]
        assert following["offset"] == query.get("offset", 0) + limit
        moved = {**query, "offset": following["offset"]}
        assert expected(caller, model, moved) == expected(caller, model, following)


@pytest.mark.exhaustive
@pytest.mark.django_db
@pytest.mark.parametrize("number", range(max(1, CASES // EACH)))
def test_replies_are_those_of_a_naive_evaluation(
    rows: world.World, memory: MemoryBackend, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = SEED * 1_000 + number
    given_out = grants.make(chosen)
    caller = Caller(rows, given_out.expose, given_out.rules)
    cases = st.one_of(
        queries.listings(caller, given_out.roots),
        queries.listings(caller, given_out.roots),
        queries.groupings(caller, given_out.roots),
    )

    @seed(chosen)
    @examples(max_examples=EACH)
    @given(case=cases)
    def compare(case: tuple[str, dict[str, Any]]) -> None:
        check(caller, *case)

    by_data = {"path": "/data/", "EXPOSE": given_out.by_data()}
    flex = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": given_out.expose, **LIMITS}
    flex["VERSIONS"] = {BY_DATA: by_data}
    with override_settings(DJANGO_FLEX=flex), monkeypatch.context() as patched:
        found = in_memory(memory)
        patched.setattr(loading, "configuration", cache(lambda: found))
        compare()

"""A matrix tells no less than the API allows: what requests touch is in it, whatever they ask."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import override_settings
from hypothesis import given, seed
from hypothesis import settings as examples
from hypothesis import strategies as st

from django_flex import FlexQuery
from django_flex.conf import get_settings
from django_flex.matrix import make_matrix
from tests.differential import grants, queries, world
from tests.differential.sight import Caller
from tests.differential.test_differential import rows
from tests.matrix.reaching import Touched, recorded, unlisted
from tests.random_search import SEED, some

__all__ = ["rows"]
SETS = some(60)
#: Requests under one set of grants.
EACH = 25


@pytest.mark.exhaustive
@pytest.mark.django_db
@pytest.mark.parametrize("number", range(SETS))
def test_what_random_requests_touch_is_in_the_matrix(
    rows: world.World, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_out = grants.make(SEED * 1_000 + number)
    caller = Caller(rows, given_out.expose, given_out.rules)
    cases = st.one_of(
        queries.listings(caller, given_out.roots), queries.groupings(caller, given_out.roots)
    )
    everything: set[Touched] = set()

    @seed(number)
    @examples(max_examples=EACH)
    @given(case=cases)
    def ask(case: tuple[str, dict[str, Any]]) -> None:
        with recorded(monkeypatch) as found:
            result = FlexQuery(case[0]).execute(case[1])
        if result.ok:
            everything.update(found)

    flex = {
        "REQUIRE_AUTHENTICATION": False,
        "EXPOSE": given_out.expose,
        "MAX_JOINS": 100,
        "MAX_FIELDS": 500,
    }
    with override_settings(DJANGO_FLEX=flex):
        ask()
        settings = get_settings()
        matrix = make_matrix(settings.policy, settings.limits, roles=["anon"])

    assert unlisted(everything, matrix, "anon") == []
    assert len(everything) > 20


@pytest.mark.django_db
def test_a_list_in_a_list_of_a_model_without_an_entry_is_listed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    grant = {"fields": ["id", "day", "tags.slug"], "ops": ["list"], "filters": ["day.*"]}
    flex = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": {"booking": {"anon": grant}}}
    there = {"fields": "day", "filters": {"day.gte": "2025-01-01"}}
    asked = {"fields": "id", "related": {"tags": {"related": {"bookings": there}}}}
    with override_settings(DJANGO_FLEX=flex), recorded(monkeypatch) as found:
        result = FlexQuery("booking").execute(asked)
        settings = get_settings()
        matrix = make_matrix(settings.policy, settings.limits, roles=["anon"])

    assert result.ok
    assert {one.clause for one in found if one.ways == ("tags", "bookings")} == {"field", "filter"}
    assert unlisted(found, matrix, "anon") == []
    lists = [o for o in matrix.models["booking"]["anon"].openings if o.clause == "list"]
    assert [(one.path, one.inside, one.values) for one in lists] == [
        ("bookings", "tags.", ("booking",))
    ]


def test_what_is_not_listed_is_found() -> None:
    expose = {"booking": {"anon": {"fields": ["status"], "filters": ["status"], "ops": ["list"]}}}
    with override_settings(DJANGO_FLEX={"EXPOSE": expose}):
        settings = get_settings()
        matrix = make_matrix(settings.policy, settings.limits)
    listed = Touched("filter", "status", "exact", "booking")
    others = {
        Touched("filter", "status", "in", "booking"),
        Touched("order", "status", "ascending", "booking"),
        Touched("field", "price", "", "booking"),
    }

    assert set(unlisted({listed, *others}, matrix, "anon")) == others

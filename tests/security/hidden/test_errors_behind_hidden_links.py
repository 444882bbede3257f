"""A condition that may fail is not evaluated for rows that only a hidden link leads to."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.db.models import FloatField, Value
from django.db.models.functions import Cast, Length, Ln
from django.test.utils import CaptureQueriesContext

from django_flex import FlexQuery
from tests.clubs.models import Club, Membership, Person

pytestmark = pytest.mark.django_db

OPEN = {"fields": ["*"], "filters": ["*"], "aggregates": ["*"], "ops": ["list", "aggregate"]}
#: Of a person without a name the first divides by zero, the second has no value, or is an error.
COMPUTED = {
    "inverse": Value(1) / Length("name"),
    "logarithm": Ln(Cast(Length("name"), FloatField())),
}
EXPOSE = {
    "club": {"anon": {**OPEN, "rows": "*"}},
    "person": {"anon": {**OPEN, "rows": "*"}, "computed": COMPUTED},
    "membership": {"anon": {**OPEN, "rows": {"secret": False}}},
}
#: No visible member has a value as large as is asked for, so the search ends at the last row only.
QUANTIFIERS = ("some", "none", "every")


@pytest.fixture(autouse=True)
def members(configure: Any) -> None:
    """A club with a visible member, and one whose membership is secret."""
    configure(EXPOSE, MAX_RELATION_DEPTH=4)
    Club.objects.create(pk=1, name="chess")
    for key, name in enumerate(("Ann", "Bob"), start=1):
        person = Person.objects.create(pk=key, name=name)
        Membership.objects.create(club_id=1, person=person, sponsor_id=1, secret=name == "Bob")


@pytest.mark.parametrize("quantifier", QUANTIFIERS)
@pytest.mark.parametrize("column", COMPUTED)
def test_a_reply_is_the_same_whatever_the_value_of_a_row_behind_a_hidden_link(
    quantifier: str, column: str
) -> None:
    replies = []
    for name in ("Bob", ""):
        Person.objects.filter(pk=2).update(name=name)
        filters = {f"members.{quantifier}": {f"{column}.gt": 1000}}
        result = FlexQuery("club").execute({"fields": "id", "filters": filters})
        replies.append((result.status_code, result.to_dict()))

    assert 200 == replies[0][0]
    assert replies[0] == replies[1]


@pytest.mark.parametrize("quantifier", QUANTIFIERS)
def test_the_rule_of_the_links_is_stated_before_the_condition(quantifier: str) -> None:
    filters = {f"members.{quantifier}": {"inverse.gt": 1000}}
    with CaptureQueriesContext(connection) as captured:
        FlexQuery("club").execute({"fields": "id", "filters": filters})

    guarded = captured[0]["sql"].partition("CASE WHEN")[2]
    assert "secret" in guarded

"""A hidden row of a ``through`` model is no link: in no clause, from neither side."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from django.test import Client
from rest_framework.serializers import ModelSerializer

from tests.clubs.models import Club, Friendship, Guild, Membership, Person
from tests.security.conftest import Ask

ANN, BOB, CAT = 1, 2, 3
CHESS, DANCE = 1, 2
OPERATIONS = ["get", "list", "aggregate", "add", "edit"]
OPEN = {
    "fields": ["*"],
    "filters": ["*"],
    "order_by": ["*"],
    "aggregates": ["*"],
    "ops": OPERATIONS,
}


def expose(links: Any = None, friends: Any = None, **entries: Any) -> dict[str, Any]:
    """Return ``EXPOSE`` with rules for the rows of the links."""
    found: dict[str, Any] = {
        "club": {"anon": {**OPEN, "search": ["members.name"]}},
        "person": {"anon": {**OPEN, "search": ["clubs.name"]}},
        "guild": {"anon": OPEN},
        "membership": {"anon": links or {**OPEN, "rows": {"secret": False}}},
        "friendship": {"anon": friends or {**OPEN, "rows": {"secret": False}}},
    }
    return {**found, **entries}


@pytest.fixture(autouse=True)
def clubs(db: None) -> None:
    """Ann is in both clubs, and in the chess club twice; of Bob's and Cat's links some are secret."""
    Person.objects.bulk_create(
        Person(id=key, name=name) for key, name in ((ANN, "Ann"), (BOB, "Bob"), (CAT, "Cat"))
    )
    Club.objects.bulk_create(Club(id=key, name=name) for key, name in ((1, "chess"), (2, "dance")))
    Membership.objects.bulk_create(
        Membership(club_id=club, person_id=person, sponsor_id=CAT, secret=secret)
        for club, person, secret in (
            (CHESS, ANN, False),
            (CHESS, ANN, True),
            (CHESS, BOB, True),
            (DANCE, ANN, False),
            (DANCE, BOB, False),
            (DANCE, CAT, True),
        )
    )
    Friendship.objects.bulk_create(
        Friendship(from_person_id=one, to_person_id=other, secret=secret)
        for one, other, secret in ((ANN, BOB, True), (BOB, ANN, True), (ANN, CAT, False))
    )


#: A model, a query, and what it gives.
CLAUSES: dict[str, tuple[str, dict[str, Any], Any]] = {
    "list": (
        "club",
        {"fields": "id, members.name", "filters": {"id": CHESS}},
        {"1": {"id": 1, "members": [{"name": "Ann"}]}},
    ),
    "lists-of-several-rows": (
        "club",
        {"fields": "members.name", "related": {"members": {"order_by": "name"}}},
        {
            "1": {"members": [{"name": "Ann"}]},
            "2": {"members": [{"name": "Ann"}, {"name": "Bob"}]},
        },
    ),
    "keys": ("club", {"fields": "members", "filters": {"id": CHESS}}, {"1": {"members": [1]}}),
    "other-side": (
        "person",
        {"fields": "clubs.name", "related": {"clubs": {"order_by": "name"}}},
        {
            "1": {"clubs": [{"name": "chess"}, {"name": "dance"}]},
            "2": {"clubs": [{"name": "dance"}]},
            "3": {"clubs": []},
        },
    ),
    "page-of-a-list": (
        "club",
        {
            "fields": "id",
            "filters": {"id": CHESS},
            "related": {"members": {"fields": "name", "limit": 1, "offset": 1}},
        },
        {"1": {"id": 1, "members": []}},
    ),
    "list-in-a-list": (
        "person",
        {"fields": "clubs.members.name", "filters": {"id": ANN}},
        {
            "1": {
                "clubs": [
                    {"members": [{"name": "Ann"}]},
                    {"members": [{"name": "Ann"}, {"name": "Bob"}]},
                ]
            }
        },
    ),
    "count": (
        "club",
        {"fields": "n:members.count"},
        {"1": {"n": 1}, "2": {"n": 2}},
    ),
    "count-from-the-other-side": (
        "person",
        {"fields": "n:clubs.count"},
        {"1": {"n": 2}, "2": {"n": 1}, "3": {"n": 0}},
    ),
    "greatest": ("club", {"fields": "m:members.name.max"}, {"1": {"m": "Ann"}, "2": {"m": "Bob"}}),
    "filter": ("club", {"fields": "id", "filters": {"members.name": "Bob"}}, {"2": {"id": 2}}),
    "filter-from-the-other-side": (
        "person",
        {"fields": "id", "filters": {"clubs.name": "chess"}},
        {"1": {"id": 1}},
    ),
    "two-conditions": (
        "club",
        {"fields": "id", "filters": {"members.some": {"name": "Bob", "id": BOB}}},
        {"2": {"id": 2}},
    ),
    "none": (
        "club",
        {"fields": "id", "filters": {"members.none": {"name": "Bob"}}},
        {"1": {"id": 1}},
    ),
    "every": (
        "club",
        {"fields": "id", "filters": {"members.every": {"name": "Ann"}}},
        {"1": {"id": 1}},
    ),
    "nobody": (
        "person",
        {"fields": "id", "filters": {"clubs.isnull": True}},
        {"3": {"id": 3}},
    ),
    "count-as-filter": (
        "club",
        {"fields": "id", "filters": {"members.count.gte": 2}},
        {"2": {"id": 2}},
    ),
    "nested-filter": (
        "club",
        {"fields": "id", "filters": {"members.clubs.name": "chess"}},
        {"1": {"id": 1}, "2": {"id": 2}},
    ),
    "search": ("club", {"fields": "id", "search": "Cat"}, {}),
    "search-from-the-other-side": ("person", {"fields": "id", "search": "chess"}, {"1": {"id": 1}}),
    "symmetrical": (
        "person",
        {"fields": "friends.name"},
        {
            "1": {"friends": [{"name": "Cat"}]},
            "2": {"friends": []},
            "3": {"friends": []},
        },
    ),
    "symmetrical-filter": (
        "person",
        {"fields": "id", "filters": {"friends.name": "Bob"}},
        {},
    ),
    "symmetrical-count": (
        "person",
        {"fields": "n:friends.count"},
        {"1": {"n": 1}, "2": {"n": 0}, "3": {"n": 0}},
    ),
}


@pytest.mark.parametrize(
    ("model", "query", "expected"), [pytest.param(*case, id=name) for name, case in CLAUSES.items()]
)
def test_hidden_link_counts_in_no_clause(
    ask: Ask, model: str, query: Mapping[str, Any], expected: Any
) -> None:
    # Twice, since the second time the statement is a kept one.
    for _ in range(2):
        answer = ask(query, expose(), model=model)
        assert expected == answer.body["results"]
        lists = sum("." in part and ":" not in part for part in [query["fields"]])
        assert len(answer.statements) <= 2 + lists


def test_orders_go_by_the_links_that_are_seen(ask: Ask) -> None:
    Membership.objects.create(club_id=CHESS, person_id=CAT, secret=True)
    Membership.objects.create(club_id=CHESS, person_id=CAT, secret=True)
    answer = ask({"order_by": "-members.count"}, expose(), model="club")
    assert [DANCE, CHESS] == answer.ids


def test_totals_over_links_are_of_those_that_are_seen(ask: Ask) -> None:
    for model, relation in (("club", "members"), ("person", "clubs")):
        query = {"_action": "aggregate", "aggregate": f"n:{relation}.count"}
        assert {"n": 3} == ask(query, expose(), model=model).body["results"]


def test_cached_statement_applies_the_rule_of_each_caller(ask: Ask) -> None:
    query = {"fields": "n:members.count, members.name", "filters": {"members.id": BOB}}
    shown = {**OPEN, "rows": {"secret": True}}
    hidden = {**OPEN, "rows": {"secret": False}}
    for _ in range(2):
        answer = ask(query, expose(shown), model="club", CHECK_STATEMENTS=True)
        assert {"1": {"n": 2, "members": [{"name": "Ann"}, {"name": "Bob"}]}} == answer.body[
            "results"
        ]
        answer = ask(query, expose(hidden), model="club", CHECK_STATEMENTS=True)
        assert {"2": {"n": 2, "members": [{"name": "Ann"}, {"name": "Bob"}]}} == answer.body[
            "results"
        ]


@pytest.mark.parametrize(
    ("links", "seen"),
    [
        pytest.param(OPEN, [ANN, BOB], id="every-row"),
        pytest.param({**OPEN, "rows": lambda _user: {"no": "condition"}}, [], id="broken-rule"),
        pytest.param({**OPEN, "rows": {}}, [], id="no-row"),
        pytest.param(
            {**OPEN, "rows": {"sponsor.name": "Cat", "secret": True}}, [ANN, BOB], id="key"
        ),
    ],
)
def test_rows_of_the_entry_say_which_links_there_are(ask: Ask, links: Any, seen: list[int]) -> None:
    query = {"fields": "members", "related": {"members": {"order_by": "id"}}}
    answer = ask(query, expose(links), model="club", pk=CHESS)
    assert {"members": seen} == answer.body


@pytest.mark.parametrize(
    ("model", "query", "expected"),
    [
        pytest.param(
            "person",
            {"fields": "n:clubs.count, clubs.name", "filters": {"id": ANN}},
            {"1": {"n": 2, "clubs": [{"name": "chess"}, {"name": "dance"}]}},
            id="other-side",
        ),
        pytest.param(
            "person",
            {"fields": "n:friends.count, friends.name", "filters": {"id": ANN}},
            {"1": {"n": 2, "friends": [{"name": "Bob"}, {"name": "Cat"}]}},
            id="symmetrical",
        ),
    ],
)
def test_row_that_is_linked_several_times_is_in_a_list_once(
    ask: Ask, model: str, query: Mapping[str, Any], expected: Any
) -> None:
    Friendship.objects.create(from_person_id=ANN, to_person_id=CAT)
    for _ in range(2):
        answer = ask(query, expose(OPEN, OPEN), model=model)
        assert expected == answer.body["results"]
        assert len(answer.statements) == 2


def test_without_an_entry_or_a_role_every_link_counts(ask: Ask) -> None:
    everywhere = expose()
    del everywhere["membership"]
    for found in (everywhere, expose(membership={"staff": {**OPEN, "rows": {}}})):
        query = {"fields": "n:members.count"}
        assert {"n": 2} == ask(query, found, model="club", pk=CHESS).body


def test_empty_grant_on_the_links_shows_none(ask: Ask) -> None:
    found = expose(membership={"anon": {}})
    assert {"n": 0} == ask({"fields": "n:members.count"}, found, model="club", pk=CHESS).body
    assert {"members": []} == ask({"fields": "members.name"}, found, model="club", pk=CHESS).body


def test_links_of_an_inherited_relation_are_hidden_too(ask: Ask) -> None:
    Guild.objects.create(id=7, name="bakers")
    Membership.objects.create(club_id=7, person_id=CAT, secret=True)
    Membership.objects.create(club_id=7, person_id=BOB)
    query = {"fields": "n:members.count, members.name"}
    answer = ask(query, expose(), model="guild", pk=7)
    assert {"n": 1, "members": [{"name": "Bob"}]} == answer.body


def test_rows_of_links_that_django_makes_itself_hold_where_they_have_an_entry(ask: Ask) -> None:
    Club.objects.get(pk=CHESS).fans.set([ANN, BOB])
    entry = {"anon": {**OPEN, "rows": {"person": ANN}}}
    found = {**expose(), "clubs.club_fans": entry}
    query = {"fields": "n:fans.count, fans.name"}
    answer = ask(query, found, model="club", pk=CHESS)
    assert {"n": 1, "fans": [{"name": "Ann"}]} == answer.body


@pytest.mark.parametrize(
    ("entries", "values"),
    [
        pytest.param({}, {"members": [CAT]}, id="model-in-between"),
        pytest.param({}, {"members": {"$remove": [BOB]}}, id="removal"),
        pytest.param(
            {"clubs.club_fans": {"anon": {**OPEN, "rows": {"person": ANN}}}},
            {"fans": [CAT]},
            id="rule-on-links-of-django",
        ),
    ],
)
def test_links_with_rules_of_their_own_are_not_written_as_lists(
    ask: Ask, client: Client, entries: dict[str, Any], values: dict[str, Any]
) -> None:
    Club.objects.get(pk=CHESS).fans.set([ANN, BOB])
    before = [*Membership.objects.values_list("id", flat=True)], Club.fans.through.objects.count()
    ask({"fields": "id"}, {**expose(), **entries}, model="club")
    answer = client.patch("/api/club/1", json.dumps(values), content_type="application/json")
    assert answer.status_code == 400
    assert "has an explicit through model" in answer.json()["error"]
    after = [*Membership.objects.values_list("id", flat=True)], Club.fans.through.objects.count()
    assert before == after


class ClubSerializer(ModelSerializer[Club]):
    class Meta:
        model = Club
        fields = ("name", "fans")


def test_serializer_removes_no_link_to_a_hidden_row(ask: Ask, client: Client) -> None:
    Club.objects.get(pk=CHESS).fans.set([ANN, BOB])
    found = expose(person={"anon": {**OPEN, "rows": {"name.ne": "Bob"}}})
    found["club"]["serializer_class"] = ClubSerializer
    ask({"fields": "id"}, found, model="club")
    body = {"name": "go", "fans": [CAT]}
    answer = client.patch("/api/club/1", json.dumps(body), content_type="application/json")
    assert answer.status_code == 200, answer.content
    linked = Club.fans.through.objects.filter(club=CHESS).order_by("person")
    assert [BOB, CAT] == [*linked.values_list("person", flat=True)]
    assert "go" == Club.objects.get(pk=CHESS).name

"""Answers are remembered by grant: they end with it, and they are few."""

from __future__ import annotations

import gc

import pytest
from django.db.models import Q

from django_flex import FlexQuery
from django_flex.analysis.read import fields
from django_flex.binding.grant_cache import MOST, GrantCache
from django_flex.policy.model import Grant
from tests.doors.fronts import grant
from tests.testapp.models import Booking, Line


def test_an_answer_is_cached_for_its_grant_only():
    memory: GrantCache[str] = GrantCache()
    one, other = Grant(role="one"), Grant(role="other")
    memory.put(one, "path", "answer")

    assert memory.get(one, "path") == "answer"
    assert memory.get(other, "path") is None
    assert memory.get(one, "another") is None


@pytest.mark.exhaustive
def test_answers_end_with_their_grant():
    memory: GrantCache[str] = GrantCache()
    memory.put(Grant(role="gone"), "path", "answer")
    gc.collect()

    assert len(memory._answers) == 0


def test_answers_of_one_grant_are_bounded():
    memory: GrantCache[int] = GrantCache()
    one = Grant(role="one")
    for number in range(MOST * 3):
        memory.put(one, number, number)

    assert len(memory._answers[one]) <= MOST
    assert memory.get(one, MOST * 3 - 1) == MOST * 3 - 1


def test_another_grant_on_the_same_model_is_asked_anew(bookings, configure):
    query = {"_action": "list", "fields": "id", "filters": {"seats.gte": 1}, "order_by": "-seats"}
    configure(EXPOSE=grant())
    for _ in range(2):
        assert FlexQuery("booking").execute(query).status_code == 200

    configure(EXPOSE=grant(filters=["id"]))
    assert FlexQuery("booking").execute(query).to_dict()["code"] == "filter.denied"
    configure(EXPOSE=grant(order_by=["seats"]))
    assert FlexQuery("booking").execute(query).to_dict()["code"] == "order.denied"
    assert FlexQuery("booking").execute({**query, "order_by": "seats"}).status_code == 200


def test_joins_of_other_clauses_are_not_cached_with_the_fields(bookings, configure):
    opened = grant(ops=["list", "edit", "bulk_edit"])
    configure(EXPOSE=opened, MAX_JOINS=2)
    edit = {"_action": "bulk_edit", "filters": {"team.name": "no team"}, "_set": {"seats": 1}}
    two = {"_action": "list", "filters": {"customer.name": "x", "address.city": "y"}}

    assert 200 == FlexQuery("booking").execute({**edit, "_fields": "id"}).status_code
    assert 200 == FlexQuery("booking").execute({**two, "fields": "id"}).status_code


def test_joins_of_cached_fields_count_with_those_of_other_clauses(bookings, configure):
    opened = grant(ops=["list", "edit", "bulk_edit"])
    configure(EXPOSE=opened, MAX_JOINS=1)
    fields = "id, customer.name"
    edit = {"_action": "bulk_edit", "filters": {"team.name": "no team"}, "_set": {"seats": 1}}

    assert 200 == FlexQuery("booking").execute({"_action": "list", "fields": fields}).status_code
    result = FlexQuery("booking").execute({**edit, "_fields": fields})
    assert (400, "Too many relations in one query") == (
        result.status_code,
        result.to_dict()["error"],
    )


LISTS = {"_action": "list", "fields": "id", "order_by": "id"}


@pytest.fixture
def authorized(monkeypatch):
    """Collect the nested lists of each selection that is authorized anew."""
    found = []
    original = fields._authorize_terms

    def noted(terms, access, related, *others):
        found.append(related)
        return original(terms, access, related, *others)

    monkeypatch.setattr(fields, "_authorize_terms", noted)
    return found


@pytest.mark.parametrize(
    ("related", "again"),
    [
        ({"lines": {"fields": "product", "limit": 2}}, 0),
        ({"lines": {"limit": 1, "offset": 1}}, 0),
        ({"lines": {"fields": "product", "filters": {"product": "x"}}}, 2),
        ({"lines": {"fields": "product", "order_by": "product"}}, 2),
    ],
)
def test_plain_lists_are_authorized_once(bookings, configure, authorized, related, again):
    configure(EXPOSE={**grant(), "line": {"anon": grant()["booking"]["anon"]}})
    query = {**LISTS, "related": related}
    replies = [FlexQuery("booking").execute(query).to_dict()["results"]]
    authorized.clear()
    replies += [FlexQuery("booking").execute(query).to_dict()["results"] for _ in range(2)]

    assert replies[0] == replies[1] == replies[2]
    # A list inside the selection is authorized by itself.
    assert len([one for one in authorized if one]) == again


def test_limits_of_a_list_are_those_of_the_request(bookings, configure):
    configure(EXPOSE={**grant(), "line": {"anon": grant()["booking"]["anon"]}})
    most = [
        max(
            len(row["lines"])
            for row in FlexQuery("booking")
            .execute({**LISTS, "related": {"lines": {"limit": limit}}})
            .to_dict()["results"]
            .values()
        )
        for limit in (1, 2, 1, 50)
    ]

    assert most[0] == most[2] == 1
    assert most[1] == 2 <= most[3]


def test_lists_with_a_rule_are_those_of_each_caller(bookings, configure, django_user_model):
    users = [django_user_model.objects.create(username=f"user-{n}") for n in range(2)]
    booking = Booking.objects.earliest("pk")
    for user in users:
        Line.objects.create(booking=booking, product=user.username, quantity=1)
    opened = grant(role="authenticated")["booking"]["authenticated"]
    mine = {**opened, "rows": lambda user: Q(product=user.username)}
    configure(EXPOSE={"booking": {"authenticated": opened}, "line": {"authenticated": mine}})
    query = {**LISTS, "filters": {"id": booking.pk}, "related": {"lines": {"fields": "product"}}}
    for user in (*users, *users):
        reply = FlexQuery("booking").execute(query, user=user).to_dict()
        assert [{"product": user.username}] == reply["results"][str(booking.pk)]["lines"]

    # A rule that comes later holds for a selection that was cached before it.
    configure(EXPOSE={"booking": {"authenticated": opened}, "line": {"authenticated": opened}})
    for _ in range(2):
        reply = FlexQuery("booking").execute(query, user=users[0]).to_dict()
        assert len(reply["results"][str(booking.pk)]["lines"]) >= 2
    configure(EXPOSE={"booking": {"authenticated": opened}, "line": {"authenticated": {}}})
    assert FlexQuery("booking").execute(query, user=users[0]).status_code == 403

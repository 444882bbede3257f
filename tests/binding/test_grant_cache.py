"""Answers are remembered by grant: they end with it, and they are few."""

from __future__ import annotations

import gc

from django_flex import FlexQuery
from django_flex.binding.grant_cache import MOST, GrantCache
from django_flex.policy.model import Grant
from tests.doors.fronts import grant


def test_an_answer_is_cached_for_its_grant_only():
    memory: GrantCache[str] = GrantCache()
    one, other = Grant(role="one"), Grant(role="other")
    memory.put(one, "path", "answer")

    assert memory.get(one, "path") == "answer"
    assert memory.get(other, "path") is None
    assert memory.get(one, "another") is None


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

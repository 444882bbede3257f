"""Answers are remembered by grant: they end with it, and they are few."""

from __future__ import annotations

import gc

from django_flex import FlexQuery
from django_flex.permissions.policy import Grant
from django_flex.permissions.remembering import MOST, Memory
from tests.doors.fronts import grant


def test_an_answer_is_kept_for_its_grant_only():
    memory: Memory[str] = Memory()
    one, other = Grant(role="one"), Grant(role="other")
    memory.keep(one, "path", "answer")

    assert memory.get(one, "path") == "answer"
    assert memory.get(other, "path") is None
    assert memory.get(one, "another") is None


def test_answers_end_with_their_grant():
    memory: Memory[str] = Memory()
    memory.keep(Grant(role="gone"), "path", "answer")
    gc.collect()

    assert len(memory._answers) == 0


def test_answers_of_one_grant_are_bounded():
    memory: Memory[int] = Memory()
    one = Grant(role="one")
    for number in range(MOST * 3):
        memory.keep(one, number, number)

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

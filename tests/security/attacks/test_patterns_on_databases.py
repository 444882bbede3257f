"""Regular expressions on the database at hand: refused ones cost nothing, others end in time."""

from __future__ import annotations

from typing import Any

import pytest

from tests.query.test_patterns import ACCEPTED, HUNG, REFUSED, TEXTS
from tests.security.conftest import Ask, granted
from tests.testapp.models import Booking, Customer

EXPOSE: dict[str, Any] = {"booking": granted()}


def create_texts(*texts: str) -> None:
    """Create a booking for each text."""
    customer = Customer.objects.create(name="x")
    for text in texts:
        Booking.objects.create(customer=customer, internal_notes=text)


@pytest.mark.parametrize("operator", ["regex", "iregex"])
@pytest.mark.parametrize("name", REFUSED)
def test_refused_pattern_runs_no_statement(ask: Ask, name: str, operator: str) -> None:
    answer = ask({"filters": {f"internal_notes.{operator}": REFUSED[name]}}, EXPOSE)
    assert answer.status == 400
    assert answer.body["code"] == "query.value"
    assert answer.body["path"] == f"filters.internal_notes.{operator}"
    assert answer.statements == []


@pytest.mark.one_in(4)
@pytest.mark.parametrize("name", ACCEPTED)
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.sampled("text", differs_by_database=True)
def test_accepted_pattern_is_answered_in_time(ask: Ask, name: str, text: str) -> None:
    create_texts(TEXTS[text])
    query = {"filters": {"internal_notes.regex": ACCEPTED[name]}, "fields": "id"}
    # A busy machine is no bad pattern: such a one would take longer than any limit.
    answer = ask(query, EXPOSE, READ_TIMEOUT=HUNG)
    # An engine may still have limits of its own: a 400 then, never an outage.
    assert answer.status in {200, 400}, answer.content


def test_pattern_that_only_the_database_refuses_is_a_400(ask: Ask) -> None:
    create_texts(*TEXTS.values())
    answer = ask({"filters": {"internal_notes.regex": "a{300}"}, "fields": "id"}, EXPOSE)
    assert answer.status in {200, 400}, answer.content

"""Regular expressions on the database at hand: refused ones cost nothing, others end in time."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.query.test_patterns import ACCEPTED, REFUSED, TEXTS
from tests.security.conftest import Ask, granted
from tests.testapp.models import Booking, Customer

EXPOSE: dict[str, Any] = {"booking": granted()}


@pytest.fixture
def texts(db: None) -> None:
    """A booking for each text that is hard on a backtracking engine."""
    customer = Customer.objects.create(name="x")
    for text in TEXTS.values():
        Booking.objects.create(customer=customer, internal_notes=text)


@pytest.mark.usefixtures("texts")
@pytest.mark.parametrize("operator", ["regex", "iregex"])
@pytest.mark.parametrize("name", REFUSED)
def test_refused_pattern_runs_no_statement(ask: Ask, name: str, operator: str) -> None:
    answer = ask({"filters": {f"internal_notes.{operator}": REFUSED[name]}}, EXPOSE)
    assert answer.status == 400
    assert answer.body["code"] == "query.value"
    assert answer.body["path"] == f"filters.internal_notes.{operator}"
    assert answer.statements == []


@pytest.mark.usefixtures("texts")
@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted_pattern_is_answered_in_time(ask: Ask, name: str) -> None:
    # Work, not waiting: SQLite runs patterns in this thread, and a busy machine is no bad pattern.
    started = time.thread_time()
    answer = ask({"filters": {"internal_notes.regex": ACCEPTED[name]}, "fields": "id"}, EXPOSE)
    # An engine may still have limits of its own: a 400 then, never an outage.
    assert answer.status in {200, 400}, answer.content
    assert time.thread_time() - started < 2 * len(TEXTS)


@pytest.mark.usefixtures("texts")
def test_pattern_that_only_the_database_refuses_is_a_400(ask: Ask) -> None:
    answer = ask({"filters": {"internal_notes.regex": "a{300}"}, "fields": "id"}, EXPOSE)
    assert answer.status in {200, 400}, answer.content

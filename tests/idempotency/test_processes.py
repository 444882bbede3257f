"""One key, many processes, some of which are killed: the row is there once."""

from __future__ import annotations

import pytest
from django.db import connection

from tests.idempotency.conftest import Count, Send

pytestmark = pytest.mark.exhaustive  # each starts processes


def test_forty_processes_with_one_key_write_once(any_send: Send, key: str, count: Count) -> None:
    outcomes = any_send(key=key, processes=40)

    statuses = [one["status"] for one in outcomes]
    assert 40 == len(statuses)
    assert {201} <= set(statuses) <= {201, 409}
    assert 1 == [one["replayed"] for one in outcomes if one["status"] == 201].count(None)
    assert 1 == len({one["body"] for one in outcomes if one["status"] == 201})
    assert 1 == count()


def test_a_repetition_from_another_process_is_answered_the_same(
    any_send: Send, key: str, count: Count
) -> None:
    [first] = any_send(key=key)
    [second] = any_send(key=key)

    assert {**first, "replayed": "true"} == second
    assert 201 == first["status"]
    assert 1 == count()


def test_another_body_is_refused_from_another_process(
    any_send: Send, key: str, count: Count
) -> None:
    any_send(key=key)
    [other] = any_send(key=key, name="Globex")

    assert 422 == other["status"]
    assert 0 == count(name="Globex")


def test_while_the_first_is_at_work_the_second_waits_or_is_told_to_come_back(
    any_send: Send, key: str, count: Count
) -> None:
    outcomes = any_send(key=key, processes=2, pause=2.5)

    statuses = sorted(one["status"] for one in outcomes)
    # Each write of SQLite waits for the one before, by a time limit of its own.
    assert statuses == [201, 409] or (connection.vendor == "sqlite" and statuses == [201, 201])
    assert 1 == count()


def test_a_process_killed_between_commit_and_reply_has_replied_to_the_retry(
    any_send: Send, key: str, count: Count
) -> None:
    any_send(key=key, die="before the reply")
    assert 1 == count()
    [retry] = any_send(key=key)

    assert (201, "true") == (retry["status"], retry["replayed"])
    assert 1 == count()


def test_a_process_killed_in_its_transaction_leaves_the_key_free(
    send: Send, key: str, count: Count
) -> None:
    send(key=key, die="inside")
    [retry] = send(key=key)

    assert (201, None) == (retry["status"], retry["replayed"])
    assert 1 == count()


def test_with_a_cache_a_killed_process_holds_the_key_until_its_marker_lapses(
    send_cached: Send, key: str, count: Count
) -> None:
    send_cached(key=key, die="inside")
    [retry] = send_cached(key=key)

    assert 409 == retry["status"]
    assert 0 == count()


def test_with_a_cache_a_reply_can_be_lost_after_the_commit_but_not_at_once_run_again(
    send_cached: Send, key: str, count: Count
) -> None:
    send_cached(key=key, die="after the commit")
    [retry] = send_cached(key=key)

    assert 409 == retry["status"]
    assert 1 == count()
